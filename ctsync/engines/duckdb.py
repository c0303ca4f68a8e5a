"""Finding candidates in DuckDB: for populations that Python should not hold.

Digests and fingerprints are joined as columns; only what differs comes to Python, in
the order of keys. What does not fit into the memory of a connection goes to its disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import Any, TypeAlias

from msgspec import Struct, field
from msgspec.structs import asdict

from ctsync.canonical_json import canonical, fold_name
from ctsync.duckdb_connection import (
    Connection,
    as_bytes,
    open_connection,
    refusals,
)
from ctsync.engines import duckdb_sql as sql
from ctsync.engines.base import (
    Candidate,
    Engine,
    ProfileCounts,
    Search,
    fingerprint,
    in_order,
)
from ctsync.engines.prefetch import fetched_ahead
from ctsync.model.contribution import Contribution
from ctsync.model.decided_addresses import (
    ADDRESSES,
    DecidedAddresses,
    SharedAddress,
)
from ctsync.model.decided_rows import DecidedRows, Decider, RowDecision, Table
from ctsync.model.entry import entry_from_line, entry_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns, RowSource, Stream
from ctsync.sql_text import quoted

_BATCH = 4096
LEAST_DECIDED = 5_000  # of fewer candidates it is told sooner one by one
FORCED = "false"  # in SQL over an id: whom Python has to decide in any case
_RANGE = 8192  # keys that come to Python at once, while the next ones are fetched
_RANGE_DECIDED = 16_384
_LEAST_MIB, _MOST_MIB, _BYTES_A_LINE = 512, 1536, 64
# With fewer rows for each entry, most of the snapshot is not worth a join.
_ENTRIES_A_ROW = 4
# What a row that comes to Python is, if not one of a source.
_LOOSE, _DIFFERS, _SAME = -1, -2, -3
_Row: TypeAlias = "tuple[Any, ...]"


def find_candidates(search: Search, tally: ProfileCounts) -> Iterator[Candidate]:
    """Yield candidates in the order of their keys, counting what is passed over.

    Raises:
        SpecError: the files of a row source cannot be read.
        CtsyncError: memory or disk were not enough.
    """
    for found in _find(search, tally, None):
        if isinstance(found, Candidate):
            yield found


def find_decided(
    search: Search, tally: ProfileCounts, decider: Decider
) -> Iterator[Candidate | DecidedRows | DecidedAddresses]:
    """Yield the same, with those decided whose rows the decider can decide.

    Raises:
        SpecError: the files of a row source cannot be read.
        CtsyncError: memory or disk were not enough.
    """
    yield from _find(search, tally, decider)


def _find(
    search: Search, tally: ProfileCounts, decider: Decider | None
) -> Iterator[Candidate | DecidedRows | DecidedAddresses]:
    with open_connection(files=search.files) as connection:
        duckdb_search = DuckdbSearch(connection, search, decider)
        duckdb_search.gather()
        duckdb_search.compare(tally)
        duckdb_search.compare_nobody()
        yield from duckdb_search.candidates()
    for source in search.row_sources:
        source.check_unchanged()


def find_places(
    sources: Iterable[RowSource], key: ProfileKey
) -> Iterator[Contribution]:
    """Yield what the rows of sources say of one profile, by source, file and row.

    Raises:
        SpecError: the files of a row source cannot be read.
        CtsyncError: memory or disk were not enough.
    """
    for source in sources:
        with open_connection(files=source.reads) as connection:
            source.load(connection)
            connection.execute(sql.ROWS_OF_ONE.format(**_of(source)), [*key])
            digest, cells = as_bytes("o.digest"), source.cells("engine_one")
            query = sql.CELLS_OF_ONE.format(cells=cells, digest=digest)
            rows = connection.execute(query).fetchall()
        source.check_unchanged()
        for row in rows:
            yield source.contribution(*row)


class _Decision(Struct, frozen=True):
    """How the rows of one source are decided."""

    key_type: str
    source: RowColumns
    query: RowDecision

    def over(self, decided: str, others: str) -> str:
        """Return the query of rows that are decided if they can be, and of others."""
        empty = ", ".join(f"NULL AS {name}" for name in self.query.added)
        words = {"decided": self.query.over(decided), "others": others}
        return sql.WITH_DECIDED.format(empty=empty, **words)

    def rows(self, table: Table) -> DecidedRows:
        """Return rows that are decided."""
        return DecidedRows(self.key_type, self.source, self.query, table)

    @property
    def addresses(self) -> dict[str, str]:
        """The attributes that are addresses, by folded name."""
        names = {fold_name(each.name): each.name for each in self.query.attributes}
        return {name: names[name] for name in ADDRESSES if name in names}


_OPEN = ("type", "id", "source", "file", "row", "digest", "cells", "body")
_Found: TypeAlias = "list[_Row] | Table"


class DuckdbSearch(Struct):
    """One search, in a connection of its own.

    The source with the most rows is the `many`: they are read where they are and
    joined with the snapshot. All other places are the few, and kept in a table.
    """

    connection: Connection
    search: Search
    decider: Decider | None
    _decision: _Decision | None = None
    _loose: list[Contribution] = field(default_factory=list)
    _many: int | None = None
    _stream: Stream | None = None
    _has_few: bool = False
    _entries: int = 0

    def gather(self) -> None:
        """Bring entries and places into the connection's reach."""
        self._take_entries()
        self._run(sql.NO_FEW)
        self._take_loose()
        self._open()
        rows = sum(source.rows for source in self.search.row_sources)
        self._run(sql.LIMITS, memory_mib=_memory_mib(rows + self._entries))
        for number, source in enumerate(self.search.row_sources):
            if number != self._many and source.rows:
                self._has_few = True
                self._run(sql.TAKE_ROWS, source=number, **_of(source))
        if self.search.watch.everyone:
            self._show_places()

    def compare(self, tally: ProfileCounts) -> None:
        """Find out which profiles may differ, and count all of them."""
        watch = self.search.watch
        known = sql.known(watch.attributes, everyone=watch.everyone)
        undeclared = str(watch.undeclared)
        if self._many is None:
            self._run(sql.MEET_FEW, known=known, undeclared=undeclared)
            self._run(sql.PLACES_OF_FEW)
        else:
            source = self.search.row_sources[self._many]
            self._meet_many(source, known)
            self._run(sql.SEEN_OF_MANY)
            self._run(sql.PLACES_OF_MANY, source=self._many, **_of(source))
        named = sql.named(once=self._many is not None and not self._has_few)
        self._run(sql.MEET, named=named, undeclared=undeclared)
        self._count(tally)

    def compare_nobody(self) -> None:
        """Pass on the rows that name no one."""
        for (number,) in sorted(self._rows(sql.NOBODYS_SOURCES)):
            cells = self._cells(sql.NOBODYS_ROWS, "engine_nobody", number)
            for row in self._rows(sql.NOBODY.format(cells=cells)):
                place = self.search.row_sources[number].contribution(*row)
                self.search.watch.on_nobody(place)

    def candidates(self) -> Iterator[Candidate | DecidedRows | DecidedAddresses]:
        """Yield the candidates, and pass on the entries that are watched."""
        self._run(sql.CHOSEN)
        self._decision = self._decided()
        self._run(sql.WIDE, parts=" UNION ALL ".join(self._parts()) or sql.NO_WIDE)
        # Whatever happens meanwhile, no query is under way when the connection closes.
        with closing(fetched_ahead(self._in_range, self._ranges())) as ranges:
            for found in ranges:
                yield from self._in_turn(found)
        if self._decision is not None and self._decision.addresses:
            yield DecidedAddresses(self._decision.addresses, self._shared)

    def _decided(self) -> _Decision | None:
        """Return how the rows of the many are decided, and mark those that may be."""
        if self._many is None or self.decider is None:
            return None
        ((count,),) = self._rows(sql.COUNT_NAMED)
        source = self.search.row_sources[self._many]
        columns = source.in_columns() if count >= LEAST_DECIDED else None
        if columns is None:
            return None
        decision = self.decider(source.key_type, columns)
        if decision is None:
            return None
        self._run(sql.ALONE, type=quoted(source.key_type), forced=FORCED)
        self._run(sql.NO_ADDRESSES)
        return _Decision(source.key_type, columns, decision)

    def _in_turn(self, found: _Found) -> Iterator[Candidate | DecidedRows]:
        """Yield candidates and, between them, runs of those that are decided."""
        if isinstance(found, list) or self._decision is None:
            yield from self._candidates(found)
            return
        start, open_ones = 0, found["is_new"].is_null().to_pylist()
        for is_open, run in groupby(open_ones):
            length = sum(1 for _ in run)
            part, start = found.slice(start, length), start + length
            if is_open:
                columns = (part[name].to_pylist() for name in _OPEN)
                yield from self._candidates(zip(*columns, strict=True))
            else:
                yield self._decision.rows(part)

    def _candidates(self, rows: Iterable[_Row]) -> Iterator[Candidate]:
        for (kind, identifier), found in groupby(rows, itemgetter(0, 1)):
            entry, is_same, places = None, False, []
            for _, _, source, file, row, digest, cells, line in found:
                if source >= 0:
                    by = self.search.row_sources[source]
                    places.append(by.contribution(identifier, digest, file, row, cells))
                    if line is not None:
                        entry = entry_from_line(line)
                elif source == _LOOSE:
                    places.append(self._loose[row])
                else:
                    entry, is_same = entry_from_line(line), source == _SAME
            if is_same and entry is not None:
                self.search.watch.on_unchanged(entry)
            else:
                mark = fingerprint(places) if places else None
                yield Candidate(
                    ProfileKey(kind, identifier), in_order(places), entry, mark
                )

    def _parts(self) -> Iterator[str]:
        for number, source in enumerate(self.search.row_sources):
            if source.rows:
                yield self._cells(sql.CHOSEN_ROWS, "engine_rows", number)

    def _ranges(self) -> list[str]:
        """Return conditions that part the keys of candidates into ranges."""
        count = _RANGE if self._decision is None else _RANGE_DECIDED
        bounds = list(self._rows(sql.BOUNDS.format(count=count)))
        return [_between(*two) for two in pairwise([*bounds, ("", "")])]

    def _in_range(self, condition: str) -> _Found:
        kinds = {"loose": _LOOSE, "same": _SAME, "differs": _DIFFERS}
        query = sql.IN_RANGE.format(range=condition, **kinds)
        if self._decision is None:
            return self.connection.execute(query + sql.IN_ORDER).fetchall()
        query = self._decision.over(sql.DECIDED.format(range=condition), query)
        table = self.connection.sql(query + sql.IN_ORDER).to_arrow_table()
        self._note_addresses(table)
        return table

    def _note_addresses(self, table: Table) -> None:
        """Keep what stands for the addresses of rows that are decided."""
        if self._decision is None or not self._decision.addresses:
            return
        self.connection.register(
            "engine_range", table.select(["id", "file", "row", "is_new", *ADDRESSES])
        )
        for name in self._decision.addresses:
            self._run(sql.TAKE_ADDRESSES, name=name)
        self.connection.unregister("engine_range")

    def _shared(self, marks: Iterable[tuple[str, bytes]]) -> Iterator[SharedAddress]:
        """Yield decided rows with an address that several have, or that is marked."""
        decision = self._decision
        if decision is None:
            return
        self._run(sql.NO_MARKS)
        marked = ([name, mark[::-1].hex()] for name, mark in marks)
        while batch := list(islice(marked, _BATCH)):
            self.connection.execute(sql.TAKE_MARKS, [canonical(batch).decode()])
        for name, mark, identifier, file, row, is_new in self._rows(sql.SHARED):
            key = ProfileKey(decision.key_type, identifier)
            origin = decision.source.origin(file, row)
            yield SharedAddress(name, bytes.fromhex(mark)[::-1], key, origin, is_new)

    def _take_entries(self) -> None:
        if self.search.columns is not None:
            self._run(sql.KNOWN, columns=self.search.columns.sql)
        else:
            self._run(sql.NO_KNOWN)
            entries = iter(self.search.entries())
            while lines := list(map(entry_line, islice(entries, _BATCH))):
                text = b"".join(lines).decode().removesuffix("\n")
                self.connection.execute(sql.TAKE_LINES, [text])
        ((self._entries,),) = self._rows(sql.COUNT_KNOWN)

    def _take_loose(self) -> None:
        named = self.search.watch.named(self.search.loose())
        while batch := list(islice(named, _BATCH)):
            rows = [
                [*each.key, str(int.from_bytes(each.digest)), place]
                for place, each in enumerate(batch, len(self._loose))
            ]
            self.connection.execute(sql.TAKE_LOOSE, [canonical(rows).decode()])
            self._loose += batch
        self._has_few = bool(self._loose)

    def _open(self) -> None:
        """Open the sources; load all but one of many rows that can be streamed."""
        sources = self.search.row_sources
        streams = [source.open(self.connection) for source in sources]
        for source, stream in zip(sources, streams, strict=True):
            if stream is None:
                source.load(self.connection)
        self._many = self._choose_many()
        if self._many is not None and not self.search.watch.everyone:
            self._stream = streams[self._many]
        for source, stream in zip(sources, streams, strict=True):
            if stream is not None and stream is not self._stream:
                source.load(self.connection)

    def _meet_many(self, source: RowSource, known: str) -> None:
        if self._stream is not None:
            try:
                self._meet(source, self._stream, known)
            except refusals():
                source.load(self.connection)  # and tell what is wrong
                raise
            if not self._has_twins(source):
                return
            self._run(sql.NO_ODD)
            self._stream = None
            source.load(self.connection)
        loaded = sql.LOADED.format(rows=source.keys)
        self._meet(source, Stream(loaded, "loaded", "NULL::VARCHAR[]", "true"), known)

    def _meet(self, source: RowSource, stream: Stream, known: str) -> None:
        words = {"type": quoted(source.key_type), "known": known, **asdict(stream)}
        overlap = sql.OVERLAP.format(**words) if self._has_few else ""
        self._run(sql.MEET_MANY, overlap=overlap, **words)

    def _has_twins(self, source: RowSource) -> bool:
        """Return whether a key stands in two rows of the stream."""
        words = {"type": quoted(source.key_type), "rows": source.rows}
        ((rows, entries),) = self._rows(sql.UNNOTICED.format(**words))
        if rows != entries or list(self._rows(sql.ODD_TWINS)):
            return True
        self._run(sql.ODD_STRANGERS, **words)
        ((strangers,),) = self._rows(sql.COUNT_STRANGERS)
        known = sql.KNOWN_STRANGERS.format(**words)
        return bool(strangers and list(self._rows(known)))

    def _choose_many(self) -> int | None:
        rows = [source.rows for source in self.search.row_sources]
        most = max(rows, default=0)
        if not most or most * _ENTRIES_A_ROW < self._entries:
            return None
        return rows.index(most)

    def _show_places(self) -> None:
        """Pass on one row of every file."""
        for source in self.search.row_sources:
            query = sql.PLACES.format(rows=source.keys)
            for identifier, file, row in self._rows(query):
                place = source.contribution(identifier, b"", file, row, ())
                self.search.watch.on_place(place)

    def _count(self, tally: ProfileCounts) -> None:
        ((tally.entries,),) = self._rows(sql.COUNT_ENTRIES)
        ((known, same, undeclared),) = self._rows(sql.COUNT_MET)
        # What was not met, few did not name, and many named as it is.
        rest = tally.entries - known
        tally.unchanged = same + (rest if self._many is not None else 0)
        tally.undeclared = undeclared + (rest if self._many is None else 0)

    def _cells(self, query: str, name: str, number: int) -> str:
        """Return the query of some rows of a source with their cells."""
        name = f"{name}_{number}"
        self._run(query, name=name, source=number)
        if number == self._many and self._stream is not None:
            cells = sql.CELLS_OF_STREAM.format(name=name)
        else:
            cells = self.search.row_sources[number].cells(name)
        words = {"digest": as_bytes("r.digest"), "name": name, "source": number}
        return sql.CELLS.format(cells=cells, **words)

    def _run(self, query: str, **words: object) -> None:
        self.connection.execute(query.format(**words))

    def _rows(self, query: str) -> Iterator[_Row]:
        cursor = self.connection.execute(query)
        while batch := cursor.fetchmany(_BATCH):
            yield from batch


def _memory_mib(lines: int) -> int:
    """Return how much a search among so many rows and entries may hold in memory."""
    return min(_LEAST_MIB + lines * _BYTES_A_LINE // 2**20, _MOST_MIB)


def _between(low: Sequence[str], high: Sequence[str]) -> str:
    """The condition for keys from one bound on, up to the next of its id type."""
    (kind, first), (other, end) = low, high
    below = f" AND id < {quoted(end)}" if kind == other else ""
    return f"type = {quoted(kind)} AND id >= {quoted(first)}{below}"


def _of(source: RowSource) -> dict[str, str]:
    return {"type": quoted(source.key_type), "rows": source.keys}


ENGINE = Engine("duckdb", find_candidates, find_decided)
