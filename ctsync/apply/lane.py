"""Carrying calls to the platform, one at a time, each with its retries.

A lane shares nothing but logbook and halt with others, so that several can run side
by side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from ctsync.apply.dossier import Dossier
from ctsync.apply.halt import Halt
from ctsync.apply.logbook import Logbook
from ctsync.apply.retry import Attempt, Records, Ruling, halves, rule
from ctsync.apply.terms import Observer, Pace, Terms
from ctsync.canon import canonical
from ctsync.limits import MAX_BODY_BYTES
from ctsync.model.key import Key
from ctsync.model.record import Outcome, Record, Verdict
from ctsync.transport.answer import Answer, Happened, Transport

_STOPPED = (Happened.UNAUTHORISED, Happened.UNREACHABLE, Happened.REFUSED)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Time, chance, and whoever watches."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    rng: Random
    observer: Observer


class Lane:
    """Sends one call after the other."""

    def __init__(
        self,
        transport: Transport,
        logbook: Logbook,
        halt: Halt,
        terms: Terms,
        around: Surroundings,
    ) -> None:
        self._transport = transport
        self._logbook = logbook
        self._halt = halt
        self._terms = terms
        self._around = around
        self._numbers = count(1)
        self._lost_in_row = 0
        self.calls = 0
        self.reached = False
        self.in_flight: tuple[Records, dict[Key, Dossier]] = ((), {})
        self.counters_over_at: float | None = None

    @property
    def pace(self) -> Pace:
        """How often and how fast."""
        return self._terms.pace

    def deliver(
        self, records: Records, dossiers: dict[Key, Dossier]
    ) -> Iterator[tuple[Record, Verdict]]:
        """Send records until each has its outcome; yield those as they come."""
        waiting = deque([Attempt(records)])
        while waiting:
            attempt = waiting.popleft()
            if self._halt.reason is not None:
                yield from ((record, attempt.unsent()) for record in attempt.records)
                continue
            body = _body_of(attempt)
            if len(body) > MAX_BODY_BYTES and len(attempt.records) > 1:
                waiting.extendleft(reversed(halves(attempt)))
                continue
            answer, ruling = self._try(attempt, body, dossiers)
            self._heed(answer, ruling)
            again = {r.key for each in ruling.again for r in each.records}
            for record, verdict in zip(attempt.records, ruling.verdicts, strict=True):
                if record.key not in again:
                    yield record, verdict
            waiting.extendleft(reversed(ruling.again))
            if ruling.tries is not None:
                self._wait(answer, ruling.tries)

    def _try(
        self, attempt: Attempt, body: bytes, dossiers: dict[Key, Dossier]
    ) -> tuple[Answer, Ruling]:
        number, sent_at = next(self._numbers), self._around.clock()
        self._logbook.intend(number, attempt.records, dossiers)
        self.calls += 1
        self.in_flight = (attempt.records, dossiers)
        answer = self._transport.upload(body, dry_run=self._terms.dry_run)
        ruling = rule(attempt, answer, self.pace)
        self._logbook.receive(number, attempt.records, ruling.verdicts, dossiers)
        self.in_flight = ((), {})
        if not attempt.is_idempotent and _has_unknown(ruling.verdicts):
            over_at = sent_at + self._terms.timeout_seconds
            self.counters_over_at = max(over_at, self.counters_over_at or over_at)
        return answer, ruling

    def _heed(self, answer: Answer, ruling: Ruling) -> None:
        gave_up = ruling.halted is not None
        is_throttled = answer.happened is Happened.THROTTLED
        if answer.happened not in _STOPPED and (gave_up or not is_throttled):
            self.reached = True
        if ruling.halted is not None:
            self._halt.call(ruling.halted, answer.message)
        self._count_lost(answer, ruling)

    def _count_lost(self, answer: Answer, ruling: Ruling) -> None:
        if answer.happened is not Happened.LOST:
            self._lost_in_row = 0
        elif not ruling.again:
            self._lost_in_row += 1
            if self._lost_in_row >= self.pace.lost_calls:
                self._halt.call("unreachable", answer.message)

    def _wait(self, answer: Answer, tries: int) -> None:
        chance = self._around.rng.random()
        rest = self.pace.delay_seconds(tries, chance, at_least=answer.retry_after)
        self._around.observer.waits(rest, answer.message)
        while rest > 0 and self._halt.reason is None:
            self._around.sleep(min(rest, self.pace.slice_seconds))
            rest -= self.pace.slice_seconds


def _body_of(attempt: Attempt) -> bytes:
    return canonical({"d": [record.as_wire() for record in attempt.records]})


def _has_unknown(verdicts: tuple[Verdict, ...]) -> bool:
    return any(verdict.outcome is Outcome.UNKNOWN for verdict in verdicts)
