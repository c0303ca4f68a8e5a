"""One search on a cluster: what is asked of executors, and what comes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.json import decode

from ctsync.arrow import arrow
from ctsync.beside import ahead
from ctsync.duckdb_connection import Connection, folder_of, path_in_sql
from ctsync.engines import duckdb_decision
from ctsync.engines.arrow_buffers import packed, unpacked
from ctsync.engines.base import FoundProfiles, ProfileCounts, Search
from ctsync.engines.duckdb_comparison import take_entries
from ctsync.engines.found_rows import Decision, FoundRows
from ctsync.engines.key_ranges import KeyRanges, ranges_over
from ctsync.engines.spark_addresses import SparkAddresses
from ctsync.engines.spark_reading import (
    EVERY,
    OTHER_VERSION,
    SAMPLED,
    SENT,
    UNSEEN,
    PieceReader,
    PieceSampler,
    SourcePiece,
)
from ctsync.engines.spark_results import OddRows, RangeResults
from ctsync.engines.spark_slices import SEARCHED, RangeResult, RangeSearch
from ctsync.engines.spark_weighing import packed_weighing
from ctsync.errors import CtsyncError
from ctsync.model.contribution import Contribution
from ctsync.model.decided_addresses import DecidedAddresses
from ctsync.model.decided_rows import Decider
from ctsync.model.joined_columns import JoinedColumns, joined_columns
from ctsync.model.profile_key import NOBODY
from ctsync.model.row_source import RowColumns
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.spark_session import Session

PIECE_ROWS = 1_000_000  # of a file whose rows have numbers: what one task reads
RANGE_KEYS = 65_536  # what one task searches and decides
_WRITE_ENTRIES = """
COPY (FROM engine_known ORDER BY type, id) TO {file} (FORMAT parquet)"""
_READ_ENTRIES = "SELECT * FROM read_parquet({file})"
_DRAWN = """
SELECT type, coalesce(list(id) FILTER (hash(id) % {every} = 0), [])
FROM ({columns}) GROUP BY type"""
_FAULTS = {
    UNSEEN: (
        "an executor does not see the tables, the state or the folder for scratch",
        "they lie where all machines see them by the same path; TMPDIR names the last",
    ),
    OTHER_VERSION: (
        "executors have another version of ctsync",
        "install the same on all machines",
    ),
}


class SparkSearch(Struct):
    """One search, in a session of Spark and a connection for what is done here."""

    connection: Connection
    session: Session
    search: Search
    decider: Decider | None
    _loose: list[Contribution] = field(default_factory=list)
    _decision: Decision | None = None

    def compare(self, tally: ProfileCounts) -> RangeResults:
        """Have all ranges searched, count, and pass on what names no one.

        Raises:
            SpecError: the files of a row source cannot be read.
            CtsyncError: executors cannot work with what they see.
            OddRows: a row cannot be read, or two have one key where none may.
        """
        columns = self._columns()
        # Executors cannot call back, so what no row says is read here and sent to its
        # range.
        loose = [*self.search.loose()]
        self._loose = [place for place in loose if place.key is not NOBODY]
        pieces = [*self._pieces()]
        rows, samples = self._drawn(pieces, columns)
        ranges = ranges_over(samples, every=EVERY, most_keys=RANGE_KEYS)
        self._take_counts(rows)
        found = self._searched(pieces, columns, ranges, self._decided(rows))
        results = RangeResults(self.search, self._folder, tuple(found))
        results.take_twins(rows)
        # Nothing is told to the watch before this. Until here odd rows send the search
        # to another engine, and that would tell it all of it once more.
        results.count(tally)
        for _ in self.search.watch.named(loose):
            pass
        results.show_places()
        results.pass_nobody()
        return results

    def candidates(self, results: RangeResults) -> Iterator[FoundProfiles]:
        """Yield the candidates, and pass on the entries that are watched."""
        rows = FoundRows(
            [source.reader() for source in self.search.row_sources],
            self._loose,
            self.search.watch.on_unchanged,
            self._decision,
        )
        with ahead(results.tables("found"), most=1) as tables:
            for table in tables:
                yield from rows.in_turn(table)
        if self._decision is not None and self._decision.addresses:
            files = results.names("addresses")
            addresses = SparkAddresses(
                self.session, self._decision, str(self._folder), tuple(files)
            )
            yield DecidedAddresses(self._decision.addresses, addresses.shared)

    @property
    def _folder(self) -> Path:
        return folder_of(self.connection)

    def _columns(self) -> SnapshotColumns:
        """Return the entries as SQL; what a store cannot give so is written here."""
        if self.search.columns is not None:
            return self.search.columns
        path = self._folder / "entries.parquet"
        take_entries(self.connection, self.search.entries())
        file = path_in_sql(path)
        self.connection.execute(_WRITE_ENTRIES.format(file=file))
        return SnapshotColumns(_READ_ENTRIES.format(file=file), (path,))

    def _pieces(self) -> Iterator[SourcePiece]:
        for number, source in enumerate(self.search.row_sources):
            source.open(self.connection)
            for piece in source.pieces(self.connection, PIECE_ROWS):
                yield SourcePiece(number, source.key_type, piece)

    def _drawn(
        self, pieces: Sequence[SourcePiece], columns: SnapshotColumns
    ) -> tuple[Mapping[int, int], Mapping[str, Sequence[str]]]:
        """Return the rows of each source, and ids by their types."""
        rows: defaultdict[int, int] = defaultdict(int)
        samples: dict[str, list[str]] = {place.key.type: [] for place in self._loose}
        drawn = _DRAWN.format(every=EVERY, columns=columns.sql)
        for kind, ids in self.connection.execute(drawn).fetchall():
            samples.setdefault(kind, []).extend(ids)
        files = (*map(str, columns.files), str(self._folder))
        for found in self._sampled(pieces, files):
            piece = pieces[found["number"]]
            rows[piece.source] += found["rows"]
            ids = unpacked(found["ids"])["id"].to_pylist()
            samples.setdefault(piece.key_type, []).extend(ids)
        return rows, samples

    def _sampled(
        self, pieces: Sequence[SourcePiece], files: tuple[str, ...]
    ) -> Iterator[dict[str, Any]]:
        if not pieces:
            return
        sampler = PieceSampler(tuple(pieces), files, EVERY)
        numbers = self.session.range(0, len(pieces), 1, len(pieces))
        for found in numbers.mapInArrow(sampler, SAMPLED).toArrow().to_pylist():
            if found["fault"] in _FAULTS:
                message, hint = _FAULTS[found["fault"]]
                raise CtsyncError(message, hint=hint, code="engine")
            if found["fault"] is not None:
                raise OddRows("some rows cannot be read")
            yield found

    def _take_counts(self, rows: Mapping[int, int]) -> None:
        for number, source in enumerate(self.search.row_sources):
            source.take_count(rows.get(number, 0))

    def _decided(self, rows: Mapping[int, int]) -> tuple[int, ...]:
        """Return the sources whose rows are decided, the one with most rows first."""
        if self.decider is None or not any(rows.values()):
            return ()
        many = max(sorted(rows), key=rows.__getitem__)
        source = self.search.row_sources[many]
        columns = source.in_columns()
        if columns is None:
            return ()
        columns = self._joined(many, columns) or columns
        decision = self.decider(source.key_type, columns)
        if decision is None:
            return ()
        self._decision = Decision(source.key_type, columns, decision)
        if not isinstance(columns, JoinedColumns):
            return (many,)
        return tuple(sorted(columns.parts, key=lambda number: -rows[number]))

    def _joined(self, many: int, columns: RowColumns) -> JoinedColumns | None:
        """Return the columns of several sources, if that pays.

        Nobody knows yet who stands in several, so it is as if all did who may.
        """
        sources = self.search.row_sources
        kind = sources[many].key_type
        parts = duckdb_decision.parts_of_type(sources, kind, {many: columns})
        others = sum(sources[number].rows for number in parts if number != many)
        pays = others * duckdb_decision.JOINED_PAYS > sources[many].rows
        return joined_columns(parts) if pays else None

    def _searched(
        self,
        pieces: Sequence[SourcePiece],
        columns: SnapshotColumns,
        ranges: KeyRanges,
        decided: tuple[int, ...],
    ) -> list[RangeResult]:
        """Return what came of every range, in their order.

        Raises:
            OddRows: a row cannot be read.
        """
        if not len(ranges):
            return []
        watch = self.search.watch
        terms = RangeSearch(
            tuple(source.key_type for source in self.search.row_sources),
            tuple(source.keeps for source in self.search.row_sources),
            ranges,
            columns.sql,
            tuple(map(str, columns.files)),
            str(self._folder),
            watch.attributes,
            everyone=watch.everyone,
            undeclared=watch.undeclared,
            decided=decided,
            decision=None if self._decision is None else self._decision.query,
            joined=self._joined_columns,
            forced=duckdb_decision.FORCED,
            weighing=self._weighing(),
        )
        reader = PieceReader(tuple(pieces), ranges, tuple(self._loose_in(ranges)))
        tasks = max(1, len(pieces))
        # Without pieces there is still a task, for seeds and what no file says come
        # with it.
        sent = self.session.range(0, tasks, 1, tasks).mapInArrow(reader, SENT)
        searched = _by_range(sent, len(ranges)).mapInArrow(terms, SEARCHED)
        texts = searched.toArrow()["result"].to_pylist()
        results = [decode(text, type=RangeResult) for text in texts]
        if any(result.fault for result in results):
            raise OddRows("some rows cannot be read")
        return sorted(results, key=lambda result: result.number)

    @property
    def _joined_columns(self) -> JoinedColumns | None:
        columns = None if self._decision is None else self._decision.source
        return columns if isinstance(columns, JoinedColumns) else None

    def _weighing(self) -> bytes:
        """Return what weighs rows that stay open, where rows are decided at all."""
        weigher = self.search.weigher()
        if weigher is None or self.decider is None:
            return b""
        readers = [source.reader() for source in self.search.row_sources]
        return packed_weighing(weigher, readers)

    def _loose_in(self, ranges: KeyRanges) -> Iterator[tuple[int, int, bytes]]:
        """Yield what no file of rows says, by ranges, as a table each."""
        places: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for number, place in enumerate(self._loose):
            kind, identifier = place.key
            (within,) = ranges.numbers_of(kind, [identifier])
            words = {"type": kind, "id": identifier, "digest": place.digest}
            places[within].append({**words, "number": number})
        for within, rows in sorted(places.items()):
            yield within, len(rows), packed(arrow().Table.from_pylist(rows))


def _by_range(sent: Any, count: int) -> Any:
    """Return rows with those of one range together, and each range by itself if so can.

    Servers from before Spark 4.1 have nothing but hashes: some tasks get two ranges.
    """
    by_id = getattr(sent, "repartitionById", None)
    if by_id is not None and _version_of(sent.sparkSession) >= (4, 1):
        return by_id(count, "range")
    return sent.repartition(count, "range")


def _version_of(session: Session) -> tuple[int, ...]:
    words = str(session.version).split(".")[:2]
    return tuple(int(word) for word in words if word.isdigit())
