"""What executors do first: read rows where they lie, and send each to its key range.

Rows travel many at a time, as one value, so that nothing but their bytes is moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from ctsync import __version__
from ctsync.arrow import arrow, arrow_compute
from ctsync.duckdb_connection import Connection, open_connection
from ctsync.engines.arrow_buffers import packed
from ctsync.engines.key_ranges import KeyRanges
from ctsync.errors import CtsyncError
from ctsync.model.decided_rows import Table
from ctsync.model.row_source import RowPiece

SAMPLED = "number long, rows long, ids binary, fault string"
SENT = "range int, source int, rows long, data binary"
LOOSE_ROWS, SEED, FAULT = -1, -2, -3  # what comes to a range, if not rows of a source
UNSEEN, FAILED, OTHER_VERSION = "unseen", "failed", "version"
EVERY = 997  # of so many rows, the key of about one is drawn
_ROWS_AT_ONCE = 262_144
# hash() differs between versions of DuckDB. It only draws: whichever ids come of it,
# ranges hold all keys, and what is found in them is the same.
_DRAWN = """
SELECT count(*)::BIGINT AS rows,
    coalesce(list(id) FILTER (id <> '' AND hash(id) % {every} = 0), []) AS ids
FROM ({query})"""


class SourcePiece(Struct, frozen=True):
    """Some rows of the source of a number."""

    source: int
    key_type: str
    piece: RowPiece


class PieceSampler(Struct, frozen=True):
    """Counts the rows of pieces, and draws about one of `every` so many keys.

    `files` are what else executors have to see, `version` is what they have to be.
    Called with the numbers of pieces it gives one row of `SAMPLED` for each.
    """

    pieces: Sequence[SourcePiece]
    files: Sequence[str]
    every: int = EVERY
    version: str = __version__

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield a batch for every piece."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield self._sampled(number)

    def _sampled(self, number: int) -> Any:
        fault = self._fault(number)
        rows, ids = 0, b""
        if fault is None:
            try:
                rows, ids = self._drawn(number)
            except CtsyncError:
                fault = FAILED
        words: dict[str, list[Any]] = {
            "number": [number],
            "rows": [rows],
            "ids": [ids],
            "fault": [fault],
        }
        return _batch(words, ("int64", "int64", "binary", "string"))

    def _fault(self, number: int) -> str | None:
        if self.version != __version__:
            return OTHER_VERSION
        paths = [*self.files, *self.pieces[number].piece.files]
        return None if all(Path(path).exists() for path in paths) else UNSEEN

    def _drawn(self, number: int) -> tuple[int, bytes]:
        piece = self.pieces[number].piece
        with _connected(piece.files) as connection:
            query = _DRAWN.format(every=self.every, query=piece.query)
            ((rows, ids),) = connection.execute(query).fetchall()
        return rows, packed(arrow().table({"id": arrow().array(ids, "string")}))


class PieceReader(Struct, frozen=True):
    """Reads pieces, and parts their rows by the ranges of their keys.

    Called with the numbers of pieces it gives rows of `SENT`. With the first piece
    come a seed for every range, so that none is passed over, and what is `loose`.
    """

    pieces: Sequence[SourcePiece]
    ranges: KeyRanges
    loose: Sequence[tuple[int, int, bytes]] = ()

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield batches of buffers."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                if number == 0:
                    yield self._first()
                if number < len(self.pieces):
                    yield from self._read(number)

    def _first(self) -> Any:
        seeds = [(number, SEED, 0, b"") for number in range(len(self.ranges))]
        loose = [(number, LOOSE_ROWS, rows, data) for number, rows, data in self.loose]
        return _sent([*seeds, *loose])

    def _read(self, number: int) -> Iterator[Any]:
        piece = self.pieces[number]
        try:
            with _connected(piece.piece.files) as connection:
                rows = connection.sql(piece.piece.query)
                for batch in rows.to_arrow_reader(_ROWS_AT_ONCE):
                    yield _sent(self._parted(piece, batch))
        except CtsyncError:
            # Whoever began the search finds out what is wrong, and says it.
            yield _sent([(0, FAULT, 0, b"")])

    def _parted(
        self, piece: SourcePiece, batch: Any
    ) -> Iterator[tuple[int, int, int, bytes]]:
        table = arrow().Table.from_batches([batch])
        ids = table["id"].to_pylist()
        ranges = arrow().array(self.ranges.numbers_of(piece.key_type, ids), "int32")
        ordered = table.take(arrow_compute().sort_indices(ranges))
        start = 0
        for found in sorted(ranges.value_counts().to_pylist(), key=_number):
            rows = found["counts"]
            data = packed(_whole(ordered.slice(start, rows)))
            yield _number(found), piece.source, rows, data
            start += rows


def _number(found: dict[str, int]) -> int:
    return found["values"]


def _whole(table: Table) -> Table:
    """Return a slice without the buffers of what it was cut from."""
    return table.combine_chunks()


@contextmanager
def _connected(files: Iterable[str]) -> Iterator[Connection]:
    """Open a connection of one thread, since executors share the cores."""
    with open_connection(files=map(Path, files), threads=1) as connection:
        yield connection


def _sent(rows: Iterable[tuple[int, int, int, bytes]]) -> Any:
    listed = [*rows]
    names = ("range", "source", "rows", "data")
    columns = [[row[place] for row in listed] for place in range(len(names))]
    words = dict(zip(names, columns, strict=True))
    return _batch(words, ("int32", "int32", "int64", "binary"))


def _batch(words: dict[str, list[Any]], types: Sequence[str]) -> Any:
    columns = zip(words.values(), types, strict=True)
    arrays = [arrow().array(values, type_) for values, type_ in columns]
    return arrow().RecordBatch.from_arrays(arrays, names=[*words])
