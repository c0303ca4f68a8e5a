"""Copies of a bucket's objects that one process reads, in a folder of its own."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from ctsync.files.own_folder import OwnFolder
from ctsync.state.atomic_files import PinnedFile, create_private, state_errors
from ctsync.state.object_store.bucket import Bucket
from ctsync.state.parquet_files import ParquetFile


class Mirror:
    """A folder that goes with its last reader. Objects in it never change."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._checked: set[str] = set()
        with self.writing():
            self._folder = OwnFolder()
        self.path = self._folder.path

    def writing(self) -> AbstractContextManager[None]:
        """Tell what the system says of this folder as being of this machine."""
        where = f"copies of {self._bucket.location} on this machine"
        return state_errors("write", where)

    def place_of(self, name: str) -> Path:
        """Return where the copy of an object is, or would be."""
        return self.path / name.replace("/", "-")

    def copy(self, name: str) -> Path | None:
        """Return a copy of an object; None where the bucket has it no more.

        Raises:
            StateError: it cannot be read, or not be written here.
        """
        path = self.place_of(name)
        with self.writing():
            is_there = path.exists() or self._download(name, path)
        return path if is_there else None

    def parquet_file(
        self, parquet_file: ParquetFile, *, is_verified: bool
    ) -> PinnedFile | None:
        """Return a copy of a data file, as `copy` does.

        Raises:
            StateError: (if verified) it is not what was written.
        """
        path = self.copy(parquet_file.name)
        if path is None:
            return None
        file = PinnedFile(path)
        # Objects never change, and nobody else writes here: one look serves.
        if is_verified and parquet_file.name not in self._checked:
            parquet_file.check(file, self._bucket.location, parquet_file.size)
            self._checked.add(parquet_file.name)
        return file

    def _download(self, name: str, path: Path) -> bool:
        # What is there is never fetched again, so no half of it may have the name.
        aside = path.with_suffix(".part")
        aside.unlink(missing_ok=True)
        fd = create_private(aside)
        try:
            is_there = self._bucket.download(name, fd)
        finally:
            os.close(fd)
        if is_there:
            aside.replace(path)
        return is_there
