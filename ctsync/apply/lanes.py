"""Threads that note a call, send it, and bring back the answer; they decide nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from ctsync.apply.logbook import DossierByKey, Logbook
from ctsync.apply.retry import Attempt
from ctsync.plan.schedule import FoldedKey
from ctsync.transport.answer import Answer, Transport


@dataclass(slots=True, eq=False)
class Parcel:
    """Records that were packed for one call, until each has its outcome."""

    dossiers: DossierByKey
    folded: frozenset[FoldedKey]
    open: int


@dataclass(frozen=True, slots=True, eq=False)
class Trip:
    """One call on its way. `is_alone` says that no other was allowed beside it."""

    number: int
    attempt: Attempt
    parcel: Parcel
    body: bytes
    is_alone: bool


@dataclass(frozen=True, slots=True)
class Landing:
    """The end of a trip: an answer, or what kept it from leaving.

    `sent_at` is None where not even the note of it could be written.
    """

    trip: Trip
    sent_at: float | None = None
    answer: Answer | None = None
    error: BaseException | None = None


class Lanes:
    """Carries calls side by side, as many as it is given.

    The threads are daemons and nobody waits for them: a second signal ends the run
    while they are still in the middle of a call, whose intent the journal holds.
    """

    def __init__(
        self,
        transport: Transport,
        logbook: Logbook,
        clock: Callable[[], float],
        *,
        dry_run: bool,
    ) -> None:
        self._transport = transport
        self._logbook = logbook
        self._clock = clock
        self._dry_run = dry_run
        self._trips: SimpleQueue[Trip | None] = SimpleQueue()
        self._landings: SimpleQueue[Landing] = SimpleQueue()
        self._threads = 0
        self.in_flight: dict[int, Trip] = {}

    def start(self, trip: Trip) -> None:
        """Send a call on its way."""
        self.in_flight[trip.number] = trip
        self._trips.put(trip)
        if self._threads < len(self.in_flight):
            self._threads += 1
            Thread(target=self._work, name="ctsync-lane", daemon=True).start()

    def next_landing(self, timeout_seconds: float) -> Landing | None:
        """Give the next call that has ended, if one does in time."""
        try:
            return self._landings.get(timeout=timeout_seconds)
        except Empty:
            return None

    def close(self) -> None:
        """Let threads end that have nothing to do; waits for none."""
        for _ in range(self._threads):
            self._trips.put(None)
        self._threads = 0

    def _work(self) -> None:
        while (trip := self._trips.get()) is not None:
            self._landings.put(self._carry(trip))

    def _carry(self, trip: Trip) -> Landing:
        sent_at = None
        try:
            self._logbook.intend(
                trip.number, trip.attempt.records, trip.parcel.dossiers
            )
            sent_at = self._clock()
            answer = self._transport.upload(trip.body, dry_run=self._dry_run)
        except BaseException as error:  # noqa: BLE001 - raised again where it is heard
            return Landing(trip, sent_at, error=error)
        return Landing(trip, sent_at, answer)
