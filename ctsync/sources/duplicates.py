"""Rows of one key: which of them count, and what to say of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ctsync.diagnostics import Diagnostic
from ctsync.duck import Connection, named
from ctsync.sources import relations as sql
from ctsync.sources.loading import Loaded

SHOWN = 20


def twins(connection: Connection, loaded: Loaded) -> Iterator[tuple[str, int, str]]:
    """Yield file and row of some rows whose key stood before, and where it did."""
    query = sql.TWINS_SHOWN.format(rows=loaded.rows, limit=SHOWN)
    for file, row, first_file, first_row in connection.execute(query).fetchall():
        name, first = loaded.files[file].name, loaded.files[first_file].name
        place = f"row {first_row}" if first == name else f"row {first_row} of {first}"
        yield name, row, place


def count_twins(connection: Connection, loaded: Loaded) -> int:
    """Count the rows whose key stood before."""
    query = sql.TWINS_COUNTED.format(rows=loaded.rows)
    (count,) = connection.execute(query).fetchall()[0]
    return int(count)


def twin_findings(
    connection: Connection,
    loaded: Loaded,
    say: Callable[[str, int, str], Diagnostic],
    sum_up: Callable[[int], Diagnostic],
) -> list[Diagnostic]:
    """Give a finding for each row whose key stood before; beyond some, their number."""
    found = [say(*twin) for twin in twins(connection, loaded)]
    if len(found) == SHOWN:
        more = count_twins(connection, loaded) - SHOWN
        found += [sum_up(more)] if more else []
    return found


def surplus_of(
    connection: Connection, loaded: Loaded, name: str, *, keeps_last: bool
) -> str:
    """Create the relation (file, row) of the rows that do not count."""
    surplus = named(f"{name} surplus")
    order = "DESC" if keeps_last else "ASC"
    query = sql.SURPLUS.format(surplus=surplus, rows=loaded.rows, order=order)
    connection.execute(query)
    return surplus
