"""The addresses of rows that DuckDB decided: which several have, or others, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct

from ctsync.canonical_json import canonical
from ctsync.engines import duckdb_sql as sql
from ctsync.engines.duckdb_comparison import BATCH, Comparison
from ctsync.engines.found_rows import Decision
from ctsync.model.decided_addresses import ADDRESSES, SharedAddress
from ctsync.model.decided_rows import Table
from ctsync.model.profile_key import ProfileKey


class DuckdbAddresses(Struct, frozen=True):
    """What stands for addresses of rows that are decided, kept in the connection."""

    met: Comparison
    decision: Decision

    @property
    def names(self) -> Mapping[str, str]:
        """The attributes that are addresses, by folded name."""
        return self.decision.addresses

    def open(self) -> None:
        """Make the table in which they are kept."""
        self.met.connection.execute(sql.no_addresses([*self.names]))

    def note(self, table: Table) -> None:
        """Keep what stands for the addresses of rows that are decided."""
        connection = self.met.connection
        wanted = ["id", "source", "file", "row", "is_new", *ADDRESSES]
        connection.register("engine_range", table.select(wanted))
        connection.execute(sql.take_addresses([*self.names]))
        connection.unregister("engine_range")

    def shared(self, marks: Iterable[tuple[str, bytes]]) -> Iterator[SharedAddress]:
        """Yield decided rows with an address that several have, or that is marked."""
        self.met.run(sql.NO_MARKS)
        marked = ([name, mark[::-1].hex()] for name, mark in marks)
        while batch := list(islice(marked, BATCH)):
            self.met.connection.execute(sql.TAKE_MARKS, [canonical(batch).decode()])
        for name, mark, identifier, source, *at, is_new in self.met.rows(sql.SHARED):
            key = ProfileKey(self.decision.key_type, identifier)
            origin = self.decision.source.of(source).origin(*at)
            yield SharedAddress(name, bytes.fromhex(mark)[::-1], key, origin, is_new)
