"""Calls that wait before they are tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from ctsync.apply.calls.retry_policy import Attempt
from ctsync.apply.calls.worker_threads import HeldKeys

_LEAST_SECONDS = 0.001  # less may pass without moving the clock: it would spin


class QueuedRetry(Struct, eq=False):
    """One call's wait. `keeps_lane` says that no other call may take its turn."""

    attempt: Attempt
    held: HeldKeys
    seconds: float
    keeps_lane: bool


class RetryQueue:
    """Waits side by side, measured by what passes between two looks at the clock."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._looked_at = steady()
        self._rests: list[QueuedRetry] = []
        self._pause_seconds = 0.0

    def add(self, rest: QueuedRetry) -> None:
        """Let a call wait."""
        self.look()
        self._rests.append(rest)

    def pause(self, seconds: float) -> None:
        """Let every call wait that has not left yet."""
        self.look()
        self._pause_seconds = max(self._pause_seconds, seconds)

    def look(self, *, at_least: float = 0.0) -> None:
        """Take note of the time that has passed; `at_least` was slept since."""
        now = self._steady()
        # What was slept has passed, although the clock may not have moved by as much.
        passed = max(at_least, now - self._looked_at)
        self._looked_at = now
        self._pause_seconds = max(0.0, self._pause_seconds - passed)
        for rest in self._rests:
            rest.seconds = max(0.0, rest.seconds - passed)

    @property
    def is_paused(self) -> bool:
        """Whether nothing may leave for now."""
        return self._pause_seconds > 0

    @property
    def slots_kept(self) -> int:
        """How many calls keep others from taking their turn."""
        return sum(rest.keeps_lane and rest.seconds > 0 for rest in self._rests)

    def __len__(self) -> int:
        return len(self._rests)

    def seconds(self) -> float | None:
        """Return how long it takes until another call may leave; None if none waits."""
        waits = [rest.seconds for rest in self._rests if rest.seconds > 0]
        if self.is_paused:
            waits = [self._pause_seconds]
        return max(min(waits), _LEAST_SECONDS) if waits else None

    def rested(self) -> QueuedRetry | None:
        """Return a call whose wait is over."""
        return next((rest for rest in self._rests if rest.seconds <= 0), None)

    def remove(self, rest: QueuedRetry) -> None:
        """Forget a call that waits no more."""
        self._rests.remove(rest)

    def remove_all(self) -> Iterator[QueuedRetry]:
        """Give up every wait."""
        while self._rests:
            yield self._rests.pop(0)
