"""Putting entries and rows side by side in DuckDB, and finding who may differ.

Digests and fingerprints are joined as columns, and only keys and places of whoever
differs are kept. The source with the most rows is the `many`: they are read where they
are and joined with the snapshot. All other places are the few, and kept in a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct, field
from msgspec.structs import asdict

from ctsync.canonical_json import canonical
from ctsync.duckdb_connection import Connection, as_bytes, refusals
from ctsync.engines import duckdb_comparison_sql as sql
from ctsync.engines.base import ProfileCounts, Search
from ctsync.engines.found_rows import FoundRow
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry, entry_line
from ctsync.model.row_source import RowSource, Stream
from ctsync.sql_text import quoted

BATCH = 4096  # what passes between Python and the database at once
_LEAST_MIB, _MOST_MIB, _BYTES_A_LINE = 512, 1536, 64
# With fewer rows for each entry, most of the snapshot is not worth a join.
_ENTRIES_A_ROW = 4


def take_entries(connection: Connection, entries: Iterable[Entry]) -> None:
    """Take entries into the table `engine_known` of a connection."""
    connection.execute(sql.NO_KNOWN)
    waiting = iter(entries)
    while lines := list(map(entry_line, islice(waiting, BATCH))):
        # Behind a last newline the query would part off one line more, which is no
        # entry.
        text = b"".join(lines).decode().removesuffix("\n")
        connection.execute(sql.TAKE_LINES, [text])


class Comparison(Struct):
    """The entries and places of one search, in a connection of its own.

    The first source of `wanted` with any rows is the one of many; without, the largest.
    """

    connection: Connection
    search: Search
    wanted: Sequence[int] = ()
    loose: list[Contribution] = field(default_factory=list)
    many: int | None = None
    stream: Stream | None = None
    _has_few: bool = False
    _entries: int = 0
    _present: dict[str, int] = field(default_factory=dict)

    def gather(self) -> None:
        """Bring entries and places into the connection's reach."""
        self._take_entries()
        self.run(sql.NO_FEW)
        self._take_loose()
        self._open()
        rows = sum(source.rows for source in self.search.row_sources)
        # Not before files are loaded: where rows carry no number, as in CSV, they are
        # numbered by the order in which they were inserted, and that is given up here.
        self.run(sql.LIMITS, memory_mib=_memory_mib(rows + self._entries))
        for number, source in enumerate(self.search.row_sources):
            if number != self.many and source.rows:
                self._has_few = True
                self.run(sql.TAKE_ROWS, source=number, **of_source(source))
        if self.search.watch.everyone:
            self._show_places()

    def compare(self, tally: ProfileCounts) -> None:
        """Find out which profiles may differ, and count all of them."""
        watch = self.search.watch
        known = sql.known(watch.attributes, everyone=watch.everyone)
        undeclared = str(watch.undeclared)
        if self.many is None:
            self.run(sql.MEET_FEW, known=known, undeclared=undeclared)
            self.run(sql.PLACES_OF_FEW)
        else:
            source = self.search.row_sources[self.many]
            self._meet_many(source, known)
            self.run(sql.PLACES_OF_MANY, source=self.many, **of_source(source))
        named = sql.named(once=self.many is not None and not self._has_few)
        self.run(sql.MEET, named=named, undeclared=undeclared)
        self.run(sql.NO_SEEN)
        self._count(tally)

    def nobody(self) -> Iterator[tuple[int, FoundRow]]:
        """Yield the rows that name no one, with the numbers of their sources."""
        for (number,) in sorted(self.rows(sql.NOBODYS_SOURCES)):
            cells = self.cells(sql.NOBODYS_ROWS, "engine_nobody", number)
            for row in self.rows(sql.NOBODY.format(cells=cells)):
                yield number, row

    def drop_odd(self) -> None:
        """Drop what stayed of the many: it holds as many cells as what was chosen."""
        if self.many is not None:
            self.run(sql.NO_ODD)

    def _take_entries(self) -> None:
        if self.search.columns is not None:
            self.run(sql.KNOWN, columns=self.search.columns.sql)
        else:
            take_entries(self.connection, self.search.entries())
        for kind, entries, present in self.rows(sql.COUNT_KNOWN):
            self._entries += entries
            self._present[kind] = present

    def _take_loose(self) -> None:
        named = self.search.watch.named(self.search.loose())
        while batch := list(islice(named, BATCH)):
            rows = [
                # A number of 128 bits goes as text, since orjson writes none that long.
                [*each.key, str(int.from_bytes(each.digest)), place]
                for place, each in enumerate(batch, len(self.loose))
            ]
            self.connection.execute(sql.TAKE_LOOSE, [canonical(rows).decode()])
            self.loose += batch
        self._has_few = bool(self.loose)

    def _open(self) -> None:
        """Open the sources; load all but one of many rows that can be streamed."""
        sources = self.search.row_sources
        streams = [source.open(self.connection) for source in sources]
        for source, stream in zip(sources, streams, strict=True):
            if stream is None:
                source.load(self.connection)
        self.many = self._choose_many()
        # Whoever wants everyone is shown a row of every file, and of a stream none is
        # kept.
        if self.many is not None and not self.search.watch.everyone:
            self.stream = streams[self.many]
        for source, stream in zip(sources, streams, strict=True):
            if stream is not None and stream is not self.stream:
                source.load(self.connection)

    def _meet_many(self, source: RowSource, known: str) -> None:
        if self.stream is not None:
            try:
                self._meet(source, self.stream, known)
            except refusals():
                source.load(self.connection)  # and tell what is wrong
                raise
            # A stream passes once and only what differs stays, so that a key stood
            # twice is told by counts; then the rows are loaded, and the source says
            # which of the two it is.
            if not self._has_twins(source):
                return
            self.run(sql.NO_ODD)
            self.run(sql.NO_SEEN)
            self.stream = None
            source.load(self.connection)
        loaded = sql.LOADED.format(rows=source.keys)
        self._meet(source, Stream(loaded, "loaded", "NULL::VARCHAR[]", "true"), known)

    def _meet(self, source: RowSource, stream: Stream, known: str) -> None:
        words = {"type": quoted(source.key_type), "known": known, **asdict(stream)}
        words |= sql.BY_DIGEST if stream.tells_key else sql.BY_KEY
        overlap = sql.OVERLAP.format(**words) if self._has_few else ""
        self.run(sql.MEET_MANY, overlap=overlap, **words)
        self.run(sql.MEET_ENTRIES, **words)

    def _has_twins(self, source: RowSource) -> bool:
        """Return whether a key stands in two rows of the stream."""
        words = {
            "type": quoted(source.key_type),
            "rows": source.rows,
            "entries": self._present.get(source.key_type, 0),
        }
        ((rows, entries),) = self.rows(sql.UNNOTICED.format(**words))
        if rows != entries or list(self.rows(sql.ODD_TWINS)):
            return True
        self.run(sql.ODD_STRANGERS, **words)
        ((strangers,),) = self.rows(sql.COUNT_STRANGERS)
        known = sql.KNOWN_STRANGERS.format(**words)
        are_known = bool(strangers and list(self.rows(known)))
        self.run(sql.NO_STRANGERS)
        return are_known

    def _choose_many(self) -> int | None:
        rows = [source.rows for source in self.search.row_sources]
        most = max(rows, default=0)
        if not most or most * _ENTRIES_A_ROW < self._entries:
            return None
        return next((each for each in self.wanted if rows[each]), rows.index(most))

    def _show_places(self) -> None:
        """Pass on one row of every file."""
        for source in self.search.row_sources:
            query = sql.PLACES.format(rows=source.keys)
            for identifier, file, row in self.rows(query):
                place = source.reader().contribution(identifier, b"", file, row, ())
                self.search.watch.on_place(place)

    def _count(self, tally: ProfileCounts) -> None:
        tally.entries = sum(self._present.values())
        ((known, same, undeclared),) = self.rows(sql.COUNT_MET)
        # What was not met, few did not name, and many named as it is.
        rest = tally.entries - known
        tally.unchanged = same + (rest if self.many is not None else 0)
        tally.undeclared = undeclared + (rest if self.many is None else 0)

    def cells(self, query: str, name: str, number: int) -> str:
        """Return the query of some rows of a source with their cells."""
        name = f"{name}_{number}"
        self.run(query, name=name, source=number)
        if number == self.many and self.stream is not None:
            cells = sql.CELLS_OF_STREAM.format(name=name)
        else:
            cells = self.search.row_sources[number].cells(name)
        words = {"digest": as_bytes("r.digest"), "name": name, "source": number}
        return sql.CELLS.format(cells=cells, **words)

    def run(self, query: str, **words: object) -> None:
        """Run a query in which words are put."""
        self.connection.execute(query.format(**words))

    def rows(self, query: str) -> Iterator[FoundRow]:
        """Yield the rows of a query."""
        cursor = self.connection.execute(query)
        while batch := cursor.fetchmany(BATCH):
            yield from batch


def _memory_mib(lines: int) -> int:
    """Return how much a search among so many rows and entries may hold in memory."""
    return min(_LEAST_MIB + lines * _BYTES_A_LINE // 2**20, _MOST_MIB)


def of_source(source: RowSource) -> dict[str, str]:
    """Return what queries say of a source."""
    return {"type": quoted(source.key_type), "rows": source.keys}
