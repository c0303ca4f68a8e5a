"""Carrying calls to the platform side by side, each with its retries.

One thread decides: it alone rules on answers, keeps the counts, and says what became
of each record. The lanes only note, send, and bring back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

from msgspec.structs import replace

from ctsync.apply.allowance import full
from ctsync.apply.halt import Halt
from ctsync.apply.lanes import Event, Landing, Lanes, Parcel, Stuck, Trip
from ctsync.apply.logbook import Logbook
from ctsync.apply.resting import Rest, Resting
from ctsync.apply.retry import Attempt, Ruling, rule
from ctsync.apply.terms import Surroundings, Terms
from ctsync.errors import CtsyncError, out_of_memory
from ctsync.model.record import Outcome, Verdict
from ctsync.plan.load import Cargo
from ctsync.transport.answer import Answer, Happened, Transport
from ctsync.transport.reply import is_all_taken

_STOPPED = (Happened.UNAUTHORISED, Happened.UNREACHABLE, Happened.REFUSED)
_UNKNOWN = Verdict(Outcome.UNKNOWN)

Verdicts: TypeAlias = tuple[Verdict, ...]
Told: TypeAlias = tuple[Cargo, Verdicts]  # one verdict a record


class Dispatch:
    """Sends calls, as many at once as the platform lets in."""

    def __init__(
        self,
        transport: Transport,
        logbook: Logbook,
        halt: Halt,
        terms: Terms,
        around: Surroundings,
    ) -> None:
        self._logbook = logbook
        self._halt = halt
        self._terms = terms
        self._around = around
        steady = around.clock.steady
        self._lanes = Lanes(transport, logbook, steady, dry_run=terms.dry_run)
        self._resting = Resting(steady)
        self._allowance = full(terms.concurrency)
        self._source: Iterator[Cargo] = iter(())
        self._ahead: Cargo | None = None
        self._held: set[str] = set()
        self._number = 0
        self._lost_in_row = 0
        self._error: CtsyncError | None = None
        self.reached = False
        # By the steady clock: from when on nothing can be written any more.
        self.counters_over_at = self.unanswered_over_at = -math.inf

    @property
    def calls(self) -> int:
        """How many calls have left."""
        return self._lanes.departed

    def deliver(self, calls: Iterator[Cargo]) -> Iterator[list[Told]]:
        """Send calls until each of their records has its outcome; yield those.

        After a halt what is in flight is finished, and nothing more leaves.

        Raises:
            StateError: the journal took no further line; all calls have ended.
            TransportError: there is no thread to send with; nothing has left.
        """
        self._source, self._ahead = calls, None
        while True:
            self._fill()
            if self._is_over and (told := list(self._give_up())):
                yield told
            if not (self._lanes.under_way or self._resting):
                break
            event = self._await_event()
            if event is not None:
                yield [self._take_in(event)]
        error = self._error or self._lanes.trouble
        if error is not None:
            raise error

    def undecided(self) -> Iterator[Told]:
        """Yield the records of a run that was cut short, by what may be of them."""
        for trip in self._lanes.under_way.values():
            yield _told(trip.attempt, _UNKNOWN)
        yield from self._give_up_waits()

    def close(self) -> None:
        """Let the lanes end; waits for none."""
        self._lanes.close()

    @property
    def _is_over(self) -> bool:
        error = self._error or self._lanes.trouble
        return error is not None or self._halt.reason is not None

    def _fill(self) -> None:
        """Open lanes, and have calls noted for them and for when they are free."""
        if self._is_over or self._resting.is_paused:
            self._lanes.open(0)
            return
        kept = self._resting.lanes_kept
        self._lanes.open(max(0, self._allowance.allowed - kept))
        while self._note_rested() if self._resting.rested() else self._note_next():
            pass

    def _has_room(self, cargo: Cargo) -> bool:
        """Say whether a call may be noted: one to be in doubt, if this ends badly."""
        most = self._allowance.allowed
        # A counter in doubt is dear, and one lane is for who wants step after step.
        most += 0 if cargo.counts or self._allowance.is_least else most
        return len(self._lanes.under_way) + self._resting.lanes_kept < most

    def _note_rested(self) -> bool:
        rest = self._resting.rested()
        if rest is None or not self._has_room(rest.attempt.cargo):
            return False
        self._resting.remove(rest)
        self._note(rest.attempt, rest.parcel)
        return True

    def _note_next(self) -> bool:
        if self._ahead is None:
            self._ahead = next(self._source, None)
        if self._ahead is None or len(self._resting) >= self._allowance.ceiling:
            return False
        if not self._has_room(self._ahead):
            return False
        cargo, folded = self._ahead, self._ahead.folded
        # What the platform may take for one person is never in flight twice.
        if not self._held.isdisjoint(folded):
            return False
        self._ahead = None
        self._held.update(folded)
        self._note(Attempt(cargo), Parcel(folded, len(cargo)))
        return True

    def _note(self, attempt: Attempt, parcel: Parcel) -> None:
        self._number += 1
        is_alone = self._allowance.is_least
        self._lanes.note(Trip(self._number, attempt, parcel, is_alone))

    def _await_event(self) -> Event | None:
        rest, most = self._resting.seconds(), self._terms.pace.slice_seconds
        seconds = most if rest is None else min(rest, most)
        if self._lanes.is_held:
            self._around.sleep(seconds)
            self._resting.look(at_least=seconds)
            return None
        event = self._lanes.next_event(seconds)
        self._resting.look()
        return event

    def _take_in(self, event: Event) -> Told:
        return self._land(event) if isinstance(event, Landing) else self._fail(event)

    def _land(self, landing: Landing) -> Told:
        trip, attempt, answer = landing.trip, landing.trip.attempt, landing.answer
        if not trip.is_alone:
            # In company, too many in flight says nothing about this one.
            attempt = attempt.afresh(Happened.THROTTLED)
        ruling = rule(attempt, answer, self._terms.pace)
        is_answered = answer.happened is not Happened.LOST
        ruling = self._receive(trip, ruling, is_answered=is_answered)
        self._heed(trip, answer, ruling)
        self._note_late_write(landing, ruling)
        self._rest(trip, answer, ruling)
        final = _final(attempt.cargo, ruling)
        self._let_go(trip.parcel, len(final[0]))
        return final

    def _receive(
        self, trip: Trip, ruling: Ruling, *, is_answered: bool = True
    ) -> Ruling:
        verdicts = ruling.verdicts
        try:
            self._logbook.receive(trip.number, verdicts, is_answered=is_answered)
        except CtsyncError as error:
            self._error = self._error or error
            # The journal has an intent and no receipt, and readers believe that.
            verdicts = (_UNKNOWN,) * len(verdicts)
            return replace(ruling, verdicts=verdicts, again=(), tries=None)
        return ruling

    def _fail(self, event: Stuck) -> Told:
        """Take in a call that could not be noted, and so was not sent."""
        error = event.error
        if isinstance(error, MemoryError):
            error = out_of_memory()
        if not isinstance(error, CtsyncError):
            raise error
        self._error = self._error or error
        self._let_go(event.trip.parcel, len(event.trip.attempt.cargo))
        return _told(event.trip.attempt, event.trip.attempt.unsent())

    def _let_go(self, parcel: Parcel, records: int) -> None:
        parcel.open -= records
        if not parcel.open:
            self._held.difference_update(parcel.folded)

    def _heed(self, trip: Trip, answer: Answer, ruling: Ruling) -> None:
        gave_up = ruling.halted is not None
        is_throttled = answer.happened is Happened.THROTTLED
        if answer.happened not in _STOPPED and (gave_up or not is_throttled):
            self.reached = True
        if ruling.halted is not None:
            self._halt.call(ruling.halted, answer.message)
        if is_throttled:
            next_call = self._number + 1
            self._allowance = self._allowance.throttled(
                trip.number, next_call=next_call
            )
        elif answer.happened is Happened.REPLIED:
            self._allowance = self._allowance.went_through()
        self._count_lost(answer, ruling)

    def _count_lost(self, answer: Answer, ruling: Ruling) -> None:
        if answer.happened is not Happened.LOST:
            self._lost_in_row = 0
        elif not ruling.again:
            self._lost_in_row += 1
            if self._lost_in_row >= self._terms.pace.lost_calls:
                self._halt.call("unreachable", answer.message)

    def _note_late_write(self, landing: Landing, ruling: Ruling) -> None:
        over_at = landing.sent_at + self._terms.timeout_seconds
        if landing.answer.happened is Happened.LOST:
            self.unanswered_over_at = max(over_at, self.unanswered_over_at)
        # An assignment too: tried again and acknowledged, its lost first try may
        # still be written over what the next plan moves the counter to.
        if landing.trip.attempt.writes_counters and _has_unknown(ruling.verdicts):
            self.counters_over_at = max(over_at, self.counters_over_at)

    def _rest(self, trip: Trip, answer: Answer, ruling: Ruling) -> None:
        """Let what is tried again wait; others go on where that can help."""
        seconds = 0.0
        is_throttled = answer.happened is Happened.THROTTLED
        if ruling.tries is not None:
            seconds = self._wait_seconds(answer, ruling.tries)
            if is_throttled and (self._allowance.is_least or answer.retry_after):
                self._resting.pause(seconds)
            if self._resting.is_paused or not self._lanes.under_way:
                self._around.observer.waits(seconds, answer.message)
        for attempt in ruling.again:
            rest = Rest(attempt, trip.parcel, seconds, keeps_lane=not is_throttled)
            self._resting.add(rest)

    def _wait_seconds(self, answer: Answer, tries: int) -> float:
        chance = self._around.rng.random()
        least = answer.retry_after
        return self._terms.pace.delay_seconds(tries, chance, at_least=least)

    def _give_up(self) -> Iterator[Told]:
        """Take back what has not left, and give up every wait."""
        self._lanes.open(0)
        for trip in self._lanes.recall():
            unsent = (trip.attempt.unsent(),) * len(trip.attempt.cargo)
            ruling = self._receive(trip, Ruling(unsent))
            self._let_go(trip.parcel, len(trip.attempt.cargo))
            yield trip.attempt.cargo, ruling.verdicts
        yield from self._give_up_waits()

    def _give_up_waits(self) -> Iterator[Told]:
        for rest in self._resting.take_all():
            self._let_go(rest.parcel, len(rest.attempt.cargo))
            yield _told(rest.attempt, rest.attempt.unsent())


def _told(attempt: Attempt, verdict: Verdict) -> Told:
    return attempt.cargo, (verdict,) * len(attempt.cargo)


def _final(cargo: Cargo, ruling: Ruling) -> Told:
    """Give what is not tried again."""
    verdicts = ruling.verdicts
    if is_all_taken(verdicts):
        return cargo, verdicts
    numbers = cargo.numbers_without([each.cargo for each in ruling.again])
    return cargo.only(numbers), tuple(verdicts[n] for n in numbers)


def _has_unknown(verdicts: Verdicts) -> bool:
    return any(verdict.outcome is Outcome.UNKNOWN for verdict in verdicts)
