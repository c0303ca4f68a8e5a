"""One version of a state in a folder: its files, leased, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import islice
from pathlib import Path

from ctsync.duck import quoted
from ctsync.model.entry import Entry
from ctsync.model.key import Key
from ctsync.model.stored import StoredEntries
from ctsync.state.base import Columns, Snapshot
from ctsync.state.files import PinnedFile
from ctsync.state.form import entry_from_line
from ctsync.state.manifest import Manifest
from ctsync.state.rows import COLUMNS, Table, laid_over, present
from ctsync.state.sheets import Sheet, SheetReader

KEYS_AHEAD = 4096


class Version:
    """What a manifest means, as long as this object is held."""

    def __init__(
        self,
        folder: Path,
        location: str,
        manifest: Manifest,
        leases: Sequence[PinnedFile],
    ) -> None:
        self.manifest = manifest
        self.location = location
        self._folder = folder
        self._leases = leases

    def snapshot(self) -> Snapshot:
        """Give it as every store does."""
        columns = Columns(self.sql(), self)
        return Snapshot(self.manifest.header, self.entries, columns, self.pick)

    def entries(self) -> Iterator[Entry]:
        """Yield the entries, sorted by key."""
        return StoredEntries(self._lines(), entry_from_line)

    def _lines(self) -> Iterator[bytes]:
        columns = ("type", "id", "body")
        for table in self.resolved(self.manifest.sheets, columns):
            yield from table["body"].cast("binary").to_pylist()

    def resolved(
        self, sheets: Iterable[Sheet], columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of sheets, of each key the last one, without those gone."""
        return present(self.merged(sheets, columns))

    def merged(
        self, sheets: Iterable[Sheet], columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of sheets, of each key the last one."""
        return reduce(
            laid_over, (self.reader(sheet.name).tables(columns) for sheet in sheets)
        )

    def pick(self, keys: Iterable[Key]) -> Iterator[Entry]:
        """Yield the entries of sorted keys, reading only where they can be."""
        readers = [self.reader(sheet.name) for sheet in self.manifest.sheets]
        wanted = iter(keys)
        while some := list(islice(wanted, KEYS_AHEAD)):
            found: dict[Key, str | None] = {}
            for reader in readers:
                found.update(reader.bodies(some))
            for key in some:
                if (body := found.get(key)) is not None:
                    yield entry_from_line(body)

    def sql(self) -> str:
        """Give the entries as a relation; what later sheets say counts."""
        base, *segments = [self._folder / sheet.name for sheet in self.manifest.sheets]
        parts = [_relation(base, segments)]
        for number, path in enumerate(segments, start=1):
            part = _relation(path, segments[number:])
            parts.append(f"{part} WHERE body IS NOT NULL")
        return " UNION ALL ".join(parts)

    def reader(self, name: str) -> SheetReader:
        """Open one of the files."""
        return SheetReader(self._folder / name, self.location)


def _relation(path: Path, later: Sequence[Path]) -> str:
    rows = f"SELECT {', '.join(COLUMNS)} FROM {_parquet([path])}"  # noqa: S608 - quoted
    if not later:
        return rows
    keys = f"SELECT type, id FROM {_parquet(later)}"  # noqa: S608 - quoted
    return f"{rows} ANTI JOIN ({keys}) USING (type, id)"


def _parquet(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(quoted(_literally(path)) for path in paths)}])"


def _literally(path: Path) -> str:
    """Spell a path so that DuckDB sees no pattern in it."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
