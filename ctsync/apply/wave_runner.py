"""Sending a plan wave by wave, each profile only as far as it is acknowledged."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from msgspec import Struct

from ctsync.apply.apply_settings import ApplySettings, Observer
from ctsync.apply.calls.sender import Sender
from ctsync.apply.calls.stop_reason import StopReason
from ctsync.apply.file_wave import FileWave
from ctsync.apply.outcome_counts import OutcomeCounts
from ctsync.model.policy import Limit
from ctsync.model.workers import Workers
from ctsync.plan.document.batches import RecordSlice
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.schedule import WAVES


class WaveRunner(Struct, frozen=True):
    """One pass over a plan, of which everything is due."""

    plan: SavedPlan
    dispatch: Sender
    tally: OutcomeCounts
    stop_reason: StopReason
    terms: ApplySettings
    observer: Observer
    files: FileWave | None = None
    workers: Workers | None = None

    def run(self) -> None:
        """Send everything, the canary first, until something halts it.

        Of a canary in files nobody knows yet whether it was taken.
        """
        self._tell()
        sent_before = self.tally.sent
        for places in self._phases():
            # Of the canary, if there is one: before the first phase nothing has failed
            # yet. One of all leaves nobody who could be kept from anything.
            has_open = self.tally.has_failures or self.tally.sent > sent_before
            if places and has_open:
                self.stop_reason.call("canary")
            for wave in WAVES:
                self._send(wave, places)
            # Files last: a profile goes into one only if all its calls were
            # acknowledged.
            if places and self.files and self.stop_reason.reason is None:
                self.files.send(places)
                self._tell()

    def _phases(self) -> Iterator[range]:
        everyone = range(self.tally.due)
        if self.terms.canary is None:
            yield everyone
            return
        first = _size_of(self.terms.canary, self.tally.due)
        yield everyone[:first]
        yield everyone[first:]

    def _send(self, wave: int, places: range) -> None:
        """Send a wave; what it sent has its outcome when this returns."""
        # A barrier: this ends once every call of the wave has its outcome, so that what
        # waits for a step goes only where that was acknowledged.
        with closing(self._calls(wave, places)) as calls:
            for told in self.dispatch.deliver(calls):
                for records_slice, verdicts in told:
                    self.tally.note(records_slice, verdicts)
                self._tell()
                if self._is_rejected_too_often():
                    self.stop_reason.call("reject_limit")

    def _tell(self) -> None:
        self.observer.progressed(self.tally.counts(), self.tally.total)

    def _calls(self, wave: int, places: range) -> Generator[RecordSlice]:
        """Yield the calls of a wave."""
        for load in self.plan.loads(wave, places, self.workers):
            # A later record goes only where the earlier ones were taken.
            fit = self.tally.unfailed(load.records_slice())
            yield from fit.calls(self.terms.records_per_call)

    def _is_rejected_too_often(self) -> bool:
        limit = self.terms.reject_limit
        return limit.is_exceeded(self.tally.rejected, self.tally.total)


def _size_of(limit: Limit, whole: int) -> int:
    if not limit.is_percent:
        return limit.number
    return -(-limit.number * whole // 100)
