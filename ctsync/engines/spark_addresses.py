"""Addresses of rows that executors decided: the cluster tells who shares one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from ctsync.arrow import arrow
from ctsync.engines.arrow_buffers import read_tables
from ctsync.engines.found_rows import Decision
from ctsync.model.decided_addresses import SharedAddress
from ctsync.model.profile_key import ProfileKey
from ctsync.spark_session import Session

NOTED = (
    "name string, mark string, id string, source int, file int, row long, "
    "is_new boolean"
)
_ADDRESS = ["name", "mark"]


class AddressReader(Struct, frozen=True):
    """Reads files of addresses; called with their numbers it gives rows of `NOTED`."""

    folder: str
    files: tuple[str, ...]

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield the batches of the files."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for table in read_tables(Path(self.folder, self.files[number])):
                    yield from table.to_batches()


class SparkAddresses(Struct, frozen=True):
    """The addresses of decided rows, in files that executors wrote."""

    session: Session
    decision: Decision
    folder: str
    files: tuple[str, ...]

    def shared(self, marks: Iterable[tuple[str, bytes]]) -> Iterator[SharedAddress]:
        """Yield decided rows with an address that several have, or that is marked."""
        if not self.files:
            return
        for found in self._shared(marks).to_pylist():
            key = ProfileKey(self.decision.key_type, found["id"])
            rows = self.decision.source.of(found["source"])
            origin = rows.origin(found["file"], found["row"])
            mark = bytes.fromhex(found["mark"])[::-1]
            yield SharedAddress(found["name"], mark, key, origin, found["is_new"])

    def _shared(self, marks: Iterable[tuple[str, bytes]]) -> Any:
        numbers = self.session.range(0, len(self.files), 1, len(self.files))
        reader = AddressReader(self.folder, self.files)
        noted = numbers.mapInArrow(reader, NOTED)
        counted = noted.groupBy(*_ADDRESS).count()
        wanted = counted.where("count > 1").select(*_ADDRESS)
        marked = [(name, mark[::-1].hex().upper()) for name, mark in marks]
        if marked:
            names, texts = zip(*marked, strict=True)
            table = arrow().table({"name": list(names), "mark": list(texts)})
            wanted = wanted.unionByName(self.session.createDataFrame(table))
        return noted.join(wanted.distinct(), _ADDRESS, "leftsemi").toArrow()
