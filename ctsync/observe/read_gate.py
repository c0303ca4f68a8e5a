"""Letting reads leave one by one: never more than so many in flight."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition

from ctsync.transport.concurrency_limit import full
from ctsync.transport.upload_result import CallEnding

_LOOK_SECONDS = 0.1  # whoever waits for a turn looks this often whether there is one


class ReadGate:
    """Lets threads in one by one; `stopped` says that none is let in any more."""

    def __init__(self, stopped: Callable[[], bool], ceiling: int) -> None:
        self._stopped = stopped
        self._limit = full(ceiling)
        self._in_flight = self._number = 0
        self._changed = Condition()

    @property
    def allowed(self) -> int:
        """How many may be in flight now."""
        return self._limit.allowed

    def enter(self) -> int | None:
        """Wait for a turn and give its number; None where there is none any more."""
        with self._changed:
            while self._in_flight >= self.allowed and not self._stopped():
                self._changed.wait(_LOOK_SECONDS)
            if self._stopped():
                return None
            self._in_flight += 1
            self._number += 1
            return self._number

    def leave(self, number: int, happened: CallEnding) -> None:
        """Take note of how a read ended: 429 halves, and what goes through recovers."""
        with self._changed:
            self._in_flight -= 1
            if happened is CallEnding.THROTTLED:
                following = self._number + 1
                self._limit = self._limit.throttled(number, next_call=following)
            elif happened is CallEnding.REPLIED:
                self._limit = self._limit.call_succeeded()
            self._changed.notify_all()
