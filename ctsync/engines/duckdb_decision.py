"""How rows of a search are decided in DuckDB, where there are enough of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ctsync.engines import duckdb_candidates_sql as sql
from ctsync.engines.duckdb_comparison import Comparison
from ctsync.engines.found_rows import Decision
from ctsync.model.decided_rows import Decider
from ctsync.model.joined_columns import JoinedColumns, joined_columns
from ctsync.model.row_source import RowColumns, RowSource
from ctsync.sql_text import quoted

LEAST_DECIDED = 5_000  # of fewer candidates it is told sooner one by one
# Putting rows together costs each a thirtieth, or so, of what Python costs one of them.
JOINED_PAYS = 30
FORCED = "false"  # in SQL over an id: whom Python has to decide in any case


class Ways(Struct, frozen=True):
    """How a search goes about it; None is what suits a search of everything.

    Rows are decided where there are `least_decided` candidates, and `keys_at_once` come
    from the database, then always as a table of Arrow. Whom Python has to decide, in
    SQL over an id, `forced` says. Rows of several sources are put together as `joined`
    says, where somebody knew before the search that it pays.
    """

    least_decided: int | None = None
    keys_at_once: int | None = None
    forced: str | None = None
    joined: JoinedColumns | None = None


def decision_over(
    met: Comparison, decider: Decider | None, ways: Ways
) -> Decision | None:
    """Return how rows are decided, and mark those that may be."""
    if met.many is None or decider is None:
        return None
    ((count,),) = met.rows(sql.COUNT_NAMED)
    source = met.search.row_sources[met.many]
    least = LEAST_DECIDED if ways.least_decided is None else ways.least_decided
    columns = _columns_of(met, ways.joined, count) if count >= least else None
    if columns is None:
        return None
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


def _columns_of(
    met: Comparison, joined: JoinedColumns | None, count: int
) -> RowColumns | None:
    """Return the columns of the source of many rows, or of several sources."""
    if met.many is None:
        return None
    if joined is not None and met.many in joined.parts:
        return joined
    columns = met.search.row_sources[met.many].in_columns()
    # On an executor sources say nothing of their columns: whoever began the search
    # knows what is joined.
    if columns is None or met.wanted:
        return columns
    return _joined(met, met.many, columns, count) or columns


def _joined(
    met: Comparison, number: int, many: RowColumns, count: int
) -> JoinedColumns | None:
    """Return the columns of several sources, if that pays."""
    kind = met.search.row_sources[number].key_type
    parts = parts_of_type(met.search.row_sources, kind, {number: many})
    # Of one source there is nothing to join. That of many rows is among them in any
    # case.
    if len(parts) == 1:
        return None
    listed = ", ".join(map(str, parts))
    ((joined,),) = met.rows(sql.COUNT_JOINED.format(sources=listed))
    return joined_columns(parts) if joined * JOINED_PAYS > count else None


def parts_of_type(
    sources: Sequence[RowSource], kind: str, known: Mapping[int, RowColumns]
) -> dict[int, RowColumns]:
    """Return the columns of sources with rows of an id type that have some."""
    parts: dict[int, RowColumns] = {}
    for number, source in enumerate(sources):
        if source.rows and source.key_type == kind:
            columns = known[number] if number in known else source.in_columns()
            if columns is not None:
                parts[number] = columns
    return parts


def _parts_of(columns: RowColumns) -> Sequence[int]:
    return tuple(columns.parts) if isinstance(columns, JoinedColumns) else ()
