"""Records made ready to travel while the changes of a plan pass by.

A load is what of one wave may share a call. A plan holds changes alone: whatever is
sent is made from them when it is to leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import TypeAlias, TypeVar, overload

from msgspec import Struct

from ctsync.kinds.counter import KIND as COUNTER
from ctsync.model.change import Change
from ctsync.model.record import Record
from ctsync.plan.schedule import COUNTERS, Batch, BatchBuilder, records_of

Places: TypeAlias = "range | tuple[int, ...]"  # ascending
Span: TypeAlias = tuple[int, int]  # first place, and how many follow each other
T = TypeVar("T")


def loads(sent: Iterable[tuple[int, Change]], wave: int) -> Iterator[SavedBatch]:
    """Yield the records of one wave, as many together as may share a call.

    Changes come with their places: those that send anything are counted from 0.
    """
    packer, held = BatchBuilder(), list[tuple[int, Change]]()
    for place, change in sent:
        for own, record in records_of(change):
            if own == wave:
                batch = packer.add(record)
                if batch is not None:
                    yield _load(wave, batch, held)
                    held = []
                held.append((place, change))
    rest = packer.flush()
    if rest is not None:
        yield _load(wave, rest, held)


def _load(wave: int, batch: Batch, held: Iterable[tuple[int, Change]]) -> SavedBatch:
    places, changes = zip(*held, strict=True)
    return SavedBatch(wave, batch, placed(spans(places)), changes)


class SavedBatch(Struct, frozen=True, eq=False):
    """The records of one wave that may share a call, with their changes."""

    wave: int
    batch: Batch
    places: Places
    changes: tuple[Change, ...]

    def records_slice(self) -> RecordSlice:
        """Return all of its records."""
        return RecordSlice(self, range(len(self.places)))


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
        return self._load.batch.records[self.numbers[at]]

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
        return self._load.changes[self.numbers[at]]

    @property
    def wave(self) -> int:
        """The wave of all of them."""
        return self._load.wave

    @cached_property
    def body(self) -> bytes:
        """What travels."""
        return b'{"d":[%b]}' % b",".join(self._picked(self._load.batch.wires))

    def prefetch_bodies(self) -> None:
        """Have what travels at hand when it is to leave."""
        _ = self.body

    @property
    def folded(self) -> Sequence[str]:
        """Their folded keys: what no other call in flight may hold."""
        return self._picked(self._load.batch.folded)

    @property
    def places(self) -> Places:
        """Where their changes stand among those that send anything."""
        places = self._load.places
        if isinstance(self.numbers, range):
            return places[self.numbers.start : self.numbers.stop]
        return tuple(places[number] for number in self.numbers)

    @cached_property
    def is_last(self) -> bool:
        """Whether no record of the same profiles follows in a later wave."""
        return all(record.last for record in self)

    def follows(self, at: int) -> bool:
        """Return whether a record of the same profile follows in a later wave."""
        return not self[at].last

    @property
    def is_delta(self) -> bool:
        """Whether sending them twice would count twice."""
        return self._load.wave == COUNTERS

    @cached_property
    def counts(self) -> bool:
        """Whether any of them moves a counter or assigns one."""
        kinds = (op.kind for record in self for op in record.operations)
        return COUNTER.name in kinds

    def _picked(self, values: Sequence[T]) -> Sequence[T]:
        if isinstance(self.numbers, range):
            return values[self.numbers.start : self.numbers.stop]
        return [values[number] for number in self.numbers]


def spans(places: Iterable[int]) -> list[Span]:
    """Return ascending places as spans of those that follow each other."""
    if isinstance(places, range):
        return [(places.start, len(places))] if places else []
    found = []
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
