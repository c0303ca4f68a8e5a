"""What is wanted of a row in SQL: key, cells and condition over the columns of a file.

The columns of a file stand in an inner query, under names of ours; what is said over
them, in the outer one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from ctsync.duckdb_connection import Connection
from ctsync.formats.base import Cells, WantedColumns, named_cells
from ctsync.formats.cell_sorts import WHOLE, sort_of
from ctsync.formats.typed_cells import cell_sql
from ctsync.formats.where_filter import Expression, refused_condition
from ctsync.model.fault import Fault
from ctsync.sql_text import quoted

_QUERY = "SELECT {outer} FROM (SELECT {inner} FROM {reader})"
FAILED = "failed"
_NO_VALUE = "make text, a number, a boolean, a date or a list of text of it"


class Seen(Struct, frozen=True):
    """What an expression looks at in a file, and what sort of cell it gives."""

    columns: tuple[str, ...]
    sort: str = ""


class Columns(Struct, frozen=True):
    """How a kind of file says its columns in SQL, by name; cells also by place."""

    key: Callable[[str], str]
    cell: Callable[[int, str], str]
    seen: Callable[[str], str]


def seen_by(
    connection: Connection,
    wanted: WantedColumns,
    known: Sequence[str],
    type_of: Callable[[str], str],
) -> tuple[Seen, ...]:
    """Return what each expression looks at in a file with some columns.

    Raises:
        Faults: it does not go with them.
    """
    found = []
    for expression in wanted.expressions:
        columns = expression.columns(known)
        types = [type_of(name) for name in columns]
        if expression is wanted.condition:
            expression.require_condition(connection, types)
            found.append(Seen(columns))
        else:
            given = expression.type_over(connection, types)
            is_key = expression is wanted.key
            found.append(Seen(columns, _sort(expression, given, is_key=is_key)))
    return tuple(found)


def _sort(expression: Expression, given: str, *, is_key: bool) -> str:
    sort = sort_of(given)
    if is_key and sort not in {"text", "blank"} and not WHOLE.fullmatch(given):
        message = f"the expression gives a {given}; a key is text or a whole number"
        raise refused_condition(message, "write CAST(... AS BIGINT)", expression.steps)
    if not sort:
        message = f"the expression gives a {given}, which is no value"
        raise refused_condition(message, _NO_VALUE, expression.steps)
    # What is computed as text gets its type from the catalog, as cells of CSV do.
    return "untyped" if sort == "text" else sort


def sorts_of(
    wanted: WantedColumns, seen: Sequence[Seen], sort_of_column: Callable[[str], str]
) -> tuple[str, ...]:
    """Return the sort of each cell."""
    computed = {e: each.sort for e, each in zip(wanted.expressions, seen, strict=True)}
    return tuple(
        sort_of_column(cell) if isinstance(cell, str) else computed[cell]
        for cell in wanted.columns
    )


def query_of(
    wanted: WantedColumns,
    seen: Sequence[Seen],
    columns: Columns,
    reader: str,
    *others: str,
) -> str:
    """Return the query of rows; `others` are more columns of ours, inner AS outer."""
    sorts = dict(zip(wanted.expressions, seen, strict=True))
    inner = [*_inner(wanted, seen, columns), *others]
    outer = [*_outer(wanted, sorts), *(each.rpartition(" AS ")[2] for each in others)]
    if can_fail(wanted):
        outer.append(f"{_failure(wanted)} AS {FAILED}")
    return _QUERY.format(outer=", ".join(outer), inner=", ".join(inner), reader=reader)


def can_fail(wanted: WantedColumns) -> bool:
    """Return whether rows on which an expression fails are told by themselves."""
    return wanted.skips and bool(wanted.expressions)


def _failure(wanted: WantedColumns) -> str:
    """Return what says which expression fails on a row, as SQL; NULL where none does.

    Of an expression that gives NULL a list is made, and of one that fails none.
    """
    cases = "".join(
        f" WHEN TRY([{each.sql}]) IS NULL THEN {quoted('.'.join(each.steps))}"
        for each in wanted.expressions
    )
    return f"CASE{cases} END"


def failure_in(cells: Cells) -> Fault | None:
    """Return what is wrong with a row on which an expression fails, from its cells."""
    if not cells or cells[-1] is None:
        return None
    message = f"`{cells[-1]}` fails on the row: a value in it cannot be converted"
    return Fault("CT604", message, "correct the row")


def _tried(expression: Expression, wanted: WantedColumns) -> str:
    return f"TRY({expression.sql})" if wanted.skips else f"({expression.sql})"


def _inner(
    wanted: WantedColumns, seen: Sequence[Seen], columns: Columns
) -> Iterator[str]:
    if isinstance(wanted.key, str):
        yield f"{columns.key(wanted.key)} AS key"
    cells = zip(wanted.columns, named_cells(len(wanted.columns)), strict=True)
    for place, (cell, name) in enumerate(cells):
        if isinstance(cell, str):
            yield f"{columns.cell(place, cell)} AS {name}"
    for expression, each in zip(wanted.expressions, seen, strict=True):
        yield from expression.seen(map(columns.seen, each.columns))


def _outer(wanted: WantedColumns, seen: dict[Expression, Seen]) -> Iterator[str]:
    if isinstance(wanted.key, str):
        yield "key"
    else:
        yield f"{_tried(wanted.key, wanted)}::VARCHAR AS key"
    cells = zip(wanted.columns, named_cells(len(wanted.columns)), strict=True)
    for cell, name in cells:
        if isinstance(cell, str):
            yield name
        else:
            yield f"{cell_sql(_tried(cell, wanted), seen[cell].sort)} AS {name}"
    if wanted.condition is not None:
        kept = f"{_tried(wanted.condition, wanted)} IS TRUE"
        # Whether a row counts on which the condition fails, nobody knows: it is bad.
        fails = f"TRY([{wanted.condition.sql}]) IS NULL"
        yield f"{kept} OR {fails} AS kept" if wanted.skips else f"{kept} AS kept"


def without(value: str, nulls: Sequence[str]) -> str:
    """Return a text as SQL that is NULL where it is one of some words."""
    if not nulls:
        return value
    words = ", ".join(map(quoted, nulls))
    return f"CASE WHEN {value} NOT IN ({words}) THEN {value} END"
