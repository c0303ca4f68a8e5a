"""From changes to calls: waves, records, and what may travel together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ctsync.canon import canonical, fold_id
from ctsync.limits import MAX_BODY_BYTES
from ctsync.model.change import Change
from ctsync.model.operation import Operation
from ctsync.model.record import Call, Record

# Second steps wait for the first; counters travel last, in calls of their own, so
# that everything else can be sent again after an outcome that is not known.
WAVES = (1, 2, 3)
_COUNTERS = 3
_BODY = b'{"d":[%b]}'

FoldedKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that may share a call.

    `folded` are their keys with identifiers folded: no other call that holds one of
    them may be in flight at the same time. `body` is what travels.
    """

    records: tuple[Record, ...]
    folded: frozenset[FoldedKey]
    body: bytes


def body_of(records: Iterable[Record]) -> bytes:
    """Give the body of a call."""
    return _BODY % b",".join(canonical(record.as_wire()) for record in records)


def records_of(change: Change) -> tuple[tuple[int, Record], ...]:
    """Give a profile's records with their waves, in order."""
    waves = [_COUNTERS if op.is_delta else op.step for op in change.operations]
    if len(set(waves)) == 1:
        return ((waves[0], Record(change.key, change.operations)),)
    groups: dict[int, list[Operation]] = {}
    for wave, operation in zip(waves, change.operations, strict=True):
        groups.setdefault(wave, []).append(operation)
    final = max(groups, default=0)
    return tuple(
        (wave, Record(change.key, tuple(groups[wave]), last=wave == final))
        for wave in sorted(groups)
    )


def schedule(
    changes: Callable[[], Iterable[Change]], *, records_per_call: int
) -> Iterator[Call]:
    """Yield the calls of a plan, wave by wave, numbered from 1.

    `changes` is asked once for each wave, so that nothing has to be kept.
    """
    number = 0
    for wave in WAVES:
        records = (
            record
            for change in changes()
            for own, record in records_of(change)
            if own == wave
        )
        for batch in pack(records, records_per_call=records_per_call):
            number += 1
            yield Call(number, wave, batch.records)


def pack(records: Iterable[Record], *, records_per_call: int) -> Iterator[Batch]:
    """Yield batches of records that may share a call, in order."""
    packer = Packer(records_per_call)
    for record in records:
        full = packer.add(record)
        if full is not None:
            yield full
    rest = packer.flush()
    if rest is not None:
        yield rest


class Packer:
    """Fills one call at a time.

    A call holds at most so many records and bytes, and no two identifiers that the
    platform might take for one: no order is promised inside a call.
    """

    def __init__(self, records_per_call: int) -> None:
        self._records_per_call = records_per_call
        self._records: list[Record] = []
        self._folded: set[FoldedKey] = set()
        self._wires = bytearray()

    def add(self, record: Record) -> Batch | None:
        """Take a record in; give the call that it closed, if any."""
        wire = canonical(record.as_wire())
        folded = (record.key.type, fold_id(record.key.id))
        closed = None if self._has_room(len(wire), folded) else self.flush()
        if self._records:
            self._wires += b","
        self._wires += wire
        self._records.append(record)
        self._folded.add(folded)
        return closed

    def flush(self) -> Batch | None:
        """Close the call at hand and give it, if there is one."""
        if not self._records:
            return None
        batch = Batch(
            tuple(self._records), frozenset(self._folded), _BODY % self._wires
        )
        self._records, self._folded, self._wires = [], set(), bytearray()
        return batch

    def _has_room(self, size: int, folded: FoldedKey) -> bool:
        return (
            len(self._records) < self._records_per_call
            and len(self._wires) + 1 + size + len(_BODY) <= MAX_BODY_BYTES
            and folded not in self._folded
        )


class CallCounter:
    """Counts the records and calls that `schedule` will make, in one pass."""

    def __init__(self, records_per_call: int) -> None:
        self._packers = {wave: Packer(records_per_call) for wave in WAVES}
        self.records = 0
        self._calls = 0

    def add(self, change: Change) -> None:
        """Take a change in."""
        for wave, record in records_of(change):
            self.records += 1
            self._calls += self._packers[wave].add(record) is not None

    def calls(self) -> int:
        """Give the number of calls; nothing can be added afterwards."""
        return self._calls + sum(p.flush() is not None for p in self._packers.values())
