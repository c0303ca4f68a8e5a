"""One version of a state in a folder: its files, leased, and what they say together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain, groupby, islice
from pathlib import Path
from weakref import WeakValueDictionary

from ctsync.duckdb_connection import path_in_sql
from ctsync.model.entry import Entry, entry_from_line
from ctsync.model.entry_bodies import SPELLED, lines_of
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.model.stored_entries import StoredEntries
from ctsync.state.arrow_rows import COLUMNS, Table, merged_segments, present_rows
from ctsync.state.base import Snapshot
from ctsync.state.key_range import KeyRange
from ctsync.state.known_lines import KnownLines
from ctsync.state.manifest import Manifest, Sheet
from ctsync.state.parquet_files import AtHand, ParquetFileReader

KEYS_AHEAD = 4096


class StoredSheets:
    """Base and segments, as they lie in a folder."""

    def __init__(self, folder: Path, location: str, sheets: tuple[Sheet, ...]) -> None:
        self.location = location
        self.sheets = sheets
        self._folder = folder
        # Who edits entries and who writes them anew ask for the same, side by side.
        self._at_hand: AtHand = WeakValueDictionary()

    def resolved(
        self, sheets: Iterable[Sheet], columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of sheets, of each key the last one, without those gone."""
        return present_rows(self.merged(sheets, columns))

    def merged(
        self, sheets: Iterable[Sheet], columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of sheets, of each key the last one."""
        return reduce(
            merged_segments,
            (
                chain.from_iterable(
                    reader.tables(columns) for reader in self._readers(sheet)
                )
                for sheet in sheets
            ),
        )

    def merged_within(
        self, within: KeyRange, sheets: Iterable[Sheet], segment: Iterator[Table]
    ) -> Iterator[Table]:
        """Yield the same of a range of keys, with a further segment of that range."""
        under = (
            chain.from_iterable(
                reader.tables_within(within) for reader in self._readers(sheet)
            )
            for sheet in sheets
        )
        return reduce(merged_segments, chain(under, [segment]))

    def amended(self, segment: Iterable[Table]) -> Iterator[Table]:
        """Yield the rows of all sheets with a further segment, without those gone."""
        return present_rows(merged_segments(self.merged(self.sheets), segment))

    def pick_lines(
        self, keys: Iterable[ProfileKey]
    ) -> Iterator[tuple[ProfileKey, bytes]]:
        """Yield the lines of sorted keys, with newlines, reading where they can be."""
        readers = [_SheetReader(self._readers(each)) for each in self.sheets]
        wanted = iter(keys)
        while some := list(islice(wanted, KEYS_AHEAD)):
            found: dict[ProfileKey, bytes | None] = {}
            for reader in readers:
                found.update(reader.lines(some))
            for key in some:
                if (line := found.get(key)) is not None:
                    yield key, line

    def known_lines(self) -> KnownLines:
        """Return what gives the same of many profiles together."""
        return KnownLines([[*self._readers(sheet)] for sheet in self.sheets])

    def paths(self) -> Iterator[Path]:
        """Yield where the files lie."""
        return (
            self._folder / each.name for sheet in self.sheets for each in sheet.files
        )

    def reader(self, name: str) -> ParquetFileReader:
        """Open one of the files."""
        return ParquetFileReader(self._folder / name, self.location, self._at_hand)

    def _readers(self, sheet: Sheet) -> Iterator[ParquetFileReader]:
        """Open the files of a sheet, each when its turn comes."""
        return (self.reader(each.name) for each in sheet.files)


class ParquetSnapshot(StoredSheets):
    """What a manifest means, as long as this object is held."""

    def __init__(
        self,
        folder: Path,
        location: str,
        manifest: Manifest,
        leases: Sequence[object],
    ) -> None:
        super().__init__(folder, location, manifest.sheets)
        self.manifest = manifest
        self._leases = leases

    def snapshot(self) -> Snapshot:
        """Return it as every store does."""
        columns = SnapshotColumns(self.sql(), tuple(self.paths()), self)
        header = self.manifest.header
        return Snapshot(header, self.entries, columns, self.pick, self.known_lines)

    def entries(self) -> Iterator[Entry]:
        """Yield the entries, sorted by key."""
        return StoredEntries(self._lines())

    def _lines(self) -> Iterator[bytes]:
        for table in self.resolved(self.sheets, SPELLED):
            yield from filter(None, lines_of(table))

    def pick(self, keys: Iterable[ProfileKey]) -> Iterator[Entry]:
        """Yield the entries of sorted keys, reading only where they can be."""
        return (entry_from_line(line) for _, line in self.pick_lines(keys))

    def sql(self) -> str:
        """Return the entries as a relation; what later sheets say counts."""
        base, *segments = (
            [self._folder / each.name for each in sheet.files] for sheet in self.sheets
        )
        parts = [_relation(base, segments)]
        for number, paths in enumerate(segments, start=1):
            part = _relation(paths, segments[number:])
            parts.append(f"{part} WHERE body IS NOT NULL")
        return " UNION ALL ".join(parts)


class _SheetReader:
    """Finds rows by key in files that follow each other."""

    def __init__(self, readers: Iterable[ParquetFileReader]) -> None:
        self._readers = [*readers]
        self._starts = [each.firsts[:1] for each in self._readers[1:]]

    def lines(
        self, keys: Iterable[ProfileKey]
    ) -> Iterator[tuple[ProfileKey, bytes | None]]:
        """Yield the lines of those sorted keys that the files have."""
        for number, some in groupby(keys, self._number):
            yield from self._readers[number].lines(some)

    def _number(self, key: ProfileKey) -> int:
        """Return the number of the one file that may have a key."""
        return bisect_right(self._starts, [key])


def _relation(paths: Sequence[Path], later: Sequence[Sequence[Path]]) -> str:
    rows = f"SELECT {', '.join(COLUMNS)} FROM {_parquet(paths)}"  # noqa: S608 - quoted
    if not later:
        return rows
    keys = f"SELECT type, id FROM {_parquet([*chain(*later)])}"  # noqa: S608 - quoted
    return f"{rows} ANTI JOIN ({keys}) USING (type, id)"


def _parquet(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(path_in_sql(path) for path in paths)}])"
