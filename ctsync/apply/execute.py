"""Sending a plan wave by wave, each profile only as far as it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ctsync.apply.curtain import hide_values
from ctsync.apply.dossier import Dossier, Dossiers
from ctsync.apply.halt import Halt
from ctsync.apply.lane import Lane
from ctsync.apply.retry import Records
from ctsync.apply.tally import Tally
from ctsync.apply.terms import Observer, Terms
from ctsync.model.key import Key
from ctsync.model.policy import Limit
from ctsync.model.record import Record
from ctsync.plan.schedule import WAVES, pack, records_of


@dataclass(frozen=True, slots=True)
class Execution:
    """One pass over a plan."""

    dossiers: Dossiers
    waves: frozenset[int]
    lane: Lane
    tally: Tally
    halt: Halt
    terms: Terms
    observer: Observer

    def run(self) -> None:
        """Send everything that is due, the canary first, until something halts it."""
        for number, (start, stop) in enumerate(self._phases()):
            if number > 0 and self.tally.has_failures:
                self.halt.call("canary")
            for wave in WAVES:
                if wave in self.waves:
                    self._send(wave, start, stop)

    def _phases(self) -> Iterator[tuple[int, int | None]]:
        if self.terms.canary is None:
            yield 0, None
            return
        due = self.tally.total - self.tally.acknowledged
        size = _size_of(self.terms.canary, due)
        yield 0, size
        yield size, None

    def _send(self, wave: int, start: int, stop: int | None) -> None:
        due = (d for d in self.dossiers() if d.change.operations)
        calls = self._calls(wave, islice(due, start, stop))
        while self.halt.reason is None:
            call = next(calls, None)
            if call is None:
                return
            self._send_call(*call)

    def _calls(
        self, wave: int, dossiers: Iterator[Dossier]
    ) -> Iterator[tuple[Records, dict[Key, Dossier]]]:
        """Yield the calls of a wave, each with the dossiers of its records."""
        at_hand: dict[Key, Dossier] = {}

        def records() -> Iterator[Record]:
            for dossier in dossiers:
                for own, record in records_of(dossier.change):
                    # A later record goes only where the earlier ones were taken.
                    if own == wave and not self.tally.has_failed(record.key):
                        at_hand[record.key] = dossier
                        yield record

        for batch in pack(records(), records_per_call=self.terms.records_per_call):
            yield batch, {record.key: at_hand.pop(record.key) for record in batch}

    def _send_call(self, records: Records, dossiers: dict[Key, Dossier]) -> None:
        for record, verdict in self.lane.deliver(records, dossiers):
            seen = hide_values(verdict, record, self.terms.mask)
            self.tally.note(dossiers[record.key], record, seen)
        self.observer.progressed(self.tally.acknowledged, self.tally.total)
        if self._is_rejected_too_often():
            self.halt.call("reject_limit")

    def _is_rejected_too_often(self) -> bool:
        rejected = self.tally.rejected
        limit = self.terms.reject_limit
        return rejected > 0 and limit.is_exceeded(rejected, self.tally.total)


def _size_of(limit: Limit, whole: int) -> int:
    if not limit.is_percent:
        return limit.number
    return -(-limit.number * whole // 100)
