"""Candidates out of DuckDB, in the order of keys and one range of them at a time.

What does not fit into the memory of a connection goes to its disk, so populations come
through that Python should not hold.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

from msgspec import Struct

from ctsync.beside import ahead
from ctsync.duckdb_connection import as_bytes
from ctsync.engines import duckdb_candidates_sql as sql
from ctsync.engines.base import FoundProfiles
from ctsync.engines.chosen_ranges import ChosenRange, chosen_ranges
from ctsync.engines.duckdb_addresses import DuckdbAddresses
from ctsync.engines.duckdb_comparison import BATCH, Comparison
from ctsync.engines.duckdb_decision import Ways, decision_over
from ctsync.engines.found_rows import (
    DIFFERS,
    LOOSE,
    SAME,
    Decision,
    Found,
    FoundRows,
)
from ctsync.engines.joined_rows import decided_joined
from ctsync.model.decided_addresses import DecidedAddresses
from ctsync.model.decided_records import ascends, in_order
from ctsync.model.decided_rows import Decider, RowDecision, Table
from ctsync.model.joined_columns import JoinedColumns
from ctsync.sql_text import quoted

_RANGE = 8192  # keys that come to Python at once, while the next ones are fetched
# A fourth of what DuckDB reads at once: of rows out of two such pieces it joins some of
# the one before the other is done, and then they have to be sorted.
_RANGE_DECIDED = 30_720
# As many as DuckDB works on at once. Buffers of so few are used again and again, where
# those of a whole range would each time be pages that nobody has touched before.
_ROWS_TOGETHER = 2048


class DuckdbCandidates(Struct):
    """Whoever a comparison chose; decided in columns where there is a decider."""

    met: Comparison
    decider: Decider | None
    ways: Ways = Ways()
    addresses: DuckdbAddresses | None = None
    _decision: Decision | None = None

    def found_profiles(self) -> Iterator[FoundProfiles]:
        """Yield the candidates, and pass on the entries that are watched."""
        self.choose()
        rows = FoundRows(
            [source.reader() for source in self.met.search.row_sources],
            self.met.loose,
            self.met.search.watch.on_unchanged,
            self._decision,
        )
        with closing(self.found()) as ranges:
            for found in ranges:
                yield from rows.in_turn(found)
        if self.addresses is not None:
            yield DecidedAddresses(self.addresses.names, self.addresses.shared)

    def choose(self) -> None:
        """Choose what comes to Python, and find out how rows of it are decided."""
        self.met.run(sql.CHOSEN)
        self.met.run(sql.NO_MET)
        self._decision = decision_over(self.met, self.decider, self.ways)
        if self._decision is not None and self._decision.addresses:
            self.addresses = DuckdbAddresses(self.met, self._decision)
            self.addresses.open()
        self.met.run(sql.WIDE, parts=" UNION ALL ".join(self._parts()) or sql.NO_WIDE)
        self.met.drop_odd()
        # From here on tables are read in their order, so that rows need no sorting once
        # they are decided and wide; until now keeping it would only have cost memory.
        self.met.run(sql.KEEP_ORDER)

    def found(self) -> Generator[Found]:
        """Yield what was chosen in the order of keys, and the entries watched."""
        # Whatever happens meanwhile, no query is under way when the connection closes.
        with ahead(map(self._in_range, self._ranges()), most=1) as ranges:
            yield from ranges

    def _parts(self) -> Iterator[str]:
        for number, source in enumerate(self.met.search.row_sources):
            if source.rows and number == self.met.many and self.met.stream is not None:
                words = {"type": quoted(source.key_type), "source": number}
                digest = as_bytes("o.digest")
                yield sql.CHOSEN_OF_STREAM.format(digest=digest, **words)
            elif source.rows:
                yield self.met.cells(sql.CHOSEN_ROWS, "engine_rows", number)

    def _ranges(self) -> list[ChosenRange]:
        """Return the ranges into which the keys of candidates are parted."""
        count = self.ways.keys_at_once
        if count is None:
            count = _RANGE if self._decision is None else self._decided_at_once()
        # All at once: the next query on a connection ends the one before it.
        return [*chosen_ranges(self.met.rows(sql.RANGES.format(count=count)))]

    def _decided_at_once(self) -> int:
        """Return how many keys come at once: more where little is said of each."""
        ((are_held,),) = self.met.rows(sql.MOSTLY_HELD)
        return _RANGE_DECIDED * 2 if are_held else _RANGE_DECIDED

    def _in_range(self, keys: ChosenRange) -> Found:
        if keys.alone and self._decision is not None and not self._is_joined:
            table = self._decided_alone(keys, self._decision.query)
            self._note(table)
            return table
        kinds = {"loose": LOOSE, "same": SAME, "differs": DIFFERS}
        query = sql.IN_RANGE.format(range=keys.condition, **kinds)
        if self._decision is not None:
            decided = _decided_in(self._decision, keys.condition)
            empty = ", ".join(f"NULL AS {n}" for n in self._decision.query.added)
            words = {"decided": decided, "others": query, "empty": empty}
            query = sql.WITH_DECIDED.format(**words)
        elif self.ways.keys_at_once is None:
            return self.met.connection.execute(query + sql.IN_ORDER).fetchall()
        table = self.met.connection.sql(query + sql.IN_ORDER).to_arrow_table()
        self._note(table)
        return table

    def _decided_alone(self, keys: ChosenRange, decision: RowDecision) -> Table:
        """Return decided rows in the order in which they were kept: that of keys.

        To sort them takes a while, for they are wide by then, and less than deciding
        them. No join promises an order, so where they came in another one it is done.
        """
        decided = sql.DECIDED if keys.has_entries else sql.DECIDED_NEW
        with self._alone(keys) as rows:
            query = decision.over(
                decided.format(rows=rows, range=keys.condition),
                are_new=not keys.has_entries,
            )
            table = self.met.connection.sql(query).to_arrow_table(_ROWS_TOGETHER)
        return table if ascends(table) else in_order(table)

    @contextmanager
    def _alone(self, keys: ChosenRange) -> Generator[str]:
        """Give the query of the rows of a range that may be decided, in pieces.

        Several threads read them so. Of a table of its own DuckDB gives no thread
        less than 122,880 rows, which are more than come at once.
        """
        connection = self.met.connection
        rows = connection.sql(sql.ALONE_ROWS.format(range=keys.condition))
        connection.register("engine_alone", rows.to_arrow_table(BATCH))
        try:
            yield "FROM engine_alone"
        finally:
            connection.unregister("engine_alone")

    @property
    def _is_joined(self) -> bool:
        decision = self._decision
        return decision is not None and isinstance(decision.source, JoinedColumns)

    def _note(self, table: Table) -> None:
        if self.addresses is not None:
            self.addresses.note(table)


def _decided_in(decision: Decision, within: str) -> str:
    """Return the query of the rows of a range that are decided if they can be."""
    if isinstance(decision.source, JoinedColumns):
        return decided_joined(decision.query, decision.source, within)
    rows = sql.ALONE_ROWS.format(range=within)
    return decision.query.over(sql.DECIDED.format(rows=rows, range=within))
