"""Copies of a bucket's objects that one process reads, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path

from ctsync.state.atomic_files import PinnedFile, create_private
from ctsync.state.object_store.bucket import Bucket
from ctsync.state.parquet_files import ParquetFile


class Mirror:
    """A folder that goes with its last reader. Objects in it never change."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._checked: set[str] = set()
        self.path = Path(tempfile.mkdtemp(prefix="ctsync-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def place_of(self, name: str) -> Path:
        """Return where the copy of an object is, or would be."""
        return self.path / name.replace("/", "-")

    def copy(self, name: str) -> Path | None:
        """Return a copy of an object; None where the bucket has it no more.

        Raises:
            StateError: it cannot be read.
        """
        path = self.place_of(name)
        if path.exists() or self._download(name, path):
            return path
        return None

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
        if is_verified and parquet_file.name not in self._checked:
            parquet_file.check(file, self._bucket.location)
            self._checked.add(parquet_file.name)
        return file

    def _download(self, name: str, path: Path) -> bool:
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
