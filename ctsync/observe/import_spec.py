"""Filling a state from the spec, as if everything declared were so."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import BinaryIO

from ctsync.model.change import Change
from ctsync.model.entry import Entry, entry_line
from ctsync.model.entry_text import EntryText, text_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.declared_row import read_row
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.entries.plain_entry import Taking
from ctsync.state.entry_edits import Edit, PutText

_ROW = b" "  # what no line of an entry begins with


class SpecImport:
    """What a state takes from the spec; kept in a file, since it may be millions."""

    def __init__(self, file: BinaryIO, taking: Taking = Taking.DECLARED) -> None:
        """`file` is empty, private, and gone when it is closed."""
        self.profiles = 0
        self.attributes = 0
        self._file = file
        self.taking = taking

    def add(
        self, entry: Entry | None, change: Change, whole: Collection[str] = ()
    ) -> None:
        """Take a change in, as if it had long been so; changes come sorted by key.

        `whole` are folded names of lists that hold no other values.
        """
        before = entry or Entry(change.key)
        is_read = self.taking is Taking.READ
        after = entry_as_declared(before, change, whole, is_read=is_read)
        if after != entry:
            self._file.write(entry_line(after))
            self.profiles += 1
            self.attributes += len({op.attribute for op in change.operations})

    def add_new(self, text: EntryText) -> None:
        """Take in a new profile as it is to stand in the state."""
        self._file.write(text.line)
        self.profiles += 1
        self.attributes += len(text.names)

    def add_row(self, line: bytes, attributes: int) -> None:
        """Take in the change of a profile that is known, with so many attributes."""
        self._file.write(_ROW + line)
        self.profiles += 1
        self.attributes += attributes

    def edits(self) -> Iterator[tuple[ProfileKey, Edit]]:
        """Yield what is to stand in the state, by key. May be called again."""
        self._file.seek(0)
        for line in self._file:
            if line.startswith(_ROW):
                yield read_row(line.removeprefix(_ROW), self.taking)
            else:
                text = text_from_line(line)
                yield text.key, PutText(text)
