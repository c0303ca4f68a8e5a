"""What executors do then: search one key range, and decide what can be decided there.

A range is searched as the whole would be, by the same SQL in a database of its own: its
rows against its entries. What is found goes to a file beside the others, in the order
of keys, and only its name and its counts travel on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.json import encode

from ctsync.arrow import arrow
from ctsync.duckdb_connection import Connection, open_connection
from ctsync.engines import duckdb_comparison_sql as sql
from ctsync.engines.arrow_buffers import unpacked, write_tables
from ctsync.engines.base import ProfileCounts, Search, SearchCallbacks
from ctsync.engines.duckdb_candidates import DuckdbCandidates
from ctsync.engines.duckdb_comparison import Comparison
from ctsync.engines.duckdb_decision import Ways
from ctsync.engines.found_rows import LOOSE
from ctsync.engines.key_ranges import KeyRanges
from ctsync.engines.sent_rows import SentRows
from ctsync.engines.spark_reading import FAULT, LOOSE_ROWS
from ctsync.engines.spark_weighing import opened_weighing
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.decided_rows import RowDecision, Table
from ctsync.model.joined_columns import JoinedColumns
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.model.twin_rows import Keeps, Twins

SEARCHED = "range int, result binary"
_RANGE_OF = "SELECT * FROM ({columns}) WHERE {condition}"
_KEYS_AT_ONCE = 32_768
_ADDRESSES = """
SELECT name, lpad(hex(mark), 32, '0') AS mark, id, source, file, row, is_new
FROM engine_addresses"""


class RangeResult(Struct, frozen=True):
    """What came of one range: nothing but twins where a key stands twice and may not.

    The files are named as they lie in the folder of the search; '' is none. `places`
    are (source, file, row, id) of one row of every file; of every source there are its
    twins.
    """

    number: int
    fault: bool = False
    entries: int = 0
    unchanged: int = 0
    undeclared: int = 0
    found: str = ""
    nobody: str = ""
    addresses: str = ""
    places: tuple[tuple[int, int, int, str], ...] = ()
    twins: tuple[Twins, ...] = ()


class RangeSearch(Struct, frozen=True):
    """Searches key ranges; the same for all of them, and free of what a process holds.

    `key_types` are those of the row sources, `keeps` says which row of a key counts in
    each. `columns` and `files` are the entries as
    SQL; `attributes`, `everyone` and `undeclared` what the watch wants. Rows of the
    source `decided` are decided as `decision` says, or those of several of them, put
    together as `joined` says; but for ids that are `forced` to Python. `weighing` is
    what weighs the others, packed. Called with buffers of `SENT`
    it gives a row of `SEARCHED` for every range, once all of its buffers have come.
    """

    key_types: tuple[str, ...]
    keeps: tuple[Keeps | None, ...]
    ranges: KeyRanges
    columns: str
    files: tuple[str, ...]
    folder: str
    attributes: frozenset[str] = frozenset()
    everyone: bool = False
    undeclared: bool = True
    decided: tuple[int, ...] = ()
    decision: RowDecision | None = None
    joined: JoinedColumns | None = None
    forced: str | None = None
    weighing: bytes = b""

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield a batch for every range."""
        buffers: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for batch in batches:
            columns = (batch.column(place).to_pylist() for place in (0, 1, 3))
            for number, source, data in zip(*columns, strict=True):
                buffers[number].append((source, data))
        for number in sorted(buffers):
            result = self._searched(number, buffers.pop(number))
            arrays = [
                arrow().array([number], "int32"),
                arrow().array([encode(result)], "binary"),
            ]
            yield arrow().RecordBatch.from_arrays(arrays, names=["range", "result"])

    def _searched(
        self, number: int, buffers: Iterable[tuple[int, bytes]]
    ) -> RangeResult:
        tables: defaultdict[int, list[Table]] = defaultdict(list)
        for source, data in buffers:
            if source == FAULT:
                return RangeResult(number, fault=True)
            if data:
                tables[source].append(unpacked(data))
        whole = {n: arrow().concat_tables(each) for n, each in tables.items()}
        with open_connection(files=map(Path, self.files), threads=1) as connection:
            return _OneRange(self, connection, number, whole).result()


class _OneRange:
    """One range in a connection of its own."""

    def __init__(
        self,
        terms: RangeSearch,
        connection: Connection,
        number: int,
        tables: Mapping[int, Table],
    ) -> None:
        self._terms = terms
        self._connection = connection
        self._number = number
        self._weighing = opened_weighing(terms.weighing)
        loose = tables.get(LOOSE_ROWS)
        self._loose = [] if loose is None else loose.to_pylist()
        self._sources = tuple(
            SentRows(source, key_type, keeps, connection, tables.get(source))
            for source, (key_type, keeps) in enumerate(
                zip(terms.key_types, terms.keeps, strict=True)
            )
        )

    def result(self) -> RangeResult:
        """Return what comes of the range, written to files."""
        twins = tuple(source.part_twins() for source in self._sources)
        if any(
            t.count and s.keeps is None
            for s, t in zip(self._sources, twins, strict=True)
        ):
            # No plan comes of it: what to say is for whoever has the twins of all.
            return RangeResult(self._number, twins=twins)
        tally, met = ProfileCounts(), self._comparison()
        met.gather()
        met.compare(tally)
        nobody = self._written("nobody", _nobody(met))
        candidates = self._candidates(met)
        candidates.choose()
        return RangeResult(
            self._number,
            entries=tally.entries,
            unchanged=tally.unchanged,
            undeclared=tally.undeclared,
            nobody=nobody,
            found=self._written("found", map(self._weighed, candidates.found())),
            addresses=self._written("address", self._addresses(candidates)),
            places=tuple(self._places()) if self._terms.everyone else (),
            twins=twins,
        )

    def _comparison(self) -> Comparison:
        terms = self._terms
        within = terms.ranges.condition(self._number)
        columns = _RANGE_OF.format(columns=terms.columns, condition=within)
        search = Search(
            loose=lambda: map(_loose_place, self._loose),
            row_sources=self._sources,
            columns=SnapshotColumns(columns),
            watch=SearchCallbacks(
                terms.attributes, everyone=terms.everyone, undeclared=terms.undeclared
            ),
        )
        return Comparison(self._connection, search, terms.decided)

    def _candidates(self, met: Comparison) -> DuckdbCandidates:
        decider = self._decision_of if self._terms.decision is not None else None
        ways = Ways(0, _KEYS_AT_ONCE, self._terms.forced, self._terms.joined)
        return DuckdbCandidates(met, decider, ways)

    def _decision_of(self, _: str, rows: RowColumns) -> RowDecision | None:
        terms = self._terms
        if terms.joined is not None:
            return terms.decision if rows is terms.joined else None
        is_decided = rows.table in {str(number) for number in terms.decided}
        return terms.decision if is_decided else None

    def _written(self, sort: str, tables: Iterable[Table]) -> str:
        prefix = f"{sort}-{self._number:06}-"
        return write_tables(self._terms.folder, prefix, tables)

    def _weighed(self, found: Table) -> Table:
        """Return what was found, with runs in place of what could be weighed here."""
        numbered = self._numbered(found)
        weighing = self._weighing
        return numbered if weighing is None else weighing.weighed(numbered)

    def _numbered(self, found: Table) -> Table:
        """Return what was found with loose places by the numbers that all know."""
        if not self._loose:
            return found
        rows = zip(*(found[n].to_pylist() for n in ("source", "row")), strict=True)
        numbers = [
            self._loose[row]["number"] if source == LOOSE else row
            for source, row in rows
        ]
        place = found.schema.get_field_index("row")
        return found.set_column(place, "row", arrow().array(numbers, "int64"))

    def _addresses(self, candidates: DuckdbCandidates) -> Iterator[Table]:
        if candidates.addresses is not None:
            table = self._connection.sql(_ADDRESSES).to_arrow_table()
            if table.num_rows:
                yield table

    def _places(self) -> Iterator[tuple[int, int, int, str]]:
        for number, source in enumerate(self._sources):
            if source.rows:
                query = sql.PLACES.format(rows=source.keys)
                for identifier, file, row in self._connection.execute(query).fetchall():
                    yield number, file, row, identifier


def _loose_place(place: Mapping[str, Any]) -> Contribution:
    key = ProfileKey(place["type"], place["id"])
    return Contribution(key, Origin(""), place["digest"], dict)


def _nobody(met: Comparison) -> Iterator[Table]:
    """Yield a table of the rows that name no one, by source, file and row."""
    names = ("source", "id", "digest", "file", "row", "cells")
    rows = [(number, *row) for number, row in met.nobody()]
    if rows:
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        cells = arrow().array(columns["cells"], arrow().list_(arrow().string()))
        yield arrow().table({**columns, "cells": cells})
