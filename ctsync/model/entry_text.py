"""An entry as stores keep it: its line, and what is looked for without reading it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ctsync.model.entry import Entry, entry_line
from ctsync.model.profile_key import ProfileKey


class EntryText(Struct, frozen=True):
    """The canonical line of an entry, with its newline; `names` are folded, in order.

    Whoever can say at once what a line comes to makes no values on the way.
    """

    key: ProfileKey
    line: bytes
    names: Sequence[str]
    fingerprint: str | None = None
    is_bound: bool = False
    gone: bool = False


def text_of(entry: Entry | EntryText) -> EntryText:
    """Return an entry as text, if it is not already."""
    if isinstance(entry, EntryText):
        return entry
    return EntryText(
        entry.key,
        entry_line(entry),
        sorted(entry.attributes),
        entry.fingerprint,
        entry.is_bound,
        entry.gone,
    )
