"""What the lines of a journal come to: what is known of each record, by its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from ctsync.apply.effect import Doubt, Effect, Taken, release_of, settling
from ctsync.apply.journal import Line, Sent, sent_from_json
from ctsync.errors import StateError
from ctsync.model.change import Change, settled_from_json
from ctsync.model.key import Key, key_from_json
from ctsync.model.record import Outcome
from ctsync.plan.line import change_from_data, waves_in
from ctsync.plan.load import placed
from ctsync.plan.schedule import records_of
from ctsync.state.journal import StoredLine

Folded: TypeAlias = "Effect | Doubt | Taken"

# Two bits a wave, in one byte a place. One that was tried again may have both.
_DOUBTED, _TAKEN = 1, 2


class Ledger:
    """Outcomes of a journal's records, one byte for each profile.

    An intent without a receipt is an unknown outcome. What was rejected or not sent
    does nothing.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        """Read the lines.

        Raises:
            StateError: a receipt stands alone (code `journal_damaged`).
        """
        self.is_open = True  # a run that was cut off left everything open
        self.releases = False
        self._has_ended = False
        self._marks = bytearray()
        self._unheard: dict[int, Line] = {}
        self._doubtful: dict[int, Sent] = {}
        for line in lines:
            read = _READERS.get(next(iter(line)))
            if read is not None:
                read(self, line)
        for intent in self._unheard.values():
            self._note(intent, [(_size(intent), Outcome.UNKNOWN)])

    @property
    def does_anything(self) -> bool:
        """Whether the journal changes what is known."""
        return self.releases or any(self._marks)

    @property
    def last_doubtful_delta(self) -> Sent | None:
        """The call that may write counters latest, of a run that was cut off."""
        if self._has_ended:
            return None
        calls = self._doubtful.values()
        return max(calls, key=lambda sent: sent.over_at, default=None)

    def effects(
        self, lines: Iterable[Line], run: str
    ) -> Iterator[tuple[Key, tuple[Folded, ...]]]:
        """Yield what the same lines do, by key and in the order in which it came."""
        place = 0
        for line in lines:
            kind = next(iter(line))
            if kind == "settled":
                data = line[kind]
                note = settling(settled_from_json(data["entry"]))
                yield key_from_json(data["key"]), (note,)
            elif kind == "change":
                if _sends(line):
                    mark = self._mark_at(place)
                    place += 1
                    if mark:
                        change = change_from_data(line[kind], is_whole=False)
                        yield change.key, tuple(_effects(change, mark, run))
                elif self.releases:
                    change = change_from_data(line[kind], is_whole=False)
                    yield change.key, (release_of(change),)

    def _mark_at(self, place: int) -> int:
        return self._marks[place] if place < len(self._marks) else 0

    def _intend(self, line: Line) -> None:
        intent = line["intent"]
        self._unheard[intent["call"]] = intent
        if intent["has_counters"]:
            self._doubtful[intent["call"]] = sent_from_json(intent)

    def _receive(self, line: Line) -> None:
        receipt = line["receipt"]
        intent = self._unheard.pop(receipt["call"], None)
        if intent is None:
            raise _no_intent(receipt["call"])
        outcomes = [(count, Outcome(name)) for count, name in receipt["outcomes"]]
        self._note(intent, outcomes)
        if not any(outcome is Outcome.UNKNOWN for _, outcome in outcomes):
            self._doubtful.pop(receipt["call"], None)

    def _release(self, line: Line) -> None:
        self.releases = bool(line["release"])

    def _end(self, line: Line) -> None:
        self._has_ended = True
        self.is_open = bool(line["end"]["open"])

    def _note(self, intent: Line, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        places, start = placed(intent["spans"]), 0
        shift = 2 * (intent["wave"] - 1)
        self._marks += bytes(max(0, places[-1] + 1 - len(self._marks)))
        for count, outcome in outcomes:
            if bit := _BITS.get(outcome, 0) << shift:
                self._mark(places[start : start + count], bit)
            start += count

    def _mark(self, places: range | tuple[int, ...], bit: int) -> None:
        marks = self._marks
        if isinstance(places, range) and not any(marks[places.start : places.stop]):
            marks[places.start : places.stop] = bytes((bit,)) * len(places)
            return
        for place in places:
            marks[place] |= bit


_BITS = {Outcome.ACKNOWLEDGED: _TAKEN, Outcome.UNKNOWN: _DOUBTED}
_READERS: dict[str, Callable[[Ledger, Line], None]] = {
    "intent": Ledger._intend,  # noqa: SLF001 - its own table
    "receipt": Ledger._receive,  # noqa: SLF001
    "release": Ledger._release,  # noqa: SLF001
    "end": Ledger._end,  # noqa: SLF001
}


def _effects(change: Change, mark: int, run: str) -> Iterator[Folded]:
    for wave, record in records_of(change):
        bits = mark >> 2 * (wave - 1)
        if bits & _DOUBTED:
            yield Doubt(record.operations, change.settled.cohorts, run)
        if bits & _TAKEN:
            yield Taken(record, change)


def _sends(line: Line) -> bool:
    if isinstance(line, StoredLine):
        return waves_in(line.text) != b""
    return bool(line["waves"])


def _size(intent: Line) -> int:
    return sum(count for _, count in intent["spans"])


def _no_intent(call: int) -> StateError:
    return StateError(
        f"the journal has a receipt of call {call}, which it never sent",
        hint="restore a copy of the journal; or move it away and run "
        '"ctsync state doubt --all", since what it sent is then not known',
        code="journal_damaged",
    )
