"""New entries as columns: what stores keep of them, with nothing made for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey


class EntryColumns(Struct, frozen=True, eq=False):
    """Entries that follow each other, one place of each column for one.

    `lines` are as entries are spelled, with newlines; `names` are folded, in order, and
    the same object where they are the same; `marks` are fingerprints of 32 hex digits.
    All of them are bound.
    """

    key_type: str
    ids: Sequence[bytes]
    lines: Sequence[bytes]
    names: Sequence[Sequence[str]]
    marks: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.lines)

    def keys(self) -> list[ProfileKey]:
        """Return whose they are."""
        return [ProfileKey(self.key_type, each.decode()) for each in self.ids]

    def texts(self) -> Iterator[EntryText]:
        """Yield them one by one."""
        for key, line, names, mark in zip(
            self.keys(), self.lines, self.names, self.marks, strict=True
        ):
            yield EntryText(key, line, names, mark.decode(), is_bound=True)
