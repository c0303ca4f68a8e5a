"""Rows of an export that follow each other: their lines, or what their cells are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby, islice
from operator import eq
from typing import Any, TypeAlias

from ctsync.arrow import arrow
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.profile_key import ProfileKey

ReadRow: TypeAlias = "Callable[[Any], Mapping[str, Any]]"
"""Reads the cells of a row, as the query has them."""


def columns_in(table: Any) -> list[Any]:
    """Return the columns of an `ExportQuery`, with ids and lines as bytes."""
    binary = arrow().binary()
    types, ids, lines, shapes, rows = table.columns
    ids, lines = ids.view(binary), lines.view(binary)
    return [each.to_pylist() for each in (types, ids, lines, shapes, rows)]


class ExportBatch:
    """Some rows, sorted by key; a line is None where SQL was not sure."""

    def __init__(
        self, columns: Sequence[Any], names: Sequence[str], read: ReadRow
    ) -> None:
        """`columns` are those of an `ExportQuery`, of which `names` are."""
        self._types, self._ids, self.lines, self._shapes, self._rows = columns
        self._names, self._read = names, read

    def __len__(self) -> int:
        return len(self.lines)

    def key(self, at: int) -> ProfileKey:
        """Return whose the row at a place is."""
        return ProfileKey(self._types[at], self._ids[at].decode())

    def row(self, at: int) -> Mapping[str, Any]:
        """Return the cells of the row at a place, by column."""
        return self._read(self._rows[at])

    def has_twins(self, before: ExportBatch | None) -> bool:
        """Return whether two rows are of one profile, here or with the batch before."""
        if before is not None and before.key(-1) == self.key(0):
            return True
        ids, types = self._ids, self._types
        alike = [*map(eq, ids, islice(ids, 1, None))]
        return any(alike) and any(
            same and types[at] == types[at + 1] for at, same in enumerate(alike)
        )

    def columns(self, start: int, stop: int) -> Iterator[EntryColumns]:
        """Yield rows between two places, which have lines, by id type."""
        for key_type, some in groupby(self._types[start:stop]):
            first, start = start, start + sum(1 for _ in some)
            lines = [line for line in self.lines[first:start] if line is not None]
            names = [self._named[shape] for shape in self._shapes[first:start]]
            yield EntryColumns(key_type, self._ids[first:start], lines, names)

    @cached_property
    def _named(self) -> Mapping[str, Sequence[str]]:
        """The names of attributes by shape: one object for one shape."""
        return {
            shape: [
                n
                for n, is_there in zip(self._names, shape, strict=True)
                if is_there == "1"
            ]
            for shape in set(self._shapes)
        }
