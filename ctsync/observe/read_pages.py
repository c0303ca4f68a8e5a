"""Reading profiles page by page: all who had an event in a range of days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from msgspec import Struct

from ctsync.errors import TransportError
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.profile_reply import (
    Found,
    Reading,
    is_in_progress,
    profile_of,
    reply_of,
)
from ctsync.observe.read_profiles import Reader, refused
from ctsync.transport.upload_result import CallEnding, UploadResult

BATCH_SIZE = 23 * 43  # a multiple of the 23 buckets of the platform's storage
ALL_READ = ""  # stands for a cursor where no page comes next

_REFUSED = "page_refused"
_FINAL = {CallEnding.REPLIED, CallEnding.REFUSED, CallEnding.MALFORMED}


class EventPages(Struct, frozen=True):
    """Whose profiles are read: all who had an event, on days as YYYYMMDD, both too."""

    event: str
    since: int
    until: int


class Page(Struct, frozen=True):
    """The profiles of one page, and the cursor of the next, or `ALL_READ`."""

    readings: tuple[Reading, ...]
    cursor: str


def read_pages(
    reader: Reader, wanted: EventPages, cursor: str | None = None
) -> Iterator[Page]:
    """Yield page after page, from `cursor` on; first one without profiles, if none.

    A cursor that the platform does not know any more is forgotten, and all is read
    again. Ends early once the reader is stopped.

    Raises:
        TransportError: the platform refuses, or gives no usable answer.
    """
    if cursor is None:
        yield from _begun(reader, wanted)
        return
    pages = _pages_from(reader, cursor)
    try:
        first = next(pages, None)
    except TransportError as error:
        if error.code != _REFUSED:
            raise
        yield from _begun(reader, wanted)
        return
    if first is not None:
        yield first
        yield from pages


def _begun(reader: Reader, wanted: EventPages) -> Iterator[Page]:
    days = (wanted.since, wanted.until)
    begin = partial(reader.reads.begin_pages, wanted.event, *days, BATCH_SIZE)
    reply = _asked(reader, begin)
    if reply is not None:
        cursor = _cursor_in(reply, "cursor")
        # Whoever keeps it now goes on from here if the command is interrupted.
        yield Page((), cursor)
        yield from _pages_from(reader, cursor)


def _pages_from(reader: Reader, cursor: str) -> Iterator[Page]:
    seen: set[str] = set()
    while cursor != ALL_READ and not reader.stopped():
        # A cursor that leads back would be followed for ever.
        if cursor in seen:
            raise _useless("the same cursor came twice")
        seen.add(cursor)
        reply = _asked(reader, partial(reader.reads.page, cursor))
        if reply is None:
            return
        records = reply.get("records")
        if not isinstance(records, list):
            raise _useless("a page has no records")
        found = (each for each in map(_keyed, records) if each is not None)
        cursor = _cursor_in(reply, "next_cursor")
        yield Page(tuple(found), cursor)


def _cursor_in(reply: dict[str, Any], name: str) -> str:
    cursor = reply.get(name)
    return cursor if isinstance(cursor, str) else ALL_READ


def _keyed(record: Any) -> Reading | None:
    profile = profile_of(record)
    if profile is None:
        return None
    if profile.identity is not None:
        key = ProfileKey("identity", profile.identity)
        return Reading(key, Found.FOUND, profile)
    if profile.object_ids:
        key = ProfileKey("objectId", profile.object_ids[0])
        return Reading(key, Found.FOUND, profile)
    return None


def _asked(reader: Reader, ask: Callable[[], UploadResult]) -> dict[str, Any] | None:
    """Return the reply; None where a signal ended the waiting for one."""
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
        if wait is None:
            code = _REFUSED if answer.happened in _FINAL else None
            raise _useless(answer.message, code)
        reader.tell(wait, answer.message)
        reader.rest(wait)
        if reader.stopped():
            return None


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


def _useless(why: str, code: str | None = None) -> TransportError:
    return TransportError(
        f"the platform gave no usable page: {why}",
        hint="see that the event's name is spelled as in the dashboard, and run the "
        "command again",
        code=code,
    )
