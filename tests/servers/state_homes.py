"""Homes of a state for tests of the command line, and how to back each of them up."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from object_server import BUCKET, ObjectServer

from ctsync.state import Store, open_store

if TYPE_CHECKING:
    from postgres_server import PostgresServer

_NUMBERS = itertools.count()


class FileHome:
    """A file of lines in the project's folder."""

    location = "state.jsonl"
    name: str | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def variables(self) -> dict[str, str]:
        return {}

    @property
    def words(self) -> str:
        """What the project says of it."""
        return self.location

    def open(self) -> Store:
        return open_store(self.location, folder=self.folder, name=self.name)

    def has_state(self) -> bool:
        return (self.folder / self.location).exists()

    def backup(self) -> Any:
        return (self.folder / self.location).read_bytes()

    def restore(self, backup: Any) -> None:
        (self.folder / self.location).write_bytes(backup)

    def lose(self) -> None:
        (self.folder / self.location).unlink()


class FolderHome(FileHome):
    """A folder of Parquet files."""

    location = "state/"

    def backup(self) -> Path:
        copy = self.folder.parent / f"backup-{next(_NUMBERS)}"
        shutil.copytree(self.folder / self.location, copy)
        return copy

    def restore(self, backup: Path) -> None:
        self.lose()
        shutil.copytree(backup, self.folder / self.location)

    def lose(self) -> None:
        shutil.rmtree(self.folder / self.location)


class ServerHome(FileHome):
    """What an address in a variable leads to."""

    @property
    def words(self) -> str:
        return f'{{url: "${{STATE_URL}}", name: {self.name}}}'

    @property
    def variables(self) -> dict[str, str]:
        return {"STATE_URL": self.location}

    def has_state(self) -> bool:
        return self.open().read().header is not None


class DatabaseHome(ServerHome):
    """A state of its own in a database."""

    TABLES = ("entries", "journal", "runs", "changes")

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self.folder, self.server = folder, server
        self.location, self.name = server.url(), f"desk-{next(_NUMBERS)}"

    @property
    def number(self) -> int:
        found = self.server.run(
            "SELECT id FROM ctsync.states WHERE name = %s", self.name
        )
        return int(found[0][0])

    def backup(self) -> Any:
        header = "SELECT header FROM ctsync.states WHERE id = %s"
        rows = {
            table: self.server.run(
                f"SELECT * FROM ctsync.{table} WHERE state = %s", self.number
            )
            for table in self.TABLES
        }
        return self.server.run(header, self.number)[0][0], rows

    def restore(self, backup: Any) -> None:
        header, tables = backup
        self.lose()
        change = "UPDATE ctsync.states SET header = %s WHERE id = %s"
        self.server.run(change, header, self.number)
        for table, rows in tables.items():
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                self.server.run(f"INSERT INTO ctsync.{table} VALUES ({marks})", *row)

    def lose(self) -> None:
        self.server.run(
            "UPDATE ctsync.states SET header = NULL WHERE id = %s", self.number
        )
        for table in self.TABLES:
            self.server.run(f"DELETE FROM ctsync.{table} WHERE state = %s", self.number)


class BucketHome(ServerHome):
    """A folder of its own in a bucket."""

    def __init__(self, folder: Path, server: ObjectServer) -> None:
        self.folder = folder
        place, self.name = f"desk/{next(_NUMBERS)}-{os.getpid()}", "prod"
        self.location = f"s3://{BUCKET}/{place}/"
        self.bucket = server.store(BUCKET, f"{place}/{self.name}")

    def names(self) -> list[str]:
        pages = obstore.list(self.bucket)
        return [meta["path"] for page in pages for meta in page]

    def backup(self) -> dict[str, bytes]:
        return {n: bytes(obstore.get(self.bucket, n).bytes()) for n in self.names()}

    def restore(self, backup: dict[str, bytes]) -> None:
        self.lose()
        for name, data in backup.items():
            obstore.put(self.bucket, name, data)

    def lose(self) -> None:
        obstore.delete(self.bucket, self.names())


HOMES: dict[str, tuple[type[FileHome], tuple[str, ...]]] = {
    "jsonl": (FileHome, ()),
    "parquet": (FolderHome, ()),
    "postgres": (DatabaseHome, ("postgres_server",)),
    "object-store": (BucketHome, ("object_server",)),
}
