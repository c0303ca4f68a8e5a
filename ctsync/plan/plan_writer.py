"""Writing a plan line by line, taking digest and counts on the way."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Protocol

from msgspec.structs import astuple, replace

from ctsync.canonical_json import canonical
from ctsync.model.change import Change, EntryAfter
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.batches import BatchIndex, BatchWriter, ReadyBatch
from ctsync.plan.change_codec import change_line
from ctsync.plan.digest import PlanDigest
from ctsync.plan.plan_checksum import seal_line
from ctsync.plan.plan_header import PlanFoot, PlanHead, foot_as_json, head_as_json
from ctsync.plan.schedule import CallCounter, records_of


class LineWriter(Protocol):
    """Where a plan is written to."""

    def write(self, data: bytes, /) -> object:
        """Take in bytes."""

    def flush(self) -> object:
        """Let nothing wait."""


class PlanWriter:
    """Writes a plan line by line, taking digest and counts on the way."""

    def __init__(self, file: LineWriter, head: PlanHead) -> None:
        self._file = file
        self._checksum = sha256()
        self._bytes = 0
        self._digest = PlanDigest(head.account, head.base.lineage)
        self._survey = ChangeStatistics()
        self._loader = BatchWriter()
        self._calls = CallCounter(head.records_per_call)
        self._contents: list[BatchIndex] = []
        self._head = self._write(head_as_json(head))

    def add_change(self, change: Change) -> None:
        """Write one profile's change."""
        self._digest.add(change)
        traits = self._survey.add(change)
        records = records_of(change)
        at = self._bytes
        self._write_line(change_line(change, traits, [wave for wave, _ in records]))
        self._write_loads(self._loader.add(change.key, records, at))

    def add_settled(self, key: ProfileKey, settled: EntryAfter) -> None:
        """Write what an entry with nothing to do gets at the next fold."""
        self._write({"settled": {"key": key.as_json(), "entry": settled.as_json()}})

    def close_loads(self) -> CallCounter:
        """Write the loads that wait; give what all come to. No change may follow."""
        self._write_loads(self._loader.flush())
        return self._calls

    def close(self, foot: PlanFoot) -> None:
        """Write counts, digest and seal."""
        self.close_loads()
        done = replace(
            foot,
            digest=self._digest.value(),
            survey=self._survey,
            places=self._loader.places,
            is_plain=self._loader.is_plain,
            table=self._bytes,
        )
        self._write({"table": [astuple(content) for content in self._contents]})
        last = self._write({"foot": {**foot_as_json(done), "bytes": self._bytes}})
        self._file.write(seal_line(self._head, last, self._checksum.hexdigest()))
        self._file.flush()

    def _write_loads(self, loads: Iterable[ReadyBatch]) -> None:
        for load in loads:
            ends = [self._bytes]
            for line in load.lines():
                self._write_line(line)
                ends.append(self._bytes)
            self._contents.append(load.content(*ends))
            self._calls.add(load.batch)

    def _write(self, data: dict[str, Any]) -> bytes:
        line = canonical(data) + b"\n"
        self._write_line(line)
        return line

    def _write_line(self, line: bytes) -> None:
        self._checksum.update(line)
        self._bytes += len(line)
        self._file.write(line)
