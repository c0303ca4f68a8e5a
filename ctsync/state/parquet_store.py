"""A state in a folder: a sorted Parquet base, and segments of what changed since.

`manifest.json` says which files they are and is replaced by a rename, so that there is
one truth at any time. Data files are written once, under names of their own; those that
the manifest no longer names are removed at the next write that finds nobody reading
them. Beside them stand `journal` while a run is at work or was cut off, `lock` and
`holder`.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from ctsync.errors import StateError, UsageError
from ctsync.model.snapshot import Header
from ctsync.state.arrow_rows import Table
from ctsync.state.atomic_files import (
    PinnedFile,
    make_private_folder,
    open_pinned,
    state_errors,
    sync_folder,
    write_private,
)
from ctsync.state.file_leases import lease, remove_unleased
from ctsync.state.file_store import FileStore
from ctsync.state.manifest import (
    NAME,
    SHEET_NAME,
    Compaction,
    Manifest,
    manifest_from_line,
)
from ctsync.state.parquet_files import ParquetFile, write_parquet
from ctsync.state.parquet_snapshot import ParquetSnapshot
from ctsync.state.segmented_store import SegmentedStore
from ctsync.state.snapshot_codec import not_a_state

TRIES = 10
_COUNTED_DIGITS = 12


class ParquetStore(FileStore, SegmentedStore):
    """Keeps a state of millions in a folder."""

    name = "parquet"
    form = "a folder by a path that ends in /"

    def __init__(self, path: Path, location: str | None = None) -> None:
        self.location = f"{path}/" if location is None else location
        self.path = Path(os.path.realpath(path))
        self.compaction = Compaction()

    @classmethod
    def takes(cls, location: str) -> bool:
        """Take paths that end in `/`."""
        return location.endswith("/") and "://" not in location

    @classmethod
    def at(cls, location: str, *, folder: Path, name: str | None) -> ParquetStore:
        """Return the store of a path; a folder has no names in it."""
        if name is not None:
            raise UsageError(
                f'state {location} is a folder and holds one state, so "name" means '
                "nothing here",
                hint='leave "name" out, or give each environment a folder of its own',
            )
        return cls(folder / location, location)

    def discard_journal(self) -> None:
        """Remove the journal file, and what nobody needs since the last write."""
        super().discard_journal()
        self._tidy()

    def _version(self, *, is_verified: bool = True) -> ParquetSnapshot | None:
        """Open the manifest and the files that belong to it."""
        for _ in range(TRIES):
            manifest = self._manifest(is_verified=is_verified)
            if manifest is None:
                return None
            # Before anything is believed of them: what is leased is not removed while
            # it is read.
            leases = self._leases(manifest)
            if leases is None:
                continue  # it was replaced between the two looks
            if is_verified:
                for (parquet_file, sheet_size), file in zip(
                    manifest.sized_files, leases, strict=True
                ):
                    parquet_file.check(file, self.location, sheet_size)
                manifest = manifest.stamped([file.fd for file in leases])
            return ParquetSnapshot(self.path, self.location, manifest, leases)
        raise not_a_state(self.location, "a file that its manifest names is missing")

    def _manifest(self, *, is_verified: bool) -> Manifest | None:
        file = open_pinned(self._beside(NAME), self.location)
        if file is None:
            return None
        with state_errors("read", self.location):
            line = b"".join(file.chunks())
        return manifest_from_line(line, location=self.location, is_verified=is_verified)

    def _leases(self, manifest: Manifest) -> list[PinnedFile] | None:
        with state_errors("read", self.location):
            try:
                return [
                    lease(self._beside(parquet_file.name))
                    for parquet_file in manifest.parquet_files
                ]
            except FileNotFoundError:
                return None

    @contextmanager
    def _writing(self) -> Generator[_Writing]:
        with state_errors("write", self.location):
            self._make_room()
            # Who was killed while it wrote may have left no room for anything else.
            self._tidy()
            writing = _Writing(self.path)
            try:
                yield writing
            except BaseException:
                # The manifest may have moved before what failed, and names them then.
                for path in self._unnamed(writing.paths):
                    with suppress(OSError):
                        path.unlink()
                raise
        self._tidy()

    def _tidy(self) -> None:
        """Remove data files that the manifest does not name and nobody reads."""
        paths = self._unnamed(_sheets_in(self.path))
        with suppress(OSError):
            if not paths or not self._beside(NAME).exists():
                return
            # Else a power cut could bring back a manifest that names them.
            sync_folder(self.path)
            for path in paths:
                remove_unleased(path)

    def _unnamed(self, paths: Iterable[Path]) -> list[Path]:
        """Return those of the data files that are not needed, as far as is known."""
        try:
            manifest = self._manifest(is_verified=True)
        except StateError:
            return []
        named = (
            set()
            if manifest is None
            else {each.name for each in manifest.parquet_files}
        )
        return [path for path in paths if path.name not in named]

    def _make_room(self) -> None:
        make_private_folder(self.path)

    def _beside(self, what: str) -> Path:
        return self.path / what

    def _called(self, what: str) -> str:
        return f"{self.location}{what}"


class _Writing:
    """Files that are written before the manifest names them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: list[Path] = []

    def parquet_file(self, kind: str, tables: Iterable[Table]) -> ParquetFile:
        """Write a data file under a name that no other one has."""
        numbers = map(_number, _sheets_in(self.folder))
        name = f"ctsync-{kind}-{max(numbers, default=0) + 1}.parquet"
        self.paths.append(self.folder / name)
        return write_parquet(self.paths[-1], tables)

    def adopted(self, parquet_file: ParquetFile) -> ParquetFile:
        """Take a data file that another process wrote into the folder."""
        self.paths.append(self.folder / parquet_file.name)
        return parquet_file

    def publish(self, manifest: Manifest) -> Header:
        """Let the manifest name its files, once their names would survive."""
        sync_folder(self.folder)
        write_private(self.folder / NAME, manifest.as_line())
        return manifest.header


def _sheets_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if SHEET_NAME.fullmatch(path.name)]
    except OSError:
        return []


def _number(path: Path) -> int:
    match = SHEET_NAME.fullmatch(path.name)
    # A longer one was drawn by an executor: nobody counts on from there.
    return 0 if match is None or len(match[1]) > _COUNTED_DIGITS else int(match[1])
