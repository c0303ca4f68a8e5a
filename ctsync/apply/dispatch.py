"""Carrying calls to the platform side by side, each with its retries.

One thread decides: it alone rules on answers, keeps the counts, and says what became
of each record. The lanes only note, send, and bring back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from ctsync.apply.allowance import full
from ctsync.apply.curtain import Curtain
from ctsync.apply.dossier import Dossier
from ctsync.apply.halt import Halt
from ctsync.apply.lanes import Landing, Lanes, Parcel, Trip
from ctsync.apply.logbook import DossierByKey, Logbook
from ctsync.apply.resting import Rest, Resting
from ctsync.apply.retry import Attempt, Ruling, rule
from ctsync.apply.terms import Surroundings, Terms
from ctsync.errors import CtsyncError
from ctsync.model.record import Outcome, Record, Verdict
from ctsync.plan.schedule import Batch, FoldedKey, body_of
from ctsync.transport.answer import Answer, Happened, Transport

_STOPPED = (Happened.UNAUTHORISED, Happened.UNREACHABLE, Happened.REFUSED)
_UNKNOWN = Verdict(Outcome.UNKNOWN)

Calls: TypeAlias = Iterator[tuple[Batch, DossierByKey]]
Told: TypeAlias = tuple[Dossier, Record, Verdict]


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
        self._lanes = Lanes(transport, logbook, around.clock, dry_run=terms.dry_run)
        self._resting = Resting(around.clock)
        self._allowance = full(terms.concurrency)
        self._source: Calls = iter(())
        self._ahead: tuple[Batch, DossierByKey] | None = None
        self._held: set[FoldedKey] = set()
        self._number = 0
        self._landed = 0
        self._lost_in_row = 0
        self._error: CtsyncError | None = None
        self.reached = False
        self.counters_over_at: float | None = None

    @property
    def calls(self) -> int:
        """How many calls have left, or are about to."""
        return self._landed + len(self._lanes.in_flight)

    def deliver(self, calls: Calls) -> Iterator[list[Told]]:
        """Send calls until each of their records has its outcome; yield those.

        After a halt what is in flight is finished, and nothing more leaves.

        Raises:
            StateError: the journal took no further line; all calls have ended.
        """
        self._source, self._ahead = calls, None
        while True:
            self._fill()
            if self._is_over:
                yield list(self._give_up())
            if not self._lanes.in_flight and not self._resting:
                break
            landing = self._await_landing()
            if landing is not None:
                yield list(self._take_in(landing))
        if self._error is not None:
            raise self._error

    def undecided(self) -> Iterator[Told]:
        """Yield the records of a run that was cut short, by what may be of them."""
        for trip in self._lanes.in_flight.values():
            yield from _told(trip.attempt, trip.parcel, _UNKNOWN)
        yield from self._give_up()

    def close(self) -> None:
        """Let the lanes end; waits for none."""
        self._lanes.close()

    @property
    def _is_over(self) -> bool:
        return self._error is not None or self._halt.reason is not None

    def _fill(self) -> None:
        """Send what may leave now, and get the next call ready beside it."""
        while not self._is_over and self._has_room():
            rest = self._resting.take_rested()
            if rest is not None:
                body = body_of(rest.attempt.records)
                self._send(rest.attempt, rest.parcel, body)
            elif not self._send_next():
                return
        if not self._is_over:
            self._look_ahead()

    def _has_room(self) -> bool:
        taken = len(self._lanes.in_flight) + self._resting.lanes_kept
        return taken < self._allowance.allowed and not self._resting.is_paused

    def _look_ahead(self) -> None:
        if self._ahead is None:
            self._ahead = next(self._source, None)

    def _send_next(self) -> bool:
        self._look_ahead()
        if self._ahead is None or len(self._resting) >= self._allowance.ceiling:
            return False
        batch, dossiers = self._ahead
        # What the platform may take for one person is never in flight twice.
        if not self._held.isdisjoint(batch.folded):
            return False
        self._ahead = None
        self._held |= batch.folded
        parcel = Parcel(dossiers, batch.folded, len(batch.records))
        self._send(Attempt(batch.records), parcel, batch.body)
        return True

    def _send(self, attempt: Attempt, parcel: Parcel, body: bytes) -> None:
        self._number += 1
        is_alone = self._allowance.is_least
        self._lanes.start(Trip(self._number, attempt, parcel, body, is_alone))

    def _await_landing(self) -> Landing | None:
        rest, most = self._resting.seconds(), self._terms.pace.slice_seconds
        seconds = most if rest is None else min(rest, most)
        landing = None
        if self._lanes.in_flight:
            landing = self._lanes.next_landing(seconds)
        else:
            self._around.sleep(seconds)
        self._resting.look()
        return landing

    def _take_in(self, landing: Landing) -> Iterator[Told]:
        trip, answer = landing.trip, landing.answer
        if answer is None or landing.sent_at is None:
            yield from self._fail(landing)
            return
        attempt = trip.attempt
        curtain = Curtain(attempt.records, self._terms.mask)
        answer = replace(answer, message=curtain.text(answer.message))
        if not trip.is_alone:
            # In company, too many in flight says nothing about this one.
            attempt = attempt.afresh(Happened.THROTTLED)
        ruling = self._receive(trip, rule(attempt, answer, self._terms.pace))
        self._heed(trip, answer, ruling)
        self._note_late_write(trip, landing.sent_at, ruling)
        self._land(trip)
        self._rest(trip, answer, ruling)
        again = {record.key for each in ruling.again for record in each.records}
        pairs = zip(attempt.records, ruling.verdicts, strict=True)
        final = [pair for pair in pairs if pair[0].key not in again]
        self._let_go(trip.parcel, len(final))
        for record, verdict in final:
            seen = curtain.verdict(verdict)
            yield trip.parcel.dossiers[record.key], record, seen

    def _receive(self, trip: Trip, ruling: Ruling) -> Ruling:
        records, dossiers = trip.attempt.records, trip.parcel.dossiers
        try:
            self._logbook.receive(trip.number, records, ruling.verdicts, dossiers)
        except CtsyncError as error:
            self._error = self._error or error
            # The journal has an intent and no receipt, and readers believe that.
            verdicts = (_UNKNOWN,) * len(records)
            return replace(ruling, verdicts=verdicts, again=(), tries=None)
        return ruling

    def _fail(self, landing: Landing) -> Iterator[Told]:
        """Take in a call that could not be noted, and so was not sent."""
        trip, error = landing.trip, landing.error
        if error is not None and not isinstance(error, CtsyncError):
            raise error
        self._error = self._error or error
        del self._lanes.in_flight[trip.number]
        self._let_go(trip.parcel, len(trip.attempt.records))
        yield from _told(trip.attempt, trip.parcel, trip.attempt.unsent())

    def _land(self, trip: Trip) -> None:
        del self._lanes.in_flight[trip.number]
        self._landed += 1

    def _let_go(self, parcel: Parcel, records: int) -> None:
        parcel.open -= records
        if not parcel.open:
            self._held -= parcel.folded

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

    def _note_late_write(self, trip: Trip, sent_at: float, ruling: Ruling) -> None:
        # An assignment too: tried again and acknowledged, its lost first try may
        # still be written over what the next plan moves the counter to.
        if not trip.attempt.writes_counters or not _has_unknown(ruling.verdicts):
            return
        over_at = sent_at + self._terms.timeout_seconds
        self.counters_over_at = max(over_at, self.counters_over_at or over_at)

    def _rest(self, trip: Trip, answer: Answer, ruling: Ruling) -> None:
        """Let what is tried again wait; others go on where that can help."""
        seconds = 0.0
        is_throttled = answer.happened is Happened.THROTTLED
        if ruling.tries is not None:
            seconds = self._wait_seconds(answer, ruling.tries)
            if is_throttled and (self._allowance.is_least or answer.retry_after):
                self._resting.pause(seconds)
            if self._resting.is_paused or not self._lanes.in_flight:
                self._around.observer.waits(seconds, answer.message)
        for attempt in ruling.again:
            rest = Rest(attempt, trip.parcel, seconds, keeps_lane=not is_throttled)
            self._resting.add(rest)

    def _wait_seconds(self, answer: Answer, tries: int) -> float:
        chance = self._around.rng.random()
        least = answer.retry_after
        return self._terms.pace.delay_seconds(tries, chance, at_least=least)

    def _give_up(self) -> Iterator[Told]:
        for rest in self._resting.take_all():
            self._let_go(rest.parcel, len(rest.attempt.records))
            yield from _told(rest.attempt, rest.parcel, rest.attempt.unsent())


def _told(attempt: Attempt, parcel: Parcel, verdict: Verdict) -> Iterator[Told]:
    for record in attempt.records:
        yield parcel.dossiers[record.key], record, verdict


def _has_unknown(verdicts: tuple[Verdict, ...]) -> bool:
    return any(verdict.outcome is Outcome.UNKNOWN for verdict in verdicts)
