"""Records made ready to travel while the changes of a plan pass by.

A load is what of one wave may share a call. A plan holds changes alone: whatever is
sent is made from them when it is to leave, and a value of it only where one is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import TypeAlias, overload

from msgspec import Struct

from ctsync.model.change import Change
from ctsync.model.record import Record
from ctsync.plan.document.change_codec import change_from_line
from ctsync.plan.document.schedule import COUNTERS, FRAME_BYTES, is_full, records_of

Places: TypeAlias = "range | tuple[int, ...]"  # ascending
Span: TypeAlias = tuple[int, int]  # first place, and how many follow each other


class PlannedRecord(Struct, frozen=True, gc=False):
    """A record as it travels, with the line of its change, from which it follows.

    `place` is that of its change, `folded` its key as no other call in flight may hold
    it. `is_last` says that no further record of the profile follows in a later wave,
    `counts` that it moves a counter or assigns one.
    """

    place: int
    folded: str
    wire: bytes
    line: bytes
    is_last: bool = True
    counts: bool = False


def loads(records: Iterable[PlannedRecord], wave: int) -> Iterator[SavedBatch]:
    """Yield the records of one wave, as many together as may share a call.

    A batch holds no more records and bytes than the largest call, and no two
    identifiers that the platform might take for one: no order is promised in a call.
    """
    held, folded, size = list[PlannedRecord](), set[str](), FRAME_BYTES
    for record in records:
        more = len(record.wire) + 1
        if held and (is_full(len(held), size + more) or record.folded in folded):
            yield SavedBatch(wave, held)
            held, folded, size = [], set(), FRAME_BYTES
        held.append(record)
        folded.add(record.folded)
        size += more
    if held:
        yield SavedBatch(wave, held)


class SavedBatch(Struct, frozen=True, eq=False):
    """The records of one wave that may share a call."""

    wave: int
    records: Sequence[PlannedRecord]

    def records_slice(self) -> RecordSlice:
        """Return all of its records."""
        return RecordSlice(self, range(len(self.records)))


class RecordSlice(Sequence[Record]):
    """Records of one load that travel together, in order; `numbers` count in it."""

    def __init__(self, load: SavedBatch, numbers: Sequence[int]) -> None:
        self._load = load
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> RecordSlice: ...
    def __getitem__(self, at: int | slice) -> Record | RecordSlice:
        """Return one record, or some of them."""
        if isinstance(at, slice):
            return RecordSlice(self._load, self.numbers[at])
        return record_in(self._load.records[self.numbers[at]].line, self.wave)

    def only(self, numbers: Iterable[int]) -> RecordSlice:
        """Return those at some places in this cargo."""
        return RecordSlice(
            self._load, tuple(self.numbers[number] for number in numbers)
        )

    def numbers_without(self, parts: Iterable[RecordSlice]) -> list[int]:
        """Return the places in this cargo of those that are in none of some parts."""
        gone = {number for part in parts for number in part.numbers}
        return [at for at, number in enumerate(self.numbers) if number not in gone]

    def calls(self, records_per_call: int) -> Iterator[RecordSlice]:
        """Yield them in calls of at most so many."""
        for start in range(0, len(self), records_per_call):
            yield self[start : start + records_per_call]

    def change(self, at: int) -> Change:
        """Return the change that a record is part of."""
        return change_from_line(self._load.records[self.numbers[at]].line)

    @property
    def wave(self) -> int:
        """The wave of all of them."""
        return self._load.wave

    @cached_property
    def body(self) -> bytes:
        """What travels."""
        return b'{"d":[%b]}' % b",".join([record.wire for record in self._planned])

    def prefetch_bodies(self) -> None:
        """Have what travels at hand when it is to leave."""
        _ = self.body

    @property
    def folded(self) -> Sequence[str]:
        """Their folded keys: what no other call in flight may hold."""
        return [record.folded for record in self._planned]

    @property
    def places(self) -> Places:
        """Where their changes stand among those that send anything."""
        return placed(spans([record.place for record in self._planned]))

    @cached_property
    def is_last(self) -> bool:
        """Whether no record of the same profiles follows in a later wave."""
        return all(record.is_last for record in self._planned)

    def follows(self, at: int) -> bool:
        """Return whether a record of the same profile follows in a later wave."""
        return not self._load.records[self.numbers[at]].is_last

    @property
    def is_delta(self) -> bool:
        """Whether sending them twice would count twice."""
        return self._load.wave == COUNTERS

    @cached_property
    def counts(self) -> bool:
        """Whether any of them moves a counter or assigns one."""
        return any(record.counts for record in self._planned)

    @property
    def _planned(self) -> Sequence[PlannedRecord]:
        records = self._load.records
        if isinstance(self.numbers, range):
            return records[self.numbers.start : self.numbers.stop]
        return [records[number] for number in self.numbers]


def record_in(line: bytes, wave: int) -> Record:
    """Return the record of a wave that the line of a change leads to."""
    return dict(records_of(change_from_line(line)))[wave]


def spans(places: Sequence[int]) -> list[Span]:
    """Return ascending places as spans of those that follow each other."""
    if not places:
        return []
    # They ascend, so no place is missing between ends that are so near to each other.
    if places[-1] - places[0] == len(places) - 1:
        return [(places[0], len(places))]
    found = []
    # Places that follow each other are all as far from their numbers.
    for _, group in groupby(enumerate(places), key=lambda each: each[1] - each[0]):
        run = [place for _, place in group]
        found.append((run[0], len(run)))
    return found


def placed(found: Sequence[Sequence[int]]) -> Places:
    """Return the places that `spans` wrote."""
    if len(found) == 1:
        ((first, count),) = found
        return range(first, first + count)
    return tuple(p for first, count in found for p in range(first, first + count))
