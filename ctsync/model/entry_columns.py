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
    With marks all of them are bound, without none is.
    """

    key_type: str
    ids: Sequence[bytes]
    lines: Sequence[bytes]
    names: Sequence[Sequence[str]]
    marks: Sequence[bytes] = ()

    def __len__(self) -> int:
        return len(self.lines)

    def key(self, at: int) -> ProfileKey:
        """Return whose the one at a place is."""
        return ProfileKey(self.key_type, self.ids[at].decode())

    def texts(self) -> Iterator[EntryText]:
        """Yield them one by one."""
        for at, (line, names) in enumerate(zip(self.lines, self.names, strict=True)):
            mark = self.marks[at].decode() if self.marks else None
            yield EntryText(self.key(at), line, names, mark, is_bound=mark is not None)
