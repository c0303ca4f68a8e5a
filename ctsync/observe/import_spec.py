"""Filling a state from the spec, as if everything declared were so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import BinaryIO

from ctsync.model.change import Change
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry import Entry, entry_line
from ctsync.observe.declared_rows import DeclaredRows
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document.change_codec import START
from ctsync.plan.entries.plain_entry import Taking
from ctsync.state.edit_stream import EditStream, KeyedEdit

_BYTES_AT_ONCE = 1 << 20


class SpecImport:
    """What a state takes from the spec; kept in a file, since it may be millions.

    Changes come sorted by key. Of those that were decided in columns the lines are
    kept, of the others the entries that they come to.
    """

    def __init__(self, file: BinaryIO, taking: Taking = Taking.DECLARED) -> None:
        """`file` is empty, private, and gone when it is closed."""
        self.profiles = 0
        self.attributes = 0
        self._file = file
        self._taking = taking

    def add(
        self, entry: Entry | None, change: Change, whole: Collection[str] = ()
    ) -> None:
        """Take a change in, as if it had long been so.

        `whole` are folded names of lists that hold no other values.
        """
        before = entry or Entry(change.key)
        is_read = self._taking is Taking.READ
        after = entry_as_declared(before, change, whole, is_read=is_read)
        if after != entry:
            self._file.write(entry_line(after))
            self.profiles += 1
            self.attributes += len({op.attribute for op in change.operations})

    def add_decided(self, decided: DecidedRows) -> None:
        """Take in changes that were decided in columns."""
        attributes = sum(decided.operations().values())
        self.add_lines(decided.text("line"), attributes)

    def add_lines(self, lines: bytes, attributes: int) -> None:
        """Take in the lines of changes of so many attributes in all."""
        self._file.write(lines)
        self.profiles += lines.count(START)  # in texts quotes are escaped
        self.attributes += attributes

    def edits(self) -> EditStream:
        """Return what is to stand in the state, by key. May be called again."""
        return EditStream(self._runs())

    def _runs(self) -> Iterator[Iterable[KeyedEdit]]:
        self._file.seek(0)
        rows = DeclaredRows(self._taking)
        while lines := self._file.readlines(_BYTES_AT_ONCE):
            yield from rows.runs(lines)
