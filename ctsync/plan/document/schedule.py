"""From changes to records: their waves, and what may travel together."""

from __future__ import annotations

from collections.abc import Sequence

from ctsync.canonical_json import fold_id
from ctsync.limits import MAX_BODY_BYTES, MAX_RECORDS_PER_CALL
from ctsync.model.change import Change
from ctsync.model.decided_records import DecidedRecords
from ctsync.model.operation import DELTAS, Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Record

# Second steps wait for the first; counters travel last, in calls of their own, so
# that everything else can be sent again after an outcome that is not known.
WAVES = (1, 2, 3)
COUNTERS = 3
# What travels in files has no call; of a profile it is one record, and its last.
FILES = 4
FRAME_BYTES = len(b'{"d":[]}')


def records_of(change: Change) -> tuple[tuple[int, Record], ...]:
    """Return a profile's records with their waves, in order.

    That of `FILES` holds all that travels in files, whatever its steps.
    """
    waves = [_wave_of(operation) for operation in change.operations]
    if waves and waves.count(waves[0]) == len(waves):
        return ((waves[0], Record(change.key, change.operations)),)
    groups: dict[int, list[Operation]] = {}
    for wave, operation in zip(waves, change.operations, strict=True):
        groups.setdefault(wave, []).append(operation)
    final = max(groups, default=0)
    return tuple(
        (wave, Record(change.key, tuple(groups[wave]), last=wave == final))
        for wave in sorted(groups)
    )


def _wave_of(operation: Operation) -> int:
    if operation.goes_in_file:
        return FILES
    return COUNTERS if operation.operator in DELTAS else operation.step


def folded_key(key: ProfileKey) -> str:
    """Return what two keys share if the platform might take them for one."""
    return f"{key.type}={fold_id(key.id)}"


class CallCounter:
    """Counts the records of one wave, and the calls that they will travel in.

    They fill calls as `batches.loads` does, and nothing of them is kept.
    """

    def __init__(self, records_per_call: int) -> None:
        self._records_per_call = records_per_call
        self._folded: set[str] = set()
        self._size = FRAME_BYTES
        self.records = 0
        self.calls = 0

    def add(self, folded: str, size: int) -> None:
        """Take a record in: its folded key, and how many bytes of it travel."""
        held = self._folded
        if is_full(len(held), self._size + size + 1) or folded in held:
            self.flush()
            held = self._folded
        held.add(folded)
        self._size += size + 1

    def add_many(self, folded: Sequence[str], sizes: Sequence[int | None]) -> None:
        """Take records in, with None for the size where there is none."""
        keys = [key for key, size in zip(folded, sizes, strict=True) if size]
        sent = [size for size in sizes if size]
        while keys:
            if len(self._folded) == MAX_RECORDS_PER_CALL:
                self.flush()
            room = MAX_RECORDS_PER_CALL - len(self._folded)
            self._add_some(keys[:room], sent[:room])
            keys, sent = keys[room:], sent[room:]

    def add_decided(self, records: DecidedRecords) -> None:
        """Take in the records of decided rows."""
        count = len(records)
        if not records.apart:
            self.add_many(records.folded(0, count), records.sizes_of(0, count))
            return
        at = 0
        while at < count:
            if len(self._folded) == MAX_RECORDS_PER_CALL:
                self.flush()
            end = min(count, at + MAX_RECORDS_PER_CALL - len(self._folded))
            if not self._take_whole(end - at, records.bytes_of(at, end)):
                self._add_some(records.folded(at, end), records.sizes_of(at, end))
            at = end

    def _take_whole(self, count: int, size: int) -> bool:
        """Take in a whole batch of which no two are alike, if it is one by itself."""
        # So many have a place only in a batch that holds none yet.
        is_whole = count == MAX_RECORDS_PER_CALL
        if not is_whole or FRAME_BYTES + size + count > MAX_BODY_BYTES:
            return False
        self._close(count)
        return True

    def _add_some(self, folded: Sequence[str], sizes: Sequence[int]) -> None:
        """Take in records for which there are places in the batch at hand."""
        keys, size = set(folded), self._size + sum(sizes) + len(sizes)
        together = self._folded | keys
        is_each_once = len(together) == len(self._folded) + len(folded)
        if is_each_once and size <= MAX_BODY_BYTES:
            self._folded, self._size = together, size
        else:
            for each in zip(folded, sizes, strict=True):
                self.add(*each)

    def flush(self) -> None:
        """Close the batch at hand."""
        self._close(len(self._folded))
        self._folded = set()
        self._size = FRAME_BYTES

    def _close(self, count: int) -> None:
        self.records += count
        self.calls += -(-count // self._records_per_call)


def is_full(count: int, size: int) -> bool:
    """Return whether so many records are enough, or one more makes too many bytes."""
    return size > MAX_BODY_BYTES or count == MAX_RECORDS_PER_CALL
