"""Rows of one source that have the same key: which of them count, and what to say.

The first of them has no row before it; every other is a twin. All that is here is the
same over any relation of (id, file, row), so that parts of a source can be judged
apart if each has all rows of its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

TWINS_SHOWN = 20

Keeps: TypeAlias = Literal["first", "last"]
"""Which of the rows of one key counts, by file and row."""


class TwinRow(NamedTuple):
    """A row whose key stood before, and where it did first."""

    file: int
    row: int
    first_file: int
    first_row: int


class Twins(Struct, frozen=True):
    """The twins among some rows: how many, and the first of them by file and row."""

    count: int = 0
    shown: tuple[TwinRow, ...] = ()


NO_TWINS = Twins()
_SAME_KEYS = """
SELECT id FROM {rows} WHERE id <> '' GROUP BY id HAVING count(*) > 1"""
_TWINS = """
SELECT file, row, first_file, first_row, count(*) OVER () FROM (
    SELECT file, row, row_number() OVER same AS number,
        first_value(file) OVER same AS first_file,
        first_value(row) OVER same AS first_row
    FROM {rows}
    WHERE id IN ({same_keys})
    WINDOW same AS (PARTITION BY id ORDER BY file, row)
)
WHERE number > 1 ORDER BY file, row LIMIT {limit}"""
# Of the rows of one key, all but the first by that order.
_SURPLUS = """
SELECT file, row FROM (
    SELECT file, row, row_number() OVER (
        PARTITION BY id ORDER BY file {order}, row {order}
    ) AS number
    FROM {rows}
    WHERE id IN ({same_keys})
)
WHERE number > 1"""


def twins_in(rows: str, fetch: Callable[[str], Iterable[tuple[Any, ...]]]) -> Twins:
    """Return the twins of a relation (id, file, row); `fetch` runs a query."""
    same_keys = _SAME_KEYS.format(rows=rows)
    query = _TWINS.format(rows=rows, same_keys=same_keys, limit=TWINS_SHOWN)
    found = [*fetch(query)]
    shown = tuple(TwinRow(*row[:4]) for row in found)
    return Twins(found[0][4], shown) if found else NO_TWINS


def surplus_sql(rows: str, keeps: Keeps) -> str:
    """Return the query (file, row) of the rows of a relation that do not count."""
    order = "DESC" if keeps == "last" else "ASC"
    same_keys = _SAME_KEYS.format(rows=rows)
    return _SURPLUS.format(rows=rows, same_keys=same_keys, order=order)


def all_twins(parts: Iterable[Twins]) -> Twins:
    """Return the twins of all parts of a source; no two parts share a key."""
    found = [*parts]
    shown = sorted(row for part in found for row in part.shown)
    return Twins(sum(part.count for part in found), tuple(shown[:TWINS_SHOWN]))
