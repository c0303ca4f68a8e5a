"""Entries that are to stand in a state, kept in a file: one by one, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from msgspec import Struct

from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import text_from_line
from ctsync.observe.declared_rows import NewProfiles
from ctsync.packed_values import read_packed, write_packed
from ctsync.state.edit_stream import KeyedEdit
from ctsync.state.entry_edits import PutText

_TOGETHER = 2_000  # lines that came one by one
_FEW = 32  # as columns they would take a store longer than one by one


class _Run(Struct, array_like=True):
    """Entries that follow each other; without ids each is read from its line.

    `shapes` are places in `names`, one for each line.
    """

    lines: Sequence[bytes]
    key_type: str = ""
    ids: Sequence[bytes] = ()
    names: Sequence[Sequence[str]] = ()
    shapes: Sequence[int] = ()


class KeptEntries:
    """Writes entries, which come sorted by key, and gives them as edits of a state.

    `file` is empty, private, and gone when it is closed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting: list[bytes] = []

    def add_line(self, line: bytes) -> None:
        """Keep the line of one entry."""
        self._waiting.append(line)
        if len(self._waiting) == _TOGETHER:
            self._end_lines()

    def add_columns(self, columns: EntryColumns) -> None:
        """Keep entries that come as columns."""
        if len(columns) < _FEW:
            for line in columns.lines:
                self.add_line(line)
            return
        self._end_lines()
        alike = {id(names): names for names in columns.names}
        places = {mark: at for at, mark in enumerate(alike)}
        shapes = [places[id(names)] for names in columns.names]
        names = [*alike.values()]
        run = _Run(columns.lines, columns.key_type, columns.ids, names, shapes)
        write_packed(self._file, run)

    def runs(self) -> Iterator[Iterable[KeyedEdit]]:
        """Return the edits, by key. May be called again."""
        self._end_lines()
        return map(_edits, read_packed(self._file, _Run))

    def _end_lines(self) -> None:
        if self._waiting:
            write_packed(self._file, _Run(self._waiting))
            self._waiting = []


def _edits(run: _Run) -> Iterable[KeyedEdit]:
    if run.ids:
        names = [run.names[at] for at in run.shapes]
        return NewProfiles(EntryColumns(run.key_type, run.ids, run.lines, names))
    return ((text.key, PutText(text)) for text in map(text_from_line, run.lines))
