"""Reading the records of one wave from a plan, many lines at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctsync.canonical_json import canonical, parse
from ctsync.plan.document.batches import PlannedRecord
from ctsync.plan.document.change_codec import (
    CHANGE_KEY,
    START,
    change_from_line,
    waves_in,
)
from ctsync.plan.document.record_patterns import RecordPatterns, Told
from ctsync.plan.document.schedule import folded_key, records_of
from ctsync.plan.document.told_records import sends_first_alone

FIRST = 1


class RecordReader:
    """Reads the records of one wave, of changes that stand among some places.

    Places count the changes that send anything. Lines come in the order of the plan.
    """

    def __init__(self, wave: int, places: range) -> None:
        self._wave = wave
        self._name = b"%d" % wave
        self._places = places
        self._place = 0
        self._patterns = RecordPatterns()
        self.met_first_alone = True
        """Whether no line so far sends anything in another wave than the first."""

    def records(
        self, lines: bytes, told: Sequence[Told | None] | None = None
    ) -> Iterator[PlannedRecord]:
        """Yield the records of the next lines, each whole.

        What patterns tell of each line may be `told` already.

        Raises:
            ValueError: a line is of no change.
        """
        if not sends_first_alone(lines):
            yield from self._one_by_one(lines)
            return
        # All of them send, and so each has a place.
        start = self._place
        self._place += lines.count(b"\n")
        here = range(start, self._place)
        if self._wave != FIRST or not _overlap(here, self._places):
            return
        found = self._patterns.records(lines) if told is None else told
        each = lines.splitlines(keepends=True)
        for place, line, record in zip(here, each, found, strict=True):
            if place not in self._places:
                continue
            if record is None:
                yield from self._read(place, line)
            else:
                yield PlannedRecord(place, *record, line)

    def _one_by_one(self, lines: bytes) -> Iterator[PlannedRecord]:
        self.met_first_alone = False
        for line in lines.splitlines(keepends=True):
            waves = waves_in(line) if line.startswith(START) else b""
            if waves:
                place, self._place = self._place, self._place + 1
                if place in self._places and self._name in waves:  # one digit each
                    is_first = self._wave == FIRST
                    told = self._patterns.record(line) if is_first else None
                    if told is None:
                        yield from self._read(place, line)
                    else:
                        yield PlannedRecord(place, *told, line)

    def _read(self, place: int, line: bytes) -> Iterator[PlannedRecord]:
        """Yield the record of a line, by making its change."""
        change = change_from_line(line)
        folded = folded_key(change.key)
        for wave, record in records_of(change):
            if wave == self._wave:
                yield PlannedRecord(
                    place,
                    folded,
                    canonical(record.as_wire()),
                    line,
                    record.last,
                    record.has_counters,
                )
        if self._wave == FIRST and self._patterns.is_learning:
            self._patterns.learn(parse(line)[CHANGE_KEY])


def _overlap(one: range, other: range) -> bool:
    return max(one.start, other.start) < min(one.stop, other.stop)
