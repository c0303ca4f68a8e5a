"""Threads that note a call, send it, and bring back the answer; they decide nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeAlias

from msgspec import Struct

from ctsync.apply.logbook import Logbook
from ctsync.apply.retry import Attempt
from ctsync.errors import TransportError
from ctsync.transport.answer import Answer, Happened, Transport


class Parcel(Struct, eq=False):
    """Records that were packed for one call, until each has its outcome."""

    folded: list[str]
    open: int


class Trip(Struct, frozen=True, eq=False):
    """One call on its way. `is_alone` says that no other was allowed beside it."""

    number: int
    attempt: Attempt
    parcel: Parcel
    is_alone: bool


class Landing(Struct, frozen=True):
    """A call that has ended, with its answer."""

    trip: Trip
    sent_at: float
    answer: Answer


class Stuck(Struct, frozen=True):
    """A call that did not leave, and why."""

    trip: Trip
    error: BaseException


Event: TypeAlias = "Landing | Stuck"


class Lanes:
    """Carries calls side by side, in as many lanes as are open.

    One thread notes calls before they leave, so that no lane waits for the disk; what
    has gathered meanwhile reaches the disk together. A lane that brought a reply takes
    the next noted call at once; after anything else it waits until the lanes are opened
    again. The threads are daemons and nobody waits for them: a second signal ends the
    run while they are still in the middle of a call, whose intent the journal holds.

    Where the system gives fewer threads than lanes are open, those there are carry all;
    without any, `trouble` says so and what was noted can be recalled.
    """

    def __init__(
        self,
        transport: Transport,
        logbook: Logbook,
        steady: Callable[[], float],
        *,
        dry_run: bool,
    ) -> None:
        self._transport = transport
        self._logbook = logbook
        self._steady = steady
        self._dry_run = dry_run
        self._notes: SimpleQueue[Trip | None] = SimpleQueue()
        self._trips: SimpleQueue[Trip | None] = SimpleQueue()
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._lock = Lock()
        self._noted: deque[Trip] = deque()
        self._flying = 0
        self._left = 0
        self._open = 0
        self._threads = 0
        self._has_scribe = False
        self.under_way: dict[int, Trip] = {}
        self.trouble: TransportError | None = None

    def note(self, trip: Trip) -> None:
        """Have a call written down; it leaves as soon as a lane is open."""
        self.under_way[trip.number] = trip
        self._has_scribe = self._has_scribe or self._start(self._write)
        if self._has_scribe:
            self._notes.put(trip)
        else:
            self._events.put(Stuck(trip, self._without_threads()))

    def open(self, lanes: int) -> None:
        """Let so many calls fly from now on; those in the air go on."""
        with self._lock:
            self._open = lanes
            self._take_off()

    def recall(self) -> list[Trip]:
        """Take back the calls that were noted and have not left."""
        with self._lock:
            trips = list(self._noted)
            self._noted.clear()
        for trip in trips:
            del self.under_way[trip.number]
        return trips

    @property
    def is_held(self) -> bool:
        """Whether every call under way waits for a lane to be opened."""
        with self._lock:
            return len(self._noted) == len(self.under_way)

    @property
    def departed(self) -> int:
        """How many calls have left so far."""
        with self._lock:
            return self._left

    def next_event(self, timeout_seconds: float) -> Event | None:
        """Give the next call that has ended, if one does in time."""
        try:
            event = self._events.get(timeout=timeout_seconds)
        except Empty:
            return None
        if event is not None:
            del self.under_way[event.trip.number]
        return event

    def close(self) -> None:
        """Let threads end that have nothing to do; waits for none."""
        self._notes.put(None)
        with self._lock:
            self._open, threads = 0, self._threads
        for _ in range(threads):
            self._trips.put(None)

    @staticmethod
    def _start(work: Callable[[], None]) -> bool:
        try:
            Thread(target=work, name="ctsync-lane", daemon=True).start()
        except RuntimeError:  # all that Python says of a limit of the system
            return False
        return True

    def _without_threads(self) -> TransportError:
        self.trouble = TransportError(
            "the system gives this process no further thread, so nothing more is sent",
            hint="raise the limit on processes or memory (ulimit -u, ulimit -v, or "
            "that of the container), and apply again",
            code="no_threads",
        )
        return self.trouble

    def _take_off(self) -> None:
        while self._noted and self._flying < self._open and self._has_thread():
            self._flying += 1
            self._left += 1
            self._trips.put(self._noted.popleft())

    def _has_thread(self) -> bool:
        """Say whether a thread is free for one more call, started now if need be."""
        if self._threads > self._flying:
            return True
        if self._start(self._fly):
            self._threads += 1
            return True
        if not self._threads:
            self._without_threads()
            self._events.put(None)  # whoever waits has to take back what is noted
        return False

    def _write(self) -> None:
        while (trip := self._notes.get()) is not None:
            trips = [trip]
            while not self._notes.empty() and (more := self._notes.get()) is not None:
                trips.append(more)
            error = self._intend(trips)
            for each in trips:
                self._let_go(each, error)

    def _intend(self, trips: list[Trip]) -> BaseException | None:
        try:
            self._logbook.intend([(t.number, t.attempt.cargo) for t in trips])
        except BaseException as error:  # noqa: BLE001 - raised again where it is heard
            return error
        return None

    def _let_go(self, trip: Trip, error: BaseException | None) -> None:
        """Let a call leave that is noted, with what travels at hand."""
        if error is None:
            try:
                trip.attempt.cargo.make_ready()
            except BaseException as trouble:  # noqa: BLE001 - raised where it is heard
                error = trouble
        if error is not None:
            self._events.put(Stuck(trip, error))
            return
        with self._lock:
            self._noted.append(trip)
            self._take_off()
            if not self._open:
                self._events.put(None)  # whoever waits may want to take it back

    def _fly(self) -> None:
        while (trip := self._trips.get()) is not None:
            following: Trip | None = trip
            while following is not None:
                event = self._carry(following)
                self._events.put(event)
                following = self._next_after(event)

    def _next_after(self, event: Event) -> Trip | None:
        happened = event.answer.happened if isinstance(event, Landing) else None
        goes_on = happened is Happened.REPLIED
        with self._lock:
            if goes_on and self._noted and self._flying <= self._open:
                self._left += 1
                return self._noted.popleft()
            self._flying -= 1
            return None

    def _carry(self, trip: Trip) -> Event:
        try:
            self._logbook.check_lock()
            body = trip.attempt.cargo.body
            self._logbook.leave(trip.number)
            sent_at = self._steady()
            answer = self._transport.upload(body, dry_run=self._dry_run)
        except BaseException as error:  # noqa: BLE001 - raised again where it is heard
            with self._lock:
                self._left -= 1
            return Stuck(trip, error)
        return Landing(trip, sent_at, answer)
