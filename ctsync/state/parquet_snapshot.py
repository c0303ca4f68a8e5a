"""One version of a state in a folder: its files, leased, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import islice
from pathlib import Path

from ctsync.duckdb_connection import path_in_sql
from ctsync.model.entry import Entry, entry_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.model.stored_entries import StoredEntries
from ctsync.state.arrow_rows import COLUMNS, Table, merged_segments, present_rows
from ctsync.state.base import Snapshot
from ctsync.state.manifest import Manifest
from ctsync.state.parquet_files import ParquetFile, ParquetFileReader

KEYS_AHEAD = 4096


class ParquetSnapshot:
    """What a manifest means, as long as this object is held."""

    def __init__(
        self,
        folder: Path,
        location: str,
        manifest: Manifest,
        leases: Sequence[object],
    ) -> None:
        self.manifest = manifest
        self.location = location
        self._folder = folder
        self._leases = leases

    def snapshot(self) -> Snapshot:
        """Return it as every store does."""
        columns = SnapshotColumns(self.sql(), tuple(self._paths()), self)
        return Snapshot(self.manifest.header, self.entries, columns, self.pick)

    def entries(self) -> Iterator[Entry]:
        """Yield the entries, sorted by key."""
        return StoredEntries(self._lines())

    def _lines(self) -> Iterator[bytes]:
        columns = ("type", "id", "body")
        for table in self.resolved(self.manifest.parquet_files, columns):
            yield from table["body"].cast("binary").to_pylist()

    def resolved(
        self, parquet_files: Iterable[ParquetFile], columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of sheets, of each key the last one, without those gone."""
        return present_rows(self.merged(parquet_files, columns))

    def merged(
        self, parquet_files: Iterable[ParquetFile], columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of sheets, of each key the last one."""
        return reduce(
            merged_segments,
            (
                self.reader(parquet_file.name).tables(columns)
                for parquet_file in parquet_files
            ),
        )

    def amended(self, segment: Iterable[Table]) -> Iterator[Table]:
        """Yield the rows of all sheets with a further segment, without those gone."""
        rows = self.merged(self.manifest.parquet_files)
        return present_rows(merged_segments(rows, segment))

    def pick(self, keys: Iterable[ProfileKey]) -> Iterator[Entry]:
        """Yield the entries of sorted keys, reading only where they can be."""
        return (entry_from_line(line) for _, line in self.pick_lines(keys))

    def pick_lines(
        self, keys: Iterable[ProfileKey]
    ) -> Iterator[tuple[ProfileKey, bytes]]:
        """Yield the lines of the same entries, with their newlines."""
        readers = [
            self.reader(parquet_file.name)
            for parquet_file in self.manifest.parquet_files
        ]
        wanted = iter(keys)
        while some := list(islice(wanted, KEYS_AHEAD)):
            found: dict[ProfileKey, bytes | None] = {}
            for reader in readers:
                found.update(reader.bodies(some))
            for key in some:
                if (body := found.get(key)) is not None:
                    yield key, body + b"\n"

    def sql(self) -> str:
        """Return the entries as a relation; what later sheets say counts."""
        base, *segments = self._paths()
        parts = [_relation(base, segments)]
        for number, path in enumerate(segments, start=1):
            part = _relation(path, segments[number:])
            parts.append(f"{part} WHERE body IS NOT NULL")
        return " UNION ALL ".join(parts)

    def _paths(self) -> Iterator[Path]:
        return (self._folder / each.name for each in self.manifest.parquet_files)

    def reader(self, name: str) -> ParquetFileReader:
        """Open one of the files."""
        return ParquetFileReader(self._folder / name, self.location)


def _relation(path: Path, later: Sequence[Path]) -> str:
    rows = f"SELECT {', '.join(COLUMNS)} FROM {_parquet([path])}"  # noqa: S608 - quoted
    if not later:
        return rows
    keys = f"SELECT type, id FROM {_parquet(later)}"  # noqa: S608 - quoted
    return f"{rows} ANTI JOIN ({keys}) USING (type, id)"


def _parquet(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(path_in_sql(path) for path in paths)}])"
