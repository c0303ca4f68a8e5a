"""An entry as stores keep it: its line, and what is looked for without reading it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ctsync.canonical_json import parse
from ctsync.model.entry import Entry, entry_line
from ctsync.model.profile_key import ProfileKey, key_from_json


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


def text_from_line(line: bytes) -> EntryText:
    """Return an entry as text from its line, which `entry_line` wrote.

    Raises:
        ValueError, LookupError: it did not write this.
    """
    data = parse(line)
    attributes = data["attributes"]
    is_bound = "cohorts" in data or any("ours" in each for each in attributes.values())
    return EntryText(
        key_from_json(data["key"]),
        line,
        sorted(attributes),
        data.get("fingerprint"),
        is_bound,
        data.get("gone", False),
    )


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
