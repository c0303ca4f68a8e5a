"""Reading many profiles: three in flight, bounded retries, in order of the keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from random import Random
from threading import Event, Lock
from typing import Protocol

from msgspec import Struct, field

from ctsync.errors import TransportError
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.profile_reply import Found, Reading, reading_of
from ctsync.observe.read_gate import ReadGate
from ctsync.observe.read_lanes import ReadLanes, Waiting
from ctsync.transport.reads import MAX_READS, READABLE
from ctsync.transport.upload_result import CallEnding, UploadResult

_SLICE_SECONDS = 0.5
_WINDOW = 96  # reads that are done or begun before the first of them is taken


class Reads(Protocol):
    """Asks the platform. It never raises for what happens on the way."""

    def profile(self, key: ProfileKey) -> UploadResult:
        """Ask for one profile."""
        ...

    def begin_pages(
        self, event: str, since: int, until: int, batch_size: int
    ) -> UploadResult:
        """Ask for a cursor over the profiles with an event; days are YYYYMMDD."""
        ...

    def page(self, cursor: str) -> UploadResult:
        """Ask for the page of a cursor."""
        ...


class ReadPace(Struct, frozen=True):
    """How often a read is tried again, and how long is waited in between.

    `failures` is how many reads in a row may stay without an answer before no more are
    asked for.
    """

    throttled_retries: int = 10
    lost_retries: int = 4
    progress_retries: int = 40
    failures: int = 12
    first_seconds: float = 0.5
    factor: float = 2.0
    most_seconds: float = 30.0

    def delay_seconds(
        self, tries: int, chance: float, at_least: float | None = None
    ) -> float:
        """Return the wait before the next try; `chance` in 0..1 is the jitter."""
        full = min(self.most_seconds, self.first_seconds * self.factor**tries)
        return max(full * (0.5 + chance / 2), at_least or 0.0)


def _keep_nothing(_: Reading) -> None:
    """Stand where nobody keeps readings."""


def _tell_nobody(_seconds: float, _why: str) -> None:
    """Stand where nobody wants to know why it takes so long."""


class Reader(Struct):
    """Reads profiles side by side. `stopped` says that a signal asked to end.

    `sleep` waits; it is asked for half a second at a time. `keep` is told of every
    reading as soon as there is one, by whichever thread has it, and `tell` of how long
    is waited before a read is tried again, and why.
    """

    reads: Reads
    rng: Random
    sleep: Callable[[float], None]
    stopped: Callable[[], bool] = lambda: False
    keep: Callable[[Reading], None] = _keep_nothing
    tell: Callable[[float, str], None] = _tell_nobody
    pace: ReadPace = field(default_factory=ReadPace)
    requests: int = 0
    failed_in_row: int = 0
    ended: Event = field(default_factory=Event)
    counting: Lock = field(default_factory=Lock)

    def each(self, keys: Iterable[ProfileKey]) -> Iterator[Reading]:
        """Yield what is read of each key, in order; ends early once it is stopped.

        Raises:
            TransportError: the platform refuses the credentials, or nobody answers.
        """
        gate = ReadGate(lambda: self.ended.is_set() or self.stopped(), MAX_READS)
        lanes = ReadLanes(partial(self._one, gate), MAX_READS)
        waits = False  # for what is in flight: not where whoever asked has left
        try:
            yield from self._in_order(lanes, iter(keys))
            waits = True
        except TransportError:
            waits = True
            raise
        finally:
            self.ended.set()
            lanes.close(waits=waits)

    def _in_order(
        self, lanes: ReadLanes, keys: Iterator[ProfileKey]
    ) -> Iterator[Reading]:
        waiting: deque[Waiting] = deque()
        while True:
            # Keys are taken as room is left, so that a signal leaves no more than a
            # window unread.
            room = 0 if self.stopped() else _WINDOW - len(waiting)
            waiting.extend(map(lanes.read, islice(keys, room)))
            reading = waiting.popleft().result() if waiting else None
            if reading is None:
                return
            self._check(reading)
            yield reading

    def _one(self, gate: ReadGate, key: ProfileKey) -> Reading | None:
        reading = self._asked(gate, key)
        if reading is not None and reading.found is not Found.UNAUTHORISED:
            self.keep(reading)
        return reading

    def _asked(self, gate: ReadGate, key: ProfileKey) -> Reading | None:
        if key.type not in READABLE:
            return Reading(key, Found.FAILED, message=_UNREADABLE)
        tries: dict[object, int] = {}
        while True:
            number = gate.enter()
            if number is None:
                return None
            answer = self.reads.profile(key)
            gate.leave(number, answer.happened)
            with self.counting:
                self.requests += 1
            reading = reading_of(key, answer)
            wait = self.wait_after(answer, reading.found, tries)
            if wait is None:
                return reading
            self.tell(wait, reading.message)
            self.rest(wait)

    def rest(self, seconds: float) -> None:
        """Wait, but no longer than there is something to wait for."""
        while seconds > 0 and not (self.ended.is_set() or self.stopped()):
            self.sleep(min(seconds, _SLICE_SECONDS))
            seconds -= _SLICE_SECONDS

    def wait_after(
        self, answer: UploadResult, found: Found, tries: dict[object, int]
    ) -> float | None:
        """Return how long to wait before asking again; None where it is no use."""
        if found in {Found.FOUND, Found.GONE, Found.UNAUTHORISED}:
            return None
        cause: object = found if found is Found.IN_PROGRESS else answer.happened
        done = tries.get(cause, 0)
        tries[cause] = done + 1
        if done >= self._most(cause):
            return None
        return self.pace.delay_seconds(done, self.rng.random(), answer.retry_after)

    def _most(self, cause: object) -> int:
        if cause is Found.IN_PROGRESS:
            return self.pace.progress_retries
        if cause is CallEnding.THROTTLED:
            return self.pace.throttled_retries
        # A body that is no JSON may have been cut on its way.
        again = {CallEnding.LOST, CallEnding.UNREACHABLE, CallEnding.REPLIED}
        return self.pace.lost_retries if cause in again else 1

    def _check(self, reading: Reading) -> None:
        if reading.found is Found.UNAUTHORISED:
            raise refused(reading.message)
        is_lost = reading.found is Found.FAILED and reading.message is not _UNREADABLE
        self.failed_in_row = self.failed_in_row + 1 if is_lost else 0
        if self.failed_in_row >= self.pace.failures:
            raise TransportError(
                f"{self.failed_in_row} reads in a row got no answer: {reading.message}",
                hint="see that the platform can be reached, and run the command again",
            )


def refused(message: str) -> TransportError:
    """Return the error of credentials that the platform does not take."""
    return TransportError(
        f"the platform refuses the credentials: {message}",
        hint="usual causes: another region than the account's, or the SDK token in "
        "place of the passcode",
        code="unauthorised",
    )


def is_readable(key: ProfileKey) -> bool:
    """Return whether the platform can be asked for such a key."""
    return key.type in READABLE


_UNREADABLE = "the API finds profiles by identity and objectId only"
