"""Carrying calls to the platform side by side, each with its retries.

One thread decides: it alone rules on answers, keeps the counts, and says what became
of each record. The lanes only note, send, and bring back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec.structs import replace

from ctsync.apply.apply_settings import ApplySettings, Runtime
from ctsync.apply.calls.heard_answers import HeardAnswers
from ctsync.apply.calls.next_calls import NextCalls
from ctsync.apply.calls.retry_policy import Attempt, RetryDecision, decide_retry
from ctsync.apply.calls.retry_queue import QueuedRetry, RetryQueue
from ctsync.apply.calls.stop_reason import StopReason
from ctsync.apply.calls.worker_threads import (
    CallEnded,
    CallNotSent,
    Event,
    HeldKeys,
    InFlightCall,
    WorkerPool,
)
from ctsync.apply.journal.journal_writer import RunJournal
from ctsync.errors import CtsyncError, out_of_memory
from ctsync.model.record import Outcome, RecordOutcome
from ctsync.plan.document.batches import RecordSlice
from ctsync.transport.reply import is_all_taken
from ctsync.transport.upload_result import CallEnding, Transport, UploadResult

_UNKNOWN = RecordOutcome(Outcome.UNKNOWN)

Verdicts: TypeAlias = tuple[RecordOutcome, ...]
Told: TypeAlias = tuple[RecordSlice, Verdicts]  # one verdict a record


class Sender:
    """Sends calls, as many at once as the platform lets in."""

    def __init__(
        self,
        transport: Transport,
        run_journal: RunJournal,
        stop_reason: StopReason,
        terms: ApplySettings,
        around: Runtime,
    ) -> None:
        self._run_journal = run_journal
        self._stop_reason = stop_reason
        self._terms = terms
        self._around = around
        steady = around.clock.steady
        self._workers = WorkerPool(
            transport, run_journal, steady, dry_run=terms.dry_run
        )
        self._retries = RetryQueue(steady)
        self.heard = HeardAnswers(stop_reason, terms)
        self._next = NextCalls()
        self._number = 0
        self._error: CtsyncError | None = None

    @property
    def calls(self) -> int:
        """How many calls have left."""
        return self._workers.departed

    def deliver(self, calls: Iterator[RecordSlice]) -> Iterator[list[Told]]:
        """Send calls until each of their records has its outcome; yield those.

        Where none comes for half a second it yields none, so that whoever watches sees
        time pass. After a halt what is in flight is finished, and nothing more leaves.

        Raises:
            StateError: the journal took no further line; all calls have ended.
            TransportError: there is no thread to send with; nothing has left.
        """
        self._next.begin(calls)
        while True:
            self._fill()
            if self._is_over and (told := list(self._give_up())):
                yield told
            if not (self._workers.under_way or self._retries):
                break
            event = self._await_event()
            yield [] if event is None else [self._take_in(event)]
        error = self._error or self._workers.trouble
        if error is not None:
            raise error

    def undecided(self) -> Iterator[Told]:
        """Yield the records of a run that was cut short, by what may be of them."""
        for in_flight in self._workers.under_way.values():
            yield _told(in_flight.attempt, _UNKNOWN)
        yield from self._give_up_waits()

    def close(self) -> None:
        """Let the lanes end; waits for none."""
        self._workers.close()

    @property
    def _is_over(self) -> bool:
        error = self._error or self._workers.trouble
        return error is not None or self._stop_reason.reason is not None

    def _fill(self) -> None:
        """Open lanes, and have calls noted for them and for when they are free."""
        if self._is_over or self._retries.is_paused:
            self._workers.open(0)
            return
        kept = self._retries.slots_kept
        self._workers.open(max(0, self.heard.allowance.allowed - kept))
        while self._note_one():
            pass

    def _note_one(self) -> bool:
        rest = self._retries.rested()
        return self._note_next() if rest is None else self._note_rested(rest)

    def _has_room(self, records_slice: RecordSlice) -> bool:
        """Whether a call may be noted: one to be in doubt, if this ends badly."""
        most = self.heard.allowance.allowed
        # One lane is for who wants step after step.
        if not self.heard.allowance.is_least:
            most += self._ahead_of_lanes(records_slice, most)
        return len(self._workers.under_way) + self._retries.slots_kept < most

    def _ahead_of_lanes(self, records_slice: RecordSlice, lanes: int) -> int:
        """Return how many calls to note that have no lane yet."""
        if not records_slice.counts:
            return lanes
        # A counter in doubt is dear. Over a server a lane would wait a quarter of its
        # time for each note; these few are over as soon as a lane is free.
        return lanes // 2 if self._run_journal.is_far else 0

    def _note_rested(self, rest: QueuedRetry) -> bool:
        if not self._has_room(rest.attempt.records_slice):
            return False
        self._retries.remove(rest)
        self._note(rest.attempt, rest.held)
        return True

    def _note_next(self) -> bool:
        ahead = self._next.first()
        # What waits is bounded, too: where everything is throttled, call after call
        # would else come to wait here, and hold its people.
        if ahead is None or len(self._retries) >= self.heard.allowance.ceiling:
            return False
        held = self._next.take(ahead) if self._has_room(ahead) else None
        if held is not None:
            self._note(Attempt(ahead), held)
        return held is not None

    def _note(self, attempt: Attempt, held: HeldKeys) -> None:
        self._number += 1
        is_alone = self.heard.allowance.is_least
        self._workers.note(InFlightCall(self._number, attempt, held, is_alone))

    def _await_event(self) -> Event | None:
        rest, most = self._retries.seconds(), self._terms.pace.slice_seconds
        seconds = most if rest is None else min(rest, most)
        # Then no call is in the air, and no event can come before a wait is over.
        if self._workers.is_held:
            self._around.sleep(seconds)
            self._retries.look(at_least=seconds)
            return None
        event = self._workers.next_event(seconds)
        self._retries.look()
        return event

    def _take_in(self, event: Event) -> Told:
        return self._land(event) if isinstance(event, CallEnded) else self._fail(event)

    def _land(self, ended: CallEnded) -> Told:
        in_flight, attempt, answer = (
            ended.in_flight,
            ended.in_flight.attempt,
            ended.answer,
        )
        if not in_flight.is_alone:
            # In company, too many in flight says nothing about this one.
            attempt = attempt.afresh(CallEnding.THROTTLED)
        ruling = decide_retry(attempt, answer, self._terms.pace)
        is_answered = answer.happened is not CallEnding.LOST
        # The receipt first: of a run that is killed from here on the journal knows the
        # answer.
        ruling = self._receive(in_flight, ruling, is_answered=is_answered)
        self.heard.take(ended, ruling, next_call=self._number + 1)
        self._rest(in_flight, answer, ruling)
        # Only what has its outcome frees its keys: of the rest another try will leave.
        settled, verdicts = _final(attempt.records_slice, ruling)
        self._next.let_go(in_flight.held, len(settled))
        return settled, verdicts

    def _receive(
        self,
        in_flight: InFlightCall,
        ruling: RetryDecision,
        *,
        is_answered: bool = True,
    ) -> RetryDecision:
        verdicts = ruling.verdicts
        try:
            self._run_journal.write_receipt(
                in_flight.number, verdicts, is_answered=is_answered
            )
        except CtsyncError as error:
            self._error = self._error or error
            # The journal has an intent and no receipt, and readers believe that.
            verdicts = (_UNKNOWN,) * len(verdicts)
            return replace(ruling, verdicts=verdicts, again=(), tries=None)
        return ruling

    def _fail(self, event: CallNotSent) -> Told:
        """Take in a call that could not be noted, and so was not sent."""
        error = event.error
        if isinstance(error, MemoryError):
            error = out_of_memory()
        if not isinstance(error, CtsyncError):
            raise error
        self._error = self._error or error
        return _told(event.in_flight.attempt, event.in_flight.attempt.unsent())

    def _rest(
        self, in_flight: InFlightCall, answer: UploadResult, ruling: RetryDecision
    ) -> None:
        """Let what is tried again wait; others go on where that can help."""
        seconds = 0.0
        is_throttled = answer.happened is CallEnding.THROTTLED
        if ruling.tries is not None:
            seconds = self._wait_seconds(answer, ruling.tries)
            # 429 is about calls in flight (public docs, API request limits): with more
            # than one lane, fewer lanes are the cure, and the others go on.
            if is_throttled and (self.heard.allowance.is_least or answer.retry_after):
                self._retries.pause(seconds)
            if self._retries.is_paused or not self._workers.under_way:
                self._around.observer.waits(seconds, answer.message)
        for attempt in ruling.again:
            rest = QueuedRetry(
                attempt, in_flight.held, seconds, keeps_lane=not is_throttled
            )
            self._retries.add(rest)

    def _wait_seconds(self, answer: UploadResult, tries: int) -> float:
        chance = self._around.rng.random()
        least = answer.retry_after
        return self._terms.pace.delay_seconds(tries, chance, at_least=least)

    def _give_up(self) -> Iterator[Told]:
        """Take back what has not left, and give up every wait."""
        # First, or a lane that comes free takes what is being recalled.
        self._workers.open(0)
        for in_flight in self._workers.recall():
            unsent = (in_flight.attempt.unsent(),) * len(
                in_flight.attempt.records_slice
            )
            ruling = self._receive(in_flight, RetryDecision(unsent))
            yield in_flight.attempt.records_slice, ruling.verdicts
        yield from self._give_up_waits()

    def _give_up_waits(self) -> Iterator[Told]:
        for rest in self._retries.remove_all():
            yield _told(rest.attempt, rest.attempt.unsent())


def _told(attempt: Attempt, verdict: RecordOutcome) -> Told:
    return attempt.records_slice, (verdict,) * len(attempt.records_slice)


def _final(records_slice: RecordSlice, ruling: RetryDecision) -> Told:
    """Return what is not tried again."""
    verdicts = ruling.verdicts
    if is_all_taken(verdicts):
        return records_slice, verdicts
    numbers = records_slice.numbers_without(
        [each.records_slice for each in ruling.again]
    )
    return records_slice.only(numbers), tuple(verdicts[n] for n in numbers)
