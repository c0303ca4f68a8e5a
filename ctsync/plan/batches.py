"""Records made ready when they are planned, so that sending them is cutting bytes.

A load is three lines of a saved plan: what is to be known of some records of one wave
that may share a call, their folded keys, and the records as they travel. All else about
a record stands in the line of its change, and is read only where more is asked than
whether it was taken.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any, TypeAlias, overload

from msgspec import Struct, field

from ctsync.canonical_json import canonical, fold_id, parse
from ctsync.kinds.counter import KIND as COUNTER
from ctsync.model.change import Change
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Record
from ctsync.plan.schedule import COUNTERS, WAVES, Batch, BatchBuilder, records_of

Places: TypeAlias = "range | tuple[int, ...]"  # ascending
Span: TypeAlias = tuple[int, int]  # first place, and how many follow each other

_START, _END = b'{"d":[', b"]}"


class BatchIndex(Struct, frozen=True):
    """Where a load stands in a saved plan, and what it is about.

    Its folded keys begin at `folded`, its records at `body`.
    """

    at: int
    folded: int
    body: int
    end: int
    wave: int
    first: int
    last: int


class _Tags(Struct):
    """What a load says of its records beside what travels."""

    places: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    follow: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)


class BatchWriter:
    """Fills the loads of a plan while its changes pass by.

    Places count the changes that send anything, from 0.
    """

    def __init__(self) -> None:
        self._packers = {wave: BatchBuilder() for wave in WAVES}
        self._tags = {wave: _Tags() for wave in WAVES}
        self.places = 0
        self.is_plain = True  # no key differs from its folded form

    def add(
        self, key: ProfileKey, records: Sequence[tuple[int, Record]], at: int
    ) -> Iterator[ReadyBatch]:
        """Take in the records, with their waves, of a change; yield loads they closed.

        The line of the change begins at a byte.
        """
        for wave, record in records:
            batch = self._packers[wave].add(record)
            if batch is not None:
                yield self._close(wave, batch)
            tags = self._tags[wave]
            if not record.last:
                tags.follow.append(len(tags.places))
            if any(op.kind == COUNTER.name for op in record.operations):
                tags.counts.append(len(tags.places))
            tags.places.append(self.places)
            tags.starts.append(at)
        self.places += bool(records)
        self.is_plain = self.is_plain and fold_id(key.id) == key.id

    def flush(self) -> Iterator[ReadyBatch]:
        """Yield what is left."""
        for wave, packer in self._packers.items():
            batch = packer.flush()
            if batch is not None:
                yield self._close(wave, batch)

    def _close(self, wave: int, batch: Batch) -> ReadyBatch:
        tags, self._tags[wave] = self._tags[wave], _Tags()
        return ReadyBatch(wave, tags, batch)


class ReadyBatch(Struct, frozen=True, dict=True):
    """A load that is to be written."""

    wave: int
    tags: _Tags
    batch: Batch

    def lines(self) -> tuple[bytes, bytes, bytes]:
        """Return its lines."""
        tags, batch = self.tags, self.batch
        head = {
            "counts": tags.counts,
            "follow": tags.follow,
            "sizes": [len(wire) for wire in batch.wires],
            "spans": spans(tags.places),
            "starts": tags.starts,
            "wave": self.wave,
        }
        body = b"%b%b%b\n" % (_START, b",".join(batch.wires), _END)
        folded = canonical({"folded": batch.folded}) + b"\n"
        return canonical({"load": head}) + b"\n", folded, body

    def content(self, at: int, folded: int, body: int, end: int) -> BatchIndex:
        """Say where its lines were written."""
        places = self.tags.places
        return BatchIndex(at, folded, body, end, self.wave, places[0], places[-1])


class SavedBatch:
    """The records of one wave that may share a call, as a saved plan holds them."""

    def __init__(
        self,
        content: BatchIndex,
        read: Callable[[int, int], bytes],
        change_at: Callable[[int], Change],
        *,
        is_plain: bool,
    ) -> None:
        """Read its first line; `read` gives the bytes between two places.

        In a plain plan no two keys fold to the same, so that none has to be looked at.
        """
        head: dict[str, Any] = parse(read(content.at, content.folded))["load"]
        self._content = content
        self._read = read
        self._sizes: list[int] = head["sizes"]
        self._starts: list[int] = head["starts"]
        self._change_at = change_at
        self.wave: int = head["wave"]
        self._is_plain = is_plain
        # By number: which have counters, and which a record in a later wave follows.
        self.counts = frozenset(head["counts"])
        self.follow = frozenset(head["follow"])
        self.places = placed(head["spans"])

    def records_slice(self) -> RecordSlice:
        """Return all of its records."""
        return RecordSlice(self, range(len(self.places)))

    def body(self, numbers: Sequence[int]) -> bytes:
        """Return the body of a call with some of the records."""
        if len(numbers) == len(self.places):
            size = sum(self._sizes) + len(self._sizes) - 1
            return self._read_body(0, len(_START) + size + len(_END))
        if isinstance(numbers, range):
            wires = self._wires(numbers[0], numbers[-1])
        else:
            wires = b",".join(self._wires(number, number) for number in numbers)
        return b"%b%b%b" % (_START, wires, _END)

    def change(self, number: int) -> Change:
        """The change that a record is part of, with no targets but those once."""
        return self._change_at(self._starts[number])

    def folded(self, numbers: Sequence[int]) -> list[str]:
        """Return what other calls in flight must not hold: folded keys, if need be."""
        if self._is_plain:
            return []
        return _picked(self._folded, numbers)

    @cached_property
    def _folded(self) -> list[str]:
        line = self._read(self._content.folded, self._content.body)
        found: list[str] = parse(line)["folded"]
        return found

    def _wires(self, first: int, last: int) -> bytes:
        return self._read_body(self._edges[first], self._edges[last + 1] - 1)

    def _read_body(self, start: int, end: int) -> bytes:
        return self._read(self._content.body + start, self._content.body + end)

    @cached_property
    def _edges(self) -> list[int]:
        sizes = (size + 1 for size in self._sizes)
        return list(accumulate(sizes, initial=len(_START)))


class RecordSlice(Sequence[Record]):
    """Records of one load that travel together, in order.

    How many they are, where they stand in the plan and what travels is known at once;
    a record is read from its change when it is looked at. `numbers` count in the load.
    """

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
        wave = self._load.wave
        return next(each for own, each in records_of(self.change(at)) if own == wave)

    def only(self, numbers: Iterable[int]) -> RecordSlice:
        """Return those at some places in this cargo."""
        return RecordSlice(
            self._load, tuple(self.numbers[number] for number in numbers)
        )

    def numbers_without(self, parts: Iterable[RecordSlice]) -> list[int]:
        """Return the places in this cargo of those that are in none of some parts."""
        gone = {number for part in parts for number in part.numbers}
        return [at for at, number in enumerate(self.numbers) if number not in gone]

    def at_places(self, places: range) -> RecordSlice:
        """Return those whose change stands among some places."""
        start = bisect_left(self.places, places.start)
        return self[start : bisect_left(self.places, places.stop)]

    def calls(self, records_per_call: int) -> Iterator[RecordSlice]:
        """Yield them in calls of at most so many."""
        for start in range(0, len(self), records_per_call):
            yield self[start : start + records_per_call]

    def change(self, at: int) -> Change:
        """Return the change that a record is part of."""
        return self._load.change(self.numbers[at])

    @property
    def wave(self) -> int:
        """The wave of all of them."""
        return self._load.wave

    @cached_property
    def body(self) -> bytes:
        """What travels."""
        return self._load.body(self.numbers)

    def prefetch_bodies(self) -> None:
        """Read what travels, to have it at hand when it is to leave."""
        _ = self.body

    @property
    def folded(self) -> list[str]:
        """Their folded keys, unless no two keys of the plan fold to the same."""
        return self._load.folded(self.numbers)

    @property
    def places(self) -> Places:
        """Where their changes stand among those that send anything."""
        if isinstance(self.numbers, range):
            return self._load.places[self.numbers.start : self.numbers.stop]
        return tuple(self._load.places[number] for number in self.numbers)

    @property
    def is_last(self) -> bool:
        """Whether no record of the same profiles follows in a later wave."""
        return self._load.follow.isdisjoint(self.numbers)

    def follows(self, at: int) -> bool:
        """Return whether a record of the same profile follows in a later wave."""
        return self.numbers[at] in self._load.follow

    @property
    def is_delta(self) -> bool:
        """Whether sending them twice would count twice."""
        return self._load.wave == COUNTERS

    @property
    def counts(self) -> bool:
        """Whether any of them moves a counter or assigns one."""
        return not self._load.counts.isdisjoint(self.numbers)


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


def _picked(values: list[str], numbers: Sequence[int]) -> list[str]:
    if isinstance(numbers, range):
        return values[numbers.start : numbers.stop]
    return [values[number] for number in numbers]
