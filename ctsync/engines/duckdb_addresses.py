"""The addresses of rows that DuckDB decided: which several have, or others, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from ctsync.canonical_json import canonical
from ctsync.engines.duckdb_comparison import BATCH, Comparison
from ctsync.engines.found_rows import Decision
from ctsync.model.decided_addresses import ADDRESSES, SharedAddress
from ctsync.model.decided_rows import Table
from ctsync.model.profile_key import ProfileKey

# Addresses of decided rows, by their MD5, whose last byte is the highest of a number.
_NO_ADDRESSES = """
CREATE TEMP TABLE engine_marked (
    {names}, id VARCHAR, source INTEGER, file INTEGER, row BIGINT, is_new BOOLEAN
);
CREATE TEMP VIEW engine_addresses AS {addresses}"""
_ONE_ADDRESS = """
SELECT '{name}' AS name, {name} AS mark, id, source, file, row, is_new
FROM engine_marked WHERE {name} IS NOT NULL"""
_TAKE_ADDRESSES = """
INSERT INTO engine_marked
SELECT {marks}, id, source, file, row, is_new
FROM engine_range WHERE {some} IS NOT NULL"""
_NO_MARKS = "CREATE TEMP TABLE engine_marks (name VARCHAR, mark UHUGEINT)"
_TAKE_MARKS = """
INSERT INTO engine_marks
SELECT place ->> 0, unhex(place ->> 1)::BIT::UHUGEINT
FROM (SELECT unnest(from_json($1::JSON, '["JSON"]')) AS place)"""
_SHARED = """
SELECT a.name, lpad(hex(a.mark), 32, '0'), a.id, a.source, a.file, a.row, a.is_new
FROM engine_addresses a SEMI JOIN (
    SELECT name, mark FROM engine_addresses GROUP BY name, mark HAVING count(*) > 1
    UNION ALL FROM engine_marks
) s ON a.name = s.name AND a.mark = s.mark"""


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
        self.met.connection.execute(_no_addresses([*self.names]))

    def note(self, table: Table) -> None:
        """Keep what stands for the addresses of rows that are decided."""
        connection = self.met.connection
        wanted = ["id", "source", "file", "row", "is_new", *ADDRESSES]
        connection.register("engine_range", table.select(wanted))
        connection.execute(_take_addresses([*self.names]))
        connection.unregister("engine_range")

    def shared(self, marks: Iterable[tuple[str, bytes]]) -> Iterator[SharedAddress]:
        """Yield decided rows with an address that several have, or that is marked."""
        self.met.run(_NO_MARKS)
        marked = ([name, mark[::-1].hex()] for name, mark in marks)
        while batch := list(islice(marked, BATCH)):
            self.met.connection.execute(_TAKE_MARKS, [canonical(batch).decode()])
        for name, mark, identifier, source, *at, is_new in self.met.rows(_SHARED):
            key = ProfileKey(self.decision.key_type, identifier)
            origin = self.decision.source.of(source).origin(*at)
            yield SharedAddress(name, bytes.fromhex(mark)[::-1], key, origin, is_new)


def _no_addresses(names: Sequence[str]) -> str:
    """Return what makes the table of addresses of some names, and shows each alone."""
    alone = (_ONE_ADDRESS.format(name=name) for name in names)
    marks = ", ".join(f"{name} UHUGEINT" for name in names)
    return _NO_ADDRESSES.format(names=marks, addresses=" UNION ALL ".join(alone))


def _take_addresses(names: Sequence[str]) -> str:
    """Return what takes the addresses of a range in."""
    # Of a row whose addresses both stay as they are nothing is taken. They come as JSON
    # text, and an MD5 is of what stands between the quotes.
    marks = ", ".join(f"md5_number({name}[2:-2])" for name in names)
    return _TAKE_ADDRESSES.format(marks=marks, some=f"coalesce({', '.join(names)})")
