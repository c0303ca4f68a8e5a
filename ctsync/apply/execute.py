"""Sending a plan wave by wave, each profile only as far as it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ctsync.apply.dispatch import Dispatch
from ctsync.apply.halt import Halt
from ctsync.apply.tally import Tally
from ctsync.apply.terms import Observer, Terms
from ctsync.model.policy import Limit
from ctsync.plan.document import SavedPlan
from ctsync.plan.load import Cargo, Content
from ctsync.plan.schedule import WAVES


class Execution(Struct, frozen=True):
    """One pass over a plan, of which everything is due."""

    plan: SavedPlan
    dispatch: Dispatch
    tally: Tally
    halt: Halt
    terms: Terms
    observer: Observer

    def run(self) -> None:
        """Send everything, the canary first, until something halts it."""
        contents = self.plan.contents()
        for number, places in enumerate(self._phases()):
            if number > 0 and self.tally.has_failures:
                self.halt.call("canary")
            for wave in WAVES:
                own = [each for each in contents if each.wave == wave]
                if own and self.halt.reason is None:
                    self._send(own, places)

    def _phases(self) -> Iterator[range]:
        everyone = range(self.tally.due)
        if self.terms.canary is None:
            yield everyone
            return
        first = _size_of(self.terms.canary, self.tally.due)
        yield everyone[:first]
        yield everyone[first:]

    def _send(self, contents: list[Content], places: range) -> None:
        """Send a wave; what it sent has its outcome when this returns."""
        for told in self.dispatch.deliver(self._calls(contents, places)):
            for cargo, verdicts in told:
                self.tally.note(cargo, verdicts)
            self.observer.progressed(self.tally.counts(), self.tally.total)
            if self._is_rejected_too_often():
                self.halt.call("reject_limit")

    def _calls(self, contents: list[Content], places: range) -> Iterator[Cargo]:
        """Yield the calls of a wave."""
        for content in contents:
            if places.start <= content.last and content.first < places.stop:
                cargo = self.plan.load(content).cargo().at_places(places)
                # A later record goes only where the earlier ones were taken.
                fit = self.tally.unfailed(cargo)
                yield from fit.calls(self.terms.records_per_call)

    def _is_rejected_too_often(self) -> bool:
        rejected = self.tally.rejected
        limit = self.terms.reject_limit
        return rejected > 0 and limit.is_exceeded(rejected, self.tally.total)


def _size_of(limit: Limit, whole: int) -> int:
    if not limit.is_percent:
        return limit.number
    return -(-limit.number * whole // 100)
