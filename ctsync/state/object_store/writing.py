"""Data files that are put into a bucket before its head names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from ctsync.errors import StateError
from ctsync.model.snapshot import Header
from ctsync.state.arrow_rows import Table
from ctsync.state.manifest import Manifest
from ctsync.state.object_store.bucket import Bucket
from ctsync.state.object_store.mirror import Mirror
from ctsync.state.parquet_files import ParquetFile, write_parquet


class BucketWriting:
    """Writes here, uploads, and lets `publish` change the head."""

    def __init__(
        self,
        bucket: Bucket,
        mirror: Mirror,
        new_token: Callable[[], str],
        publish: Callable[[Manifest], Header],
    ) -> None:
        self.folder: Path = mirror.path
        self._bucket, self._new_token, self._publish = bucket, new_token, publish
        self._names: list[str] = []
        self._may_be_named = False

    def parquet_file(self, kind: str, tables: Iterable[Table]) -> ParquetFile:
        """Write a data file under a name that no other one has."""
        name = f"ctsync-{kind}-{self._new_token()}.parquet"
        self._names.append(name)
        return self._uploaded(write_parquet(self.folder / name, tables))

    def adopted(self, parquet_file: ParquetFile) -> ParquetFile:
        """Upload a data file that another process wrote into the folder."""
        self._names.append(parquet_file.name)
        return self._uploaded(parquet_file)

    def _uploaded(self, parquet_file: ParquetFile) -> ParquetFile:
        self._bucket.upload(parquet_file.name, self.folder / parquet_file.name)
        # Of a copy, they say nothing.
        return replace(parquet_file, inode=0, changed_ns=0)

    def publish(self, manifest: Manifest) -> Header:
        """Let the head name what was uploaded."""
        self._may_be_named = True
        return self._publish(manifest)

    def undo(self) -> None:
        """Remove what was uploaded, unless the head may name it, now or any time.

        A put that failed may still be on its way; who changes the head after it makes
        it void, and removes what is left.
        """
        for name in self._names:
            (self.folder / name).unlink(missing_ok=True)
        if not self._may_be_named:
            with suppress(StateError):
                self._bucket.remove(self._names)
