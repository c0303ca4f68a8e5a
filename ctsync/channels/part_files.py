"""Writing the files of an export: what changes alike stands together, in parts.

Files are begun aside and take their places together, once all of it is known to be
right. Their names sort in the order in which they are to be uploaded, and the same
changes give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias

from msgspec import Struct

from ctsync.channels.base import Channel, Column, Spell
from ctsync.channels.sftp_format import operation_word
from ctsync.channels.what_files_say import doubled, quoted_cell
from ctsync.errors import CtsyncError
from ctsync.model.kind_shape import holds_sets
from ctsync.model.operation import Operation, Operator
from ctsync.model.scalar_value import Value
from ctsync.output_file import OutputFile

MOST_SHAPES = 64
"""How many sets of attributes have files of their own.

Whoever changes yet another set stands in the files of its attributes one by one.
"""

MOST_OPEN = 200
"""How many files are open at once; the one longest left alone is let go of."""

MOST_REMEMBERED = 4096
"""Of how many sets it is remembered where they stand; there may be one a profile."""

ENCODING = "utf-8"

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
        self._tables: dict[tuple[int, tuple[Column, ...]], _Table] = {}
        self._sets = 0
        self._parts: list[_Part] = []
        self._open = _OpenParts()
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

    def _open_table(self, step: int, columns: tuple[Column, ...]) -> _Table:
        return _Table(
            self._channel, columns, self._limit, lambda: self._next_part(step, columns)
        )

    def _next_part(self, step: int, columns: tuple[Column, ...]) -> _Part:
        number = self._numbers[step] = self._numbers.get(step, 0) + 1
        name = f"{self._stem}-{step}-{number:05d}.csv"
        file = self._stack.enter_context(OutputFile(self._folder / name))
        part = _Part(name, step, columns, file, self._open)
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

    def _write_companion(self, part: _Part) -> tuple[str | None, OutputFile | None]:
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

    table: _Table
    places: Sequence[int]
    is_all: bool


class _OpenParts:
    """The parts that are open, the one longest left alone first."""

    def __init__(self) -> None:
        self._parts: dict[_Part, None] = {}
        self._last: _Part | None = None

    def take(self, part: _Part) -> None:
        """See that a part is open, and that no more are than may be."""
        if part is self._last:
            return
        self._last = part
        if part in self._parts:
            del self._parts[part]
        elif len(self._parts) == MOST_OPEN:
            oldest = next(iter(self._parts))
            del self._parts[oldest]
            oldest.file.pause()
        self._parts[part] = None
        part.file.resume()

    def drop(self, part: _Part) -> None:
        """Forget a part that is whole."""
        self._parts.pop(part, None)
        self._last = None


class _Part:
    """One data file that is being written."""

    def __init__(
        self,
        name: str,
        step: int,
        columns: tuple[Column, ...],
        file: OutputFile,
        open_parts: _OpenParts,
    ) -> None:
        self.name, self.step, self.columns, self.file = name, step, columns, file
        self.rows = self.size = 0
        self._open = open_parts

    def write(self, data: bytes, rows: int) -> None:
        self._open.take(self)
        self.file.file.write(data)
        self.rows += rows
        self.size += len(data)

    def finish(self) -> None:
        self._open.drop(self)
        self.file.finish()


class _Table:
    """All rows with the same columns, in as many parts as they need."""

    def __init__(
        self,
        channel: Channel,
        columns: tuple[Column, ...],
        limit: int,
        next_part: Callable[[], _Part],
    ) -> None:
        header = channel.header(columns)
        self._header = (",".join(map(quoted_cell, header)) + "\n").encode(ENCODING)
        self._template = _template(channel, columns)
        self._spells = [channel.cell(column) for column in columns]
        self._has_lists = any(holds_sets(column.kind) for column in columns)
        self._limit = limit
        self._next_part = next_part
        self._part: _Part | None = None

    def add(self, identity: str, operands: Sequence[Value]) -> str:
        """Write the rows of one profile; they never part. Gives the file's name."""
        rows = _rows(operands) if self._has_lists else (operands,)
        own, template, spells = doubled(identity), self._template, self._spells
        lines = [template % (own, *map(_spelled, spells, row)) for row in rows]
        data = "".join(lines).encode(ENCODING)
        part = self._room_for(len(data))
        part.write(data, len(lines))
        return part.name

    def _room_for(self, size: int) -> _Part:
        if len(self._header) + size >= self._limit:
            raise _too_large(len(self._header) + size, self._limit)
        part = self._part
        if part is None or part.size + size >= self._limit:
            if part is not None:
                part.finish()
            part = self._part = self._next_part()
            part.write(self._header, 0)
        return part


def _spelled(spell: Spell, value: Value) -> str:
    return spell(value)


def _too_large(size: int, limit: int) -> CtsyncError:
    return CtsyncError(
        f"the rows of one profile need a file of {size + 1:,} bytes, and each is to "
        f"have fewer than {limit:,}",
        hint="raise --max-bytes",
        code="export_limit",
    )


def _template(channel: Channel, columns: Sequence[Column]) -> str:
    """Return a row with a place for the key and one for each value."""
    cells = ["%s"]
    for column in columns:
        cells.append("%s")
        if channel.has_operators:
            cells.append(operation_word(column.operator))
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def _rows(operands: Sequence[Value]) -> list[Sequence[Value]]:
    """Return the rows that say operands: a list has one for each of its values.

    Where others have fewer values theirs are said again, which changes nothing: sets
    hold each value once, and what is assigned twice is there once.
    """
    values = [v if isinstance(v, tuple) else (v,) for v in operands]
    count = max(map(len, values))
    return [[own[row % len(own)] for own in values] for row in range(count)]
