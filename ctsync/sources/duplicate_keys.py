"""Rows of one key: which of them count, and what to say of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ctsync.diagnostics import Diagnostic, row_place
from ctsync.duckdb_connection import Connection
from ctsync.model.change import Origin
from ctsync.sources import duckdb_sql as sql
from ctsync.sources.duckdb_loading import LoadedRows
from ctsync.sql_text import named

SHOWN = 20


def twins(connection: Connection, loaded: LoadedRows) -> Iterator[tuple[Origin, str]]:
    """Yield some rows whose key stood before, and where it did."""
    query = sql.TWINS_SHOWN.format(rows=loaded.rows, limit=SHOWN)
    for file, row, first_file, first_row in connection.execute(query).fetchall():
        here, first = _origin(loaded, file, row), _origin(loaded, first_file, first_row)
        place = row_place(first.row, first.line)
        yield here, place if first.file == here.file else f"{place} of {first.file}"


def _origin(loaded: LoadedRows, file: int, row: int) -> Origin:
    return Origin(loaded.files[file].name, loaded.line_of(file, row), row)


def count_twins(connection: Connection, loaded: LoadedRows) -> int:
    """Count the rows whose key stood before."""
    query = sql.TWINS_COUNTED.format(rows=loaded.rows)
    (count,) = connection.execute(query).fetchall()[0]
    return int(count)


def twin_findings(
    connection: Connection,
    loaded: LoadedRows,
    say: Callable[[Origin, str], Diagnostic],
    sum_up: Callable[[int], Diagnostic],
) -> list[Diagnostic]:
    """A finding for each row whose key stood before; beyond some, their number."""
    found = [say(*twin) for twin in twins(connection, loaded)]
    if len(found) == SHOWN:
        more = count_twins(connection, loaded) - SHOWN
        found += [sum_up(more)] if more else []
    return found


def surplus_of(
    connection: Connection, loaded: LoadedRows, name: str, *, keeps_last: bool
) -> str:
    """Create the relation (file, row) of the rows that do not count."""
    surplus = named(f"{name} surplus")
    order = "DESC" if keeps_last else "ASC"
    query = sql.SURPLUS.format(surplus=surplus, rows=loaded.rows, order=order)
    connection.execute(query)
    return surplus
