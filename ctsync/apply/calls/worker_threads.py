"""Threads that note a call, send it, and bring back the answer; they decide nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeAlias

from msgspec import Struct

from ctsync.apply.calls.retry_policy import Attempt
from ctsync.apply.journal.journal_writer import RunJournal
from ctsync.errors import TransportError
from ctsync.transport.upload_result import CallEnding, Transport, UploadResult


class HeldKeys(Struct, eq=False):
    """Records that were packed for one call, until each has its outcome."""

    folded: Sequence[str]
    open: int


class InFlightCall(Struct, frozen=True, eq=False):
    """One call on its way. `is_alone` says that no other was allowed beside it."""

    number: int
    attempt: Attempt
    held: HeldKeys
    is_alone: bool


class CallEnded(Struct, frozen=True):
    """A call that has ended, with its answer."""

    in_flight: InFlightCall
    sent_at: float
    answer: UploadResult


class CallNotSent(Struct, frozen=True):
    """A call that did not leave, and why."""

    in_flight: InFlightCall
    error: BaseException


Event: TypeAlias = "CallEnded | CallNotSent"


class WorkerPool:
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
        run_journal: RunJournal,
        steady: Callable[[], float],
        *,
        dry_run: bool,
    ) -> None:
        self._transport = transport
        self._run_journal = run_journal
        self._steady = steady
        self._dry_run = dry_run
        self._notes: SimpleQueue[InFlightCall | None] = SimpleQueue()
        self._in_flight_calls: SimpleQueue[InFlightCall | None] = SimpleQueue()
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        # The thread that decides has `under_way` for itself; what lanes touch, too, is
        # only touched under the lock.
        self._lock = Lock()
        self._noted: deque[InFlightCall] = deque()
        self._flying = 0
        self._left = 0
        self._open = 0
        self._threads = 0
        self._has_scribe = False
        self.under_way: dict[int, InFlightCall] = {}
        self.trouble: TransportError | None = None

    def note(self, in_flight: InFlightCall) -> None:
        """Have a call written down; it leaves as soon as a lane is open."""
        self.under_way[in_flight.number] = in_flight
        self._has_scribe = self._has_scribe or self._start(self._write)
        if self._has_scribe:
            self._notes.put(in_flight)
        else:
            self._events.put(CallNotSent(in_flight, self._without_threads()))

    def open(self, workers: int) -> None:
        """Let so many calls fly from now on; those in the air go on."""
        with self._lock:
            self._open = workers
            self._take_off()

    def recall(self) -> list[InFlightCall]:
        """Take back the calls that were noted and have not left."""
        with self._lock:
            in_flight_calls = list(self._noted)
            self._noted.clear()
        for in_flight in in_flight_calls:
            del self.under_way[in_flight.number]
        return in_flight_calls

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
        """Return the next call that has ended, if one does in time."""
        try:
            event = self._events.get(timeout=timeout_seconds)
        except Empty:
            return None
        if event is not None:
            del self.under_way[event.in_flight.number]
        return event

    def close(self) -> None:
        """Let threads end that have nothing to do; waits for none."""
        self._notes.put(None)
        with self._lock:
            self._open, threads = 0, self._threads
        for _ in range(threads):
            self._in_flight_calls.put(None)

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
            self._in_flight_calls.put(self._noted.popleft())

    def _has_thread(self) -> bool:
        """Return whether a thread is free for one more call, started now if need be."""
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
        while (in_flight := self._notes.get()) is not None:
            in_flight_calls = [in_flight]
            while not self._notes.empty() and (more := self._notes.get()) is not None:
                in_flight_calls.append(more)
            error = self._write_intents(in_flight_calls)
            for each in in_flight_calls:
                self._let_go(each, error)

    def _write_intents(
        self, in_flight_calls: list[InFlightCall]
    ) -> BaseException | None:
        try:
            self._run_journal.write_intent(
                [(t.number, t.attempt.records_slice) for t in in_flight_calls]
            )
        except BaseException as error:  # noqa: BLE001 - raised again where it is heard
            return error
        return None

    def _let_go(self, in_flight: InFlightCall, error: BaseException | None) -> None:
        """Let a call leave that is noted, with what travels at hand."""
        if error is None:
            try:
                # Here and not in a lane, which would hold its place while it reads.
                in_flight.attempt.records_slice.prefetch_bodies()
            except BaseException as trouble:  # noqa: BLE001 - raised where it is heard
                error = trouble
        if error is not None:
            self._events.put(CallNotSent(in_flight, error))
            return
        with self._lock:
            self._noted.append(in_flight)
            self._take_off()
            if not self._open:
                self._events.put(None)  # whoever waits may want to take it back

    def _fly(self) -> None:
        while (in_flight := self._in_flight_calls.get()) is not None:
            following: InFlightCall | None = in_flight
            while following is not None:
                event = self._carry(following)
                self._events.put(event)
                following = self._next_after(event)

    def _next_after(self, event: Event) -> InFlightCall | None:
        happened = event.answer.happened if isinstance(event, CallEnded) else None
        goes_on = happened is CallEnding.REPLIED
        with self._lock:
            # After anything but a reply the deciding thread has to speak first: it may
            # halve the lanes, let all wait, or end the run.
            # This lane is still among those that fly, so as many may as are open.
            if goes_on and self._noted and self._flying <= self._open:
                self._left += 1
                return self._noted.popleft()
            self._flying -= 1
            return None

    def _carry(self, in_flight: InFlightCall) -> Event:
        try:
            # Noted already, and not gone yet: who lost the lock meanwhile must not
            # send, since another run may be sending to the same people.
            self._run_journal.check_lock()
            body = in_flight.attempt.records_slice.body
            # From here on it may arrive: the timeout that a later run waits out counts
            # from now, not from when the call was noted.
            self._run_journal.leave(in_flight.number)
            sent_at = self._steady()
            answer = self._transport.upload(body, dry_run=self._dry_run)
        except BaseException as error:  # noqa: BLE001 - raised again where it is heard
            with self._lock:
                self._left -= 1
            return CallNotSent(in_flight, error)
        return CallEnded(in_flight, sent_at, answer)
