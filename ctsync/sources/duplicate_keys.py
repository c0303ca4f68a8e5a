"""Rows of one key: what to say of those that stood before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ctsync.diagnostics import Diagnostic, row_place
from ctsync.duckdb_connection import Connection
from ctsync.model.change import Origin
from ctsync.model.twin_rows import TWINS_SHOWN, Keeps, Twins, surplus_sql
from ctsync.sources import duckdb_sql as sql
from ctsync.sources.duckdb_loading import LoadedRows
from ctsync.sql_text import named


def twin_places(loaded: LoadedRows, twins: Twins) -> Iterator[tuple[Origin, str]]:
    """Yield some rows whose key stood before, and where it did."""
    for file, row, first_file, first_row in twins.shown:
        here, first = _origin(loaded, file, row), _origin(loaded, first_file, first_row)
        place = row_place(first.row, first.line)
        yield here, place if first.file == here.file else f"{place} of {first.file}"


def _origin(loaded: LoadedRows, file: int, row: int) -> Origin:
    return Origin(loaded.files[file].name, loaded.line_of(file, row), row)


def twin_findings(
    loaded: LoadedRows,
    twins: Twins,
    say: Callable[[Origin, str], Diagnostic],
    sum_up: Callable[[int], Diagnostic],
) -> list[Diagnostic]:
    """A finding for each row whose key stood before; beyond some, their number."""
    found = [say(*twin) for twin in twin_places(loaded, twins)]
    more = twins.count - TWINS_SHOWN
    return [*found, sum_up(more)] if more > 0 else found


def surplus_of(
    connection: Connection, loaded: LoadedRows, name: str, keeps: Keeps
) -> str:
    """Create the relation (file, row) of the rows that do not count."""
    surplus = named(f"{name} surplus")
    rows = surplus_sql(loaded.rows, keeps)
    connection.execute(sql.SURPLUS.format(surplus=surplus, rows=rows))
    return surplus
