"""Writing the files of an export: what changes alike stands together, in parts.

Files are begun aside and take their places together, once all of it is known to be
right. Their names sort in the order in which they are to be uploaded, and the same
changes give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias

from msgspec import Struct

from ctsync.channels.base import Channel, Column
from ctsync.channels.part_tables import OpenParts, Part, PartTable
from ctsync.model.operation import Operation, Operator
from ctsync.model.scalar_value import Value
from ctsync.output_file import OutputFile

MOST_SHAPES = 64
"""How many sets of attributes have files of their own.

Whoever changes yet another set stands in the files of its attributes one by one.
"""

MOST_REMEMBERED = 4096
"""Of how many sets it is remembered where they stand; there may be one a profile."""

# What is done to each attribute, of what kind it is, and in which step.
_Shape: TypeAlias = tuple[tuple[str, Operator, str, int], ...]


class PartFile(Struct, frozen=True):
    """One data file: its name, that of the file beside it, and what it holds.

    Files of step 2 are for when those of step 1 were taken.
    """

    name: str
    companion: str | None
    step: int
    columns: tuple[Column, ...]
    rows: int
    size: int  # in bytes

    def as_json(self) -> dict[str, object]:
        """Return the file as documents list it."""
        return {
            "name": self.name,
            "manifest": self.companion,
            "step": self.step,
            "attributes": [column.attribute for column in self.columns],
            "rows": self.rows,
            "bytes": self.size,
        }


class PartWriter:
    """Writes the operations of profiles, one after the other, into files of a channel.

    `stem` begins every name; a file has fewer bytes than `limit_bytes`. Leave its
    `with` without `keep`, and nothing has happened.
    """

    def __init__(
        self,
        channel: Channel,
        folder: Path,
        stem: str,
        *,
        limit_bytes: int | None = None,
        most_shapes: int = MOST_SHAPES,
    ) -> None:
        self._channel = channel
        self._folder = folder
        self._stem = stem
        self._limit = channel.limit_bytes if limit_bytes is None else limit_bytes
        self._most_shapes = most_shapes
        self._sheets: dict[_Shape, tuple[Sheet, ...]] = {}
        self._tables: dict[tuple[int, tuple[Column, ...]], PartTable] = {}
        self._sets = 0
        self._parts: list[Part] = []
        self._open = OpenParts()
        self._numbers: dict[int, int] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, identity: str, operations: Sequence[Operation]) -> list[str]:
        """Write what is done to one profile, all of which the channel can say.

        Gives the names of the files that hold it.

        Raises:
            OSError: it cannot be written.
            CtsyncError: a file has no room for so much (code `export_limit`).
        """
        operands = [operation.operand for operation in operations]
        return self.add_to(self.sheets_for(operations), identity, operands)

    def add_to(
        self, sheets: Iterable[Sheet], identity: str, operands: Sequence[Value]
    ) -> list[str]:
        """Write what is done to one profile where such changes stand.

        Gives the names of the files that hold it.

        Raises:
            OSError: it cannot be written.
            CtsyncError: a file has no room for so much (code `export_limit`).
        """
        names = []
        for sheet in sheets:
            own = operands if sheet.is_all else [operands[at] for at in sheet.places]
            names.append(sheet.table.add(identity, own))
        return names

    def sheets_for(self, operations: Sequence[Operation]) -> Sequence[Sheet]:
        """Return where changes stand that differ from these in their values alone."""
        shape = tuple([(o.attribute, o.operator, o.kind, o.step) for o in operations])
        sheets = self._sheets.get(shape)
        if sheets is None:
            sheets = tuple(self._placed(shape))
            if len(self._sheets) < MOST_REMEMBERED:
                self._sheets[shape] = sheets
        return sheets

    def _placed(self, shape: _Shape) -> Iterator[Sheet]:
        """Yield where what changes in one way stands, step by step.

        Beyond the most sets of attributes that have files, those are the files of the
        single attributes. A set that is met again later has its place already.
        """
        for step in sorted({step for *_, step in shape}):
            places = [at for at, (*_, own) in enumerate(shape) if own == step]
            columns = tuple([Column(*shape[at][:3]) for at in places])
            key = step, columns
            if key not in self._tables and self._sets < self._most_shapes:
                self._sets += 1
                self._tables[key] = self._open_table(*key)
            if key in self._tables:
                yield Sheet(self._tables[key], places, len(places) == len(shape))
                continue
            for at, column in zip(places, columns, strict=True):
                single = step, (column,)
                if single not in self._tables:
                    self._tables[single] = self._open_table(*single)
                yield Sheet(self._tables[single], [at], is_all=False)

    def _open_table(self, step: int, columns: tuple[Column, ...]) -> PartTable:
        return PartTable(
            self._channel, columns, self._limit, lambda: self._next_part(step, columns)
        )

    def _next_part(self, step: int, columns: tuple[Column, ...]) -> Part:
        number = self._numbers[step] = self._numbers.get(step, 0) + 1
        name = f"{self._stem}-{step}-{number:05d}.csv"
        file = self._stack.enter_context(OutputFile(self._folder / name))
        part = Part(name, step, columns, file, self._open)
        self._parts.append(part)
        return part

    def names(self) -> frozenset[str]:
        """Return the names of all files that are to be kept."""
        found = [part.name for part in self._parts]
        for part in self._parts:
            said = self._channel.companion(part.name, part.columns)
            found += [] if said is None else [said[0]]
        return frozenset(found)

    def keep(self) -> tuple[PartFile, ...]:
        """Put all files in their places: a companion after its data.

        Raises:
            OSError: they cannot be written, or a place is taken by no regular file.
        """
        parts = sorted(self._parts, key=lambda part: part.name)
        for part in parts:
            part.finish()
        companions = [self._write_companion(part) for part in parts]
        for part, (_, companion) in zip(parts, companions, strict=True):
            part.file.keep()
            if companion is not None:
                companion.keep()
        return tuple(
            PartFile(part.name, name, part.step, part.columns, part.rows, part.size)
            for part, (name, _) in zip(parts, companions, strict=True)
        )

    def _write_companion(self, part: Part) -> tuple[str | None, OutputFile | None]:
        said = self._channel.companion(part.name, part.columns)
        if said is None:
            return None, None
        name, data = said
        file = self._stack.enter_context(OutputFile(self._folder / name))
        file.file.write(data)
        file.finish()
        return name, file


class Sheet(NamedTuple):
    """Where some of a profile's operations stand: a table, and which of them."""

    table: PartTable
    places: Sequence[int]
    is_all: bool
