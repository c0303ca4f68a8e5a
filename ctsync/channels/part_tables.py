"""The rows of files: all that have the same columns, in as many parts as they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ctsync.channels.base import Channel, Column, Spell
from ctsync.channels.sftp_format import operation_word
from ctsync.channels.what_files_say import doubled, quoted_cell
from ctsync.errors import CtsyncError
from ctsync.model.kind_shape import holds_sets
from ctsync.model.scalar_value import Value
from ctsync.output_file import OutputFile

MOST_OPEN = 200
"""How many files are open at once; the one longest left alone is let go of."""

ENCODING = "utf-8"


class OpenParts:
    """The parts that are open, the one longest left alone first."""

    def __init__(self) -> None:
        self._parts: dict[Part, None] = {}
        self._last: Part | None = None

    def take(self, part: Part) -> None:
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

    def drop(self, part: Part) -> None:
        """Forget a part that is whole."""
        self._parts.pop(part, None)
        self._last = None


class Part:
    """One data file that is being written."""

    def __init__(
        self,
        name: str,
        step: int,
        columns: tuple[Column, ...],
        file: OutputFile,
        open_parts: OpenParts,
    ) -> None:
        self.name, self.step, self.columns, self.file = name, step, columns, file
        self.rows = self.size = 0
        self._open = open_parts

    def write(self, data: bytes, rows: int) -> None:
        """Add whole rows, so many.

        Raises:
            OSError: they cannot be written.
        """
        self._open.take(self)
        self.file.file.write(data)
        self.rows += rows
        self.size += len(data)

    def finish(self) -> None:
        """Close the file: it gets no more rows."""
        self._open.drop(self)
        self.file.finish()


class PartTable:
    """All rows with the same columns, in as many parts as they need."""

    def __init__(
        self,
        channel: Channel,
        columns: tuple[Column, ...],
        limit: int,
        next_part: Callable[[], Part],
    ) -> None:
        header = channel.header(columns)
        self._header = (",".join(map(quoted_cell, header)) + "\n").encode(ENCODING)
        self._template = _template(channel, columns)
        self._spells = [channel.cell(column) for column in columns]
        self._has_lists = any(holds_sets(column.kind) for column in columns)
        self._limit = limit
        self._next_part = next_part
        self._part: Part | None = None

    def add(self, identity: str, operands: Sequence[Value]) -> str:
        """Write the rows of one profile; they never part. Gives the file's name."""
        rows = _rows(operands) if self._has_lists else (operands,)
        own, template, spells = doubled(identity), self._template, self._spells
        lines = [template % (own, *map(_spelled, spells, row)) for row in rows]
        data = "".join(lines).encode(ENCODING)
        part = self._room_for(len(data))
        part.write(data, len(lines))
        return part.name

    def _room_for(self, size: int) -> Part:
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
