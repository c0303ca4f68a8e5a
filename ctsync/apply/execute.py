"""Sending a plan wave by wave, each profile only as far as it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ctsync.apply.dispatch import Dispatch
from ctsync.apply.dossier import Dossier, Dossiers
from ctsync.apply.halt import Halt
from ctsync.apply.tally import Tally
from ctsync.apply.terms import Observer, Terms
from ctsync.model.key import Key
from ctsync.model.policy import Limit
from ctsync.model.record import Record
from ctsync.plan.schedule import WAVES, Batch, pack, records_of


@dataclass(frozen=True, slots=True)
class Execution:
    """One pass over a plan."""

    dossiers: Dossiers
    waves: frozenset[int]
    dispatch: Dispatch
    tally: Tally
    halt: Halt
    terms: Terms
    observer: Observer

    def run(self) -> None:
        """Send everything that is due, the canary first, until something halts it."""
        for number, places in enumerate(self._phases()):
            if number > 0 and self.tally.has_failures:
                self.halt.call("canary")
            for wave in WAVES:
                if wave in self.waves and self.halt.reason is None:
                    self._send(wave, places)

    def _phases(self) -> Iterator[range]:
        everyone = range(self.tally.total)
        if self.terms.canary is None:
            yield everyone
            return
        due = self.tally.total - self.tally.acknowledged
        first = self._place_of(_size_of(self.terms.canary, due))
        yield everyone[:first]
        yield everyone[first:]

    def _place_of(self, number: int) -> int:
        """Give the place of the profile that so many with something due precede."""
        due = (d.place for d in self.dossiers(None) if d.change.operations)
        place = next(islice(due, number, None), None)
        return self.tally.total if place is None else place

    def _send(self, wave: int, places: range) -> None:
        """Send a wave; what it sent has its outcome when this returns."""
        for told in self.dispatch.deliver(self._calls(wave, places)):
            for dossier, record, verdict in told:
                self.tally.note(dossier, record, verdict)
            self.observer.progressed(self.tally.counts(), self.tally.total)
            if self._is_rejected_too_often():
                self.halt.call("reject_limit")

    def _calls(
        self, wave: int, places: range
    ) -> Iterator[tuple[Batch, dict[Key, Dossier]]]:
        """Yield the calls of a wave, each with the dossiers of its records."""
        at_hand: dict[Key, Dossier] = {}

        def records() -> Iterator[Record]:
            for dossier in self.dossiers(wave):
                if dossier.place not in places:
                    continue
                for own, record in records_of(dossier.change):
                    # A later record goes only where the earlier ones were taken.
                    if own == wave and not self.tally.has_failed(dossier):
                        at_hand[record.key] = dossier
                        yield record

        for batch in pack(records(), records_per_call=self.terms.records_per_call):
            yield (
                batch,
                {record.key: at_hand.pop(record.key) for record in batch.records},
            )

    def _is_rejected_too_often(self) -> bool:
        rejected = self.tally.rejected
        limit = self.terms.reject_limit
        return rejected > 0 and limit.is_exceeded(rejected, self.tally.total)


def _size_of(limit: Limit, whole: int) -> int:
    if not limit.is_percent:
        return limit.number
    return -(-limit.number * whole // 100)
