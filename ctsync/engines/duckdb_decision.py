"""How rows of a search are decided in DuckDB, where there are enough of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ctsync.engines import duckdb_candidates_sql as sql
from ctsync.engines.duckdb_comparison import Comparison
from ctsync.engines.found_rows import Decision
from ctsync.model.decided_rows import Decider
from ctsync.model.joined_columns import JoinedColumns, joined_columns
from ctsync.model.row_source import RowColumns
from ctsync.sql_text import quoted

LEAST_DECIDED = 5_000  # of fewer candidates it is told sooner one by one
# Putting rows together costs each a thirtieth, or so, of what Python costs one of them.
JOINED_PAYS = 30
FORCED = "false"  # in SQL over an id: whom Python has to decide in any case


class Ways(Struct, frozen=True):
    """How a search goes about it; None is what suits a search of everything.

    Rows are decided where there are `least_decided` candidates, and `keys_at_once` come
    from the database, then always as a table of Arrow. Whom Python has to decide, in
    SQL over an id, `forced` says.
    """

    least_decided: int | None = None
    keys_at_once: int | None = None
    forced: str | None = None


def decision_over(
    met: Comparison, decider: Decider | None, ways: Ways
) -> Decision | None:
    """Return how rows are decided, and mark those that may be."""
    if met.many is None or decider is None:
        return None
    ((count,),) = met.rows(sql.COUNT_NAMED)
    source = met.search.row_sources[met.many]
    least = LEAST_DECIDED if ways.least_decided is None else ways.least_decided
    columns = source.in_columns() if count >= least else None
    if columns is None:
        return None
    columns = _joined(met, columns, count) or columns
    decision = decider(source.key_type, columns)
    if decision is None:
        return None
    met.run(
        sql.ALONE,
        type=quoted(source.key_type),
        sources=", ".join(map(str, _parts_of(columns) or [met.many])),
        forced=ways.forced or FORCED,
    )
    return Decision(source.key_type, columns, decision)


def _joined(met: Comparison, many: RowColumns, count: int) -> JoinedColumns | None:
    """Return the columns of several sources, if that pays."""
    # On an executor sources say nothing of their columns, so nothing is joined there.
    if met.many is None or met.wanted is not None:
        return None
    kind = met.search.row_sources[met.many].key_type
    parts: dict[int, RowColumns] = {}
    for number, source in enumerate(met.search.row_sources):
        if source.rows and source.key_type == kind:
            columns = many if number == met.many else source.in_columns()
            if columns is not None:
                parts[number] = columns
    # Of one source there is nothing to join. That of many rows is among them in any
    # case.
    if len(parts) == 1:
        return None
    listed = ", ".join(map(str, parts))
    ((joined,),) = met.rows(sql.COUNT_JOINED.format(sources=listed))
    return joined_columns(parts) if joined * JOINED_PAYS > count else None


def _parts_of(columns: RowColumns) -> Sequence[int]:
    return tuple(columns.parts) if isinstance(columns, JoinedColumns) else ()
