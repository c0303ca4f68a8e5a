"""What came of the ranges of a search on a cluster, told to whoever began it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from ctsync.arrow import arrow
from ctsync.engines.arrow_buffers import read_tables
from ctsync.engines.base import ProfileCounts, Search
from ctsync.engines.spark_slices import RangeResult
from ctsync.model.decided_rows import Table
from ctsync.model.twin_rows import all_twins


class OddRows(Exception):
    """Rows of which more has to be known than executors can tell."""


class RangeResults(Struct, frozen=True):
    """The results of all ranges in their order; their files lie in a folder."""

    search: Search
    folder: Path
    results: tuple[RangeResult, ...]

    def take_twins(self, rows: Mapping[int, int]) -> None:
        """Let sources say which of their rows do not count, or may not be.

        Raises:
            SpecError: a key stands twice in one source where it may not.
            OddRows: it does in several, of which one machine tells the first it meets.
        """
        sources = self.search.row_sources
        twins = {
            number: all_twins(each.twins[number] for each in self.results)
            for number in range(len(sources))
        }
        refused = [n for n in twins if twins[n].count and sources[n].keeps is None]
        if len(refused) == 1:
            (number,) = refused
            sources[number].take_count(rows[number], twins[number])
        if refused:
            raise OddRows("two rows have one key")
        for number, found in twins.items():
            if found.count:
                sources[number].take_count(rows[number], found)

    def count(self, tally: ProfileCounts) -> None:
        """Add up what was looked at."""
        tally.entries = sum(result.entries for result in self.results)
        tally.unchanged = sum(result.unchanged for result in self.results)
        tally.undeclared = sum(result.undeclared for result in self.results)

    def show_places(self) -> None:
        """Pass on one row of every file, where all are wanted."""
        shown = set[tuple[int, int]]()
        for result in self.results:
            for number, file, row, identifier in result.places:
                if (number, file) not in shown:
                    shown.add((number, file))
                    reader = self.search.row_sources[number].reader()
                    place = reader.contribution(identifier, b"", file, row, ())
                    self.search.watch.on_place(place)

    def pass_nobody(self) -> None:
        """Pass on the rows that name no one, by source, file and row."""
        tables = [*self.tables("nobody")]
        if not tables:
            return
        order = [(name, "ascending") for name in ("source", "file", "row")]
        rows = arrow().concat_tables(tables).sort_by(order).to_pylist()
        for row in rows:
            reader = self.search.row_sources[row.pop("source")].reader()
            place = reader.contribution(
                row["id"], row["digest"], row["file"], row["row"], row["cells"]
            )
            self.search.watch.on_nobody(place)

    def tables(self, sort: str) -> Generator[Table]:
        """Yield the tables of all ranges; a file that was read goes."""
        for name in self.names(sort):
            path = self.folder / name
            yield from read_tables(path)
            path.unlink()

    def names(self, sort: str) -> Iterator[str]:
        """Yield the names of the files of one sort."""
        return filter(None, (getattr(result, sort) for result in self.results))
