"""Finding candidates in DuckDB: for populations that Python should not hold.

Digests and fingerprints are joined as columns; only what differs comes to Python, in
the order of keys. What does not fit into the memory of a connection goes to its disk.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice

from msgspec import Struct, field
from msgspec.structs import asdict

from ctsync.canonical_json import canonical
from ctsync.duckdb_connection import (
    Connection,
    as_bytes,
    open_connection,
    refusals,
)
from ctsync.engines import duckdb_sql as sql
from ctsync.engines.base import (
    FoundProfiles,
    ProfileCounts,
    Search,
    deciding_engine,
)
from ctsync.engines.chosen_ranges import ChosenRange, ascends, chosen_ranges
from ctsync.engines.found_rows import (
    DIFFERS,
    LOOSE,
    SAME,
    Decision,
    Found,
    FoundRow,
    FoundRows,
)
from ctsync.engines.joined_rows import decided_joined
from ctsync.engines.prefetch import fetched_ahead
from ctsync.model.contribution import Contribution
from ctsync.model.decided_addresses import (
    ADDRESSES,
    DecidedAddresses,
    SharedAddress,
)
from ctsync.model.decided_rows import Decider, RowDecision, Table
from ctsync.model.entry import Entry, entry_line
from ctsync.model.joined_columns import JoinedColumns, joined_columns
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns, RowSource, Stream
from ctsync.sql_text import quoted

_BATCH = 4096
LEAST_DECIDED = 5_000  # of fewer candidates it is told sooner one by one
# Putting rows together costs each a thirtieth, or so, of what Python costs one of them.
JOINED_PAYS = 30
FORCED = "false"  # in SQL over an id: whom Python has to decide in any case
_RANGE = 8192  # keys that come to Python at once, while the next ones are fetched
_RANGE_DECIDED = 32_768
_LEAST_MIB, _MOST_MIB, _BYTES_A_LINE = 512, 1536, 64
# With fewer rows for each entry, most of the snapshot is not worth a join.
_ENTRIES_A_ROW = 4


def find(
    search: Search, tally: ProfileCounts, decider: Decider | None
) -> Iterator[FoundProfiles]:
    """Yield the candidates in the order of their keys, decided if there is a decider.

    Raises:
        SpecError: the files of a row source cannot be read.
        CtsyncError: memory or disk were not enough.
    """
    with open_connection(files=search.files) as connection:
        duckdb_search = DuckdbSearch(connection, search, decider)
        duckdb_search.gather()
        duckdb_search.compare(tally)
        for number, row in duckdb_search.nobody():
            search.watch.on_nobody(search.row_sources[number].contribution(*row))
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


def take_entries(connection: Connection, entries: Iterable[Entry]) -> None:
    """Take entries into the table `engine_known` of a connection."""
    connection.execute(sql.NO_KNOWN)
    waiting = iter(entries)
    while lines := list(map(entry_line, islice(waiting, _BATCH))):
        text = b"".join(lines).decode().removesuffix("\n")
        connection.execute(sql.TAKE_LINES, [text])


class Ways(Struct, frozen=True):
    """How a search goes about it; None is what suits a search of everything.

    Rows are decided where there are `least_decided` candidates, and `keys_at_once` come
    from the database, then always as a table of Arrow. Whom Python has to decide, in
    SQL over an id, `forced` says. The source `many` is the one of many rows, if it has
    any.
    """

    least_decided: int | None = None
    keys_at_once: int | None = None
    forced: str | None = None
    many: int | None = None


class DuckdbSearch(Struct):
    """One search, in a connection of its own.

    The source with the most rows is the `many`: they are read where they are and
    joined with the snapshot. All other places are the few, and kept in a table.
    """

    connection: Connection
    search: Search
    decider: Decider | None
    ways: Ways = Ways()
    _decision: Decision | None = None
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

    def nobody(self) -> Iterator[tuple[int, FoundRow]]:
        """Yield the rows that name no one, with the numbers of their sources."""
        for (number,) in sorted(self._rows(sql.NOBODYS_SOURCES)):
            cells = self._cells(sql.NOBODYS_ROWS, "engine_nobody", number)
            for row in self._rows(sql.NOBODY.format(cells=cells)):
                yield number, row

    def candidates(self) -> Iterator[FoundProfiles]:
        """Yield the candidates, and pass on the entries that are watched."""
        self.choose()
        rows = FoundRows(
            self.search.row_sources,
            self._loose,
            self.search.watch.on_unchanged,
            self._decision,
        )
        with closing(self.found()) as ranges:
            for found in ranges:
                yield from rows.in_turn(found)
        if self._decision is not None and self._decision.addresses:
            yield DecidedAddresses(self._decision.addresses, self._shared)

    def choose(self) -> None:
        """Choose what comes to Python, and find out how rows of it are decided."""
        self._run(sql.CHOSEN)
        self._decision = self._decided()
        self._run(sql.WIDE, parts=" UNION ALL ".join(self._parts()) or sql.NO_WIDE)
        if self._many is not None:
            self._run(sql.NO_ODD)  # it holds as many cells again
        self._run(sql.KEEP_ORDER)

    def found(self) -> Generator[Found]:
        """Yield what was chosen in the order of keys, and the entries watched."""
        # Whatever happens meanwhile, no query is under way when the connection closes.
        with closing(fetched_ahead(self._in_range, self._ranges())) as ranges:
            yield from ranges

    def _decided(self) -> Decision | None:
        """Return how rows are decided, and mark those that may be."""
        if self._many is None or self.decider is None:
            return None
        ((count,),) = self._rows(sql.COUNT_NAMED)
        source = self.search.row_sources[self._many]
        least = self.ways.least_decided
        is_enough = count >= (LEAST_DECIDED if least is None else least)
        columns = source.in_columns() if is_enough else None
        if columns is None:
            return None
        columns = self._joined(columns, count) or columns
        decision = self.decider(source.key_type, columns)
        if decision is None:
            return None
        self._run(
            sql.ALONE,
            type=quoted(source.key_type),
            sources=", ".join(map(str, _parts_of(columns) or [self._many])),
            forced=self.ways.forced or FORCED,
        )
        made = Decision(source.key_type, columns, decision)
        if made.addresses:
            self.connection.execute(sql.no_addresses([*made.addresses]))
        return made

    def _joined(self, many: RowColumns, count: int) -> JoinedColumns | None:
        """Return the columns of several sources, if that pays."""
        if self._many is None or self.ways.many is not None:
            return None
        kind = self.search.row_sources[self._many].key_type
        parts: dict[int, RowColumns] = {}
        for number, source in enumerate(self.search.row_sources):
            if source.rows and source.key_type == kind:
                columns = many if number == self._many else source.in_columns()
                if columns is not None:
                    parts[number] = columns
        if len(parts) == 1:
            return None
        listed = ", ".join(map(str, parts))
        ((joined,),) = self._rows(sql.COUNT_JOINED.format(sources=listed))
        return joined_columns(parts) if joined * JOINED_PAYS > count else None

    def _parts(self) -> Iterator[str]:
        for number, source in enumerate(self.search.row_sources):
            if source.rows and number == self._many and self._stream is not None:
                words = {"type": quoted(source.key_type), "source": number}
                digest = as_bytes("o.digest")
                yield sql.CHOSEN_OF_STREAM.format(digest=digest, **words)
            elif source.rows:
                yield self._cells(sql.CHOSEN_ROWS, "engine_rows", number)

    def _ranges(self) -> list[ChosenRange]:
        """Return the ranges into which the keys of candidates are parted."""
        count = self.ways.keys_at_once
        if count is None:
            count = _RANGE if self._decision is None else _RANGE_DECIDED
        return [*chosen_ranges(self._rows(sql.RANGES.format(count=count)))]

    def _in_range(self, keys: ChosenRange) -> Found:
        if keys.alone and self._decision is not None and not self._is_joined:
            table = self._decided_alone(keys, self._decision.query)
            self._note_addresses(table)
            return table
        kinds = {"loose": LOOSE, "same": SAME, "differs": DIFFERS}
        query = sql.IN_RANGE.format(range=keys.condition, **kinds)
        if self._decision is not None:
            decided = _decided_in(self._decision, keys.condition)
            empty = ", ".join(f"NULL AS {n}" for n in self._decision.query.added)
            words = {"decided": decided, "others": query, "empty": empty}
            query = sql.WITH_DECIDED.format(**words)
        elif self.ways.keys_at_once is None:
            return self.connection.execute(query + sql.IN_ORDER).fetchall()
        table = self.connection.sql(query + sql.IN_ORDER).to_arrow_table()
        self._note_addresses(table)
        return table

    def _decided_alone(self, keys: ChosenRange, decision: RowDecision) -> Table:
        """Return decided rows in the order in which they were kept: that of keys.

        To sort them takes as long as much of deciding, for they are wide by then. No
        join promises an order, so where they came in another one they are sorted.
        """
        rows = sql.DECIDED if keys.has_entries else sql.DECIDED_NEW
        rows = rows.format(range=keys.condition)
        query = decision.over(rows, are_new=not keys.has_entries)
        table = self.connection.sql(query).to_arrow_table()
        if ascends(table):
            return table
        return self.connection.sql(query + sql.IN_ORDER).to_arrow_table()

    @property
    def _is_joined(self) -> bool:
        decision = self._decision
        return decision is not None and isinstance(decision.source, JoinedColumns)

    @property
    def has_addresses(self) -> bool:
        """Whether rows were decided that may have addresses."""
        return self._decision is not None and bool(self._decision.addresses)

    def _note_addresses(self, table: Table) -> None:
        """Keep what stands for the addresses of rows that are decided."""
        if self._decision is None or not self._decision.addresses:
            return
        wanted = ["id", "source", "file", "row", "is_new", *ADDRESSES]
        self.connection.register("engine_range", table.select(wanted))
        names = [*self._decision.addresses]
        self.connection.execute(sql.take_addresses(names))
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
        for name, mark, identifier, source, *at, is_new in self._rows(sql.SHARED):
            key = ProfileKey(decision.key_type, identifier)
            origin = decision.source.of(source).origin(*at)
            yield SharedAddress(name, bytes.fromhex(mark)[::-1], key, origin, is_new)

    def _take_entries(self) -> None:
        if self.search.columns is not None:
            self._run(sql.KNOWN, columns=self.search.columns.sql)
        else:
            take_entries(self.connection, self.search.entries())
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
        many = self.ways.many
        if not most or most * _ENTRIES_A_ROW < self._entries:
            return None
        return many if many is not None and rows[many] else rows.index(most)

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

    def _rows(self, query: str) -> Iterator[FoundRow]:
        cursor = self.connection.execute(query)
        while batch := cursor.fetchmany(_BATCH):
            yield from batch


def _decided_in(decision: Decision, within: str) -> str:
    """Return the query of the rows of a range that are decided if they can be."""
    if isinstance(decision.source, JoinedColumns):
        return decided_joined(decision.query, decision.source, within)
    return decision.query.over(sql.DECIDED.format(range=within))


def _parts_of(columns: RowColumns) -> Sequence[int]:
    return tuple(columns.parts) if isinstance(columns, JoinedColumns) else ()


def _memory_mib(lines: int) -> int:
    """Return how much a search among so many rows and entries may hold in memory."""
    return min(_LEAST_MIB + lines * _BYTES_A_LINE // 2**20, _MOST_MIB)


def _of(source: RowSource) -> dict[str, str]:
    return {"type": quoted(source.key_type), "rows": source.keys}


ENGINE = deciding_engine("duckdb", find)
