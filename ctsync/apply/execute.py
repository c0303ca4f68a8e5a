"""Sending a plan wave by wave, each profile only as far as it is acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from ctsync.apply.curtain import hide_values
from ctsync.apply.dossier import Desk, Dossiers
from ctsync.apply.lane import Halt, Lane
from ctsync.apply.tally import Tally
from ctsync.apply.terms import Observer, Terms
from ctsync.model.change import Change
from ctsync.model.policy import Limit
from ctsync.model.record import Call
from ctsync.plan.schedule import schedule


@dataclass(frozen=True, slots=True)
class Execution:
    """One pass over a plan."""

    dossiers: Dossiers
    desk: Desk
    lane: Lane
    tally: Tally
    halt: Halt
    terms: Terms
    observer: Observer

    def run(self) -> None:
        """Send everything that is due, the canary first, until something halts it."""
        for number, changes in enumerate(self._phases()):
            if number > 0 and self.tally.has_failures:
                self.halt.call("canary")
            self._send(number, changes)

    def _phases(self) -> Iterator[Callable[[], Iterator[Change]]]:
        size = self._canary_size()
        if size is None:
            yield self._changes
            return
        yield lambda: islice(self._changes(), size)
        yield lambda: islice(self._changes(), size, None)

    def _changes(self) -> Iterator[Change]:
        for dossier in self.dossiers():
            if dossier.change.operations:
                yield dossier.change

    def _canary_size(self) -> int | None:
        limit = self.terms.canary
        if limit is None:
            return None
        return _size_of(limit, self.tally.total - self.tally.acknowledged)

    def _send(self, phase: int, changes: Callable[[], Iterator[Change]]) -> None:
        per_call = self.terms.records_per_call
        for call in schedule(changes, records_per_call=per_call):
            if self.halt.reason is not None:
                return
            self._send_call(phase, call)

    def _send_call(self, phase: int, call: Call) -> None:
        """Send a call; profiles whose earlier records failed are left out."""
        records = tuple(r for r in call.records if not self.tally.has_failed(r.key))
        if not records:
            return
        dossiers = self.desk.fetch((phase, call.wave), records)
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
