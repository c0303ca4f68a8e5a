"""Pages of profiles by event: a cursor over 23 buckets.

Storage has 23 buckets, and a page takes as many profiles from each, so that its size
is a multiple of 23 however few were asked for (public docs, recordings). A cursor is
handed out percent-encoded; whoever encodes it once more has another cursor.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from urllib.parse import quote
from zlib import crc32

from msgspec import Struct

from ctsync.sandbox.keys import Json, SandboxKey

BUCKETS = 23
MOST_A_PAGE = 5000


class Cursor(Struct, frozen=True):
    """Where a reader is: in which list, how far, and with what page size."""

    event: str
    since: int
    until: int
    each: int
    page: int = 0

    def text(self) -> str:
        """Return the cursor as it is handed out."""
        words = [self.event, self.since, self.until, self.each, self.page]
        text = json.dumps(words).encode()
        # Like those in recordings it ends in "=", which has to be encoded, and once.
        text += b" " * (len(text) % 3 == 0)
        return quote(base64.b64encode(text).decode(), safe="")

    def following(self) -> "Cursor":
        """Return the cursor of the next page."""
        return Cursor(self.event, self.since, self.until, self.each, self.page + 1)


def begin(query: Json, batch_size: str) -> Cursor | None:
    """Return the first cursor for a query, or None where it is none."""
    if not isinstance(query, dict) or not batch_size.isdecimal():
        return None
    event, since, until = (query.get(name) for name in ("event_name", "from", "to"))
    if not (isinstance(event, str) and _is_day(since) and _is_day(until)):
        return None
    size = min(int(batch_size), MOST_A_PAGE)
    return Cursor(event, _number(since), _number(until), -(-size // BUCKETS) or 1)


def read_cursor(text: str) -> Cursor | None:
    """Return the cursor that a text is, or None."""
    try:
        event, since, until, each, page = json.loads(base64.b64decode(text))
        return Cursor(str(event), int(since), int(until), int(each), int(page))
    except (ValueError, TypeError, binascii.Error):
        return None


def page_of(
    keys: Iterable[SandboxKey], cursor: Cursor
) -> tuple[list[SandboxKey], bool]:
    """Return the keys of a page, and whether another follows."""
    buckets: list[list[SandboxKey]] = [[] for _ in range(BUCKETS)]
    for key in sorted(keys):
        buckets[crc32(key.value.encode()) % BUCKETS].append(key)
    start, end = cursor.page * cursor.each, (cursor.page + 1) * cursor.each
    found = [key for bucket in buckets for key in bucket[start:end]]
    return found, any(len(bucket) > end for bucket in buckets)


def _is_day(value: Json) -> bool:
    return not isinstance(value, bool) and len(str(value)) == 8 and _number(value) > 0


def _number(value: Json) -> int:
    return int(str(value)) if str(value).isdecimal() else 0
