"""Cells that have a type of DuckDB: in SQL their text, and what the text means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TypeAlias

from ctsync.canonical_json import parse
from ctsync.formats.base import Cells, Read, TypedCell, TypedCells, WantedColumns
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal
from ctsync.yaml.scalars import PLAIN, literal

Reader: TypeAlias = "Callable[[str], Read]"

_DIGITS = re.compile(r"-?(?:0|[1-9][0-9]*)")


def cell_sql(value: str, sort: str) -> str:
    """Return the text of a cell, as SQL."""
    return f"to_json({value})::VARCHAR" if sort == "list" else f"({value})::VARCHAR"


def reader_of(name: str, sort: str) -> Reader:
    """Return what reads the text of cells of a column."""
    if sort in {"number", "moment", "instant"}:
        zone = "Z" if sort == "instant" else ""
        return partial(_number, name) if sort == "number" else partial(_moment, zone)
    return _READERS[sort]


def readers_of(wanted: WantedColumns, sorts: Sequence[str]) -> list[Reader]:
    """Return what reads each of the cells that are wanted."""
    names = (c if isinstance(c, str) else c.steps[-1] for c in wanted.columns)
    return [reader_of(*each) for each in zip(names, sorts, strict=True)]


def typed_cells(sorts: Sequence[str], faults: int = 0) -> TypedCells:
    """Return what cells of some sorts are where they follow the key in their order.

    Behind them stand up to so many words of what is wrong with the row.
    """
    places = enumerate(sorts, 2)
    cells = tuple(TypedCell(f"cells[{n}]", sort) for n, sort in places)
    return TypedCells(cells, without_fault(len(sorts) + 2, faults))


def without_fault(first: int, count: int) -> str:
    """Return SQL that says that no word stands in some places of `cells`."""
    words = (f"coalesce(cells[{n}], '') = ''" for n in range(first, first + count))
    return f"({' AND '.join(words)})" if count else "true"


def read_cells(readers: Sequence[Reader], cells: Cells) -> Sequence[Read]:
    """Read the cells that follow the key."""
    found = zip(readers, islice(cells, 1, len(readers) + 1), strict=True)
    return [read(cell) if cell else None for read, cell in found]


def text(written: str) -> Literal:
    """Return text, as quotes would make it."""
    return Literal(written, "text", written, quoted=True)


def untyped(written: str) -> Literal:
    """Return text of which the catalog decides what it is: it has no value yet."""
    return Literal(written, "text")


def word(written: str) -> Literal:
    """Return what a plain word of a spec is."""
    return literal(PLAIN + written)


def number(written: str) -> Literal:
    """Return a number; unlike in a spec, whole ones may have any number of digits."""
    if _DIGITS.fullmatch(written):
        return Literal(written, "number", int(written))
    return word(written)


def _list(cell: str) -> Read:
    return [_NULL if item is None else text(item) for item in parse(cell)]


def _number(name: str, cell: str) -> Read:
    found = number(cell)
    if found.type == "number":
        return found
    message = f'column "{name}" holds {{value}}, which is no number'
    hint = "export it as null, or compute one that isfinite()"
    return Fault("CT625", message, hint, cell)


def _date(cell: str) -> Read:
    return Literal(cell, "date")


def _moment(zone: str, cell: str) -> Read:
    """Return a moment as a spec would write it."""
    written = cell.removesuffix("+00") + zone
    if "." in written:
        message = "{value} has parts of a second"
        hint = "the platform stores whole seconds; compute date_trunc('second', ...)"
        return Fault("CT624", message, hint, cell)
    return Literal(written.replace(" ", "T", 1), "date")


_NULL = word("null")
_READERS: Mapping[str, Reader] = {
    "text": text,
    "blank": text,
    "untyped": untyped,
    "list": _list,
    "boolean": word,
    "date": _date,
}
