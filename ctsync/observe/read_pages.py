"""Reading profiles page by page: all who had an event in a range of days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ctsync.errors import TransportError
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.profile_reply import (
    Found,
    SeenProfile,
    is_in_progress,
    profile_of,
    reply_of,
)
from ctsync.observe.read_profiles import Reader, refused
from ctsync.transport.upload_result import CallEnding, UploadResult

BATCH_SIZE = 23 * 43  # a multiple of the 23 buckets of the platform's storage


def read_pages(
    reader: Reader, event: str, since: int, until: int
) -> Iterator[list[tuple[ProfileKey, SeenProfile]]]:
    """Yield the profiles of each page; days are YYYYMMDD, both included.

    Raises:
        TransportError: the platform refuses, or gives no usable answer.
    """
    reads = reader.reads
    begin = partial(reads.begin_pages, event, since, until, BATCH_SIZE)
    begun = _asked(reader, begin)
    cursor = begun.get("cursor")
    seen: set[str] = set()
    while isinstance(cursor, str) and cursor and not reader.stopped():
        if cursor in seen:
            raise _useless("the same cursor came twice")
        seen.add(cursor)
        page = _asked(reader, partial(reads.page, cursor))
        records = page.get("records")
        if not isinstance(records, list):
            raise _useless("a page has no records")
        yield [found for each in records if (found := _keyed(each)) is not None]
        cursor = page.get("next_cursor")


def _keyed(record: Any) -> tuple[ProfileKey, SeenProfile] | None:
    profile = profile_of(record)
    if profile is None:
        return None
    if profile.identity is not None:
        return ProfileKey("identity", profile.identity), profile
    if profile.object_ids:
        return ProfileKey("objectId", profile.object_ids[0]), profile
    return None


def _asked(reader: Reader, ask: Callable[[], UploadResult]) -> dict[str, Any]:
    tries: dict[object, int] = {}
    while True:
        answer = ask()
        reader.requests += 1
        found, reply = _judged(answer)
        if found is Found.FOUND and reply is not None:
            return reply
        if found is Found.UNAUTHORISED:
            raise refused(answer.message)
        wait = reader.wait_after(answer, found, tries)
        if wait is None or reader.stopped():
            raise _useless(answer.message)
        reader.rest(wait)


def _judged(answer: UploadResult) -> tuple[Found, dict[str, Any] | None]:
    if answer.happened is CallEnding.UNAUTHORISED:
        return Found.UNAUTHORISED, None
    reply = reply_of(answer) if answer.happened is CallEnding.REPLIED else None
    if reply is None:
        return Found.FAILED, None
    if is_in_progress(reply):
        return Found.IN_PROGRESS, None
    found = Found.FOUND if reply.get("status") == "success" else Found.FAILED
    return found, dict(reply)


def _useless(why: str) -> TransportError:
    return TransportError(
        f"the platform gave no usable page: {why}",
        hint="see that the event's name is spelled as in the dashboard, and run the "
        "command again",
    )
