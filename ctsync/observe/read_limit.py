"""How many reads are in flight: at most three, fewer after a 429, and back again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition

from ctsync.transport.reads import MAX_READS
from ctsync.transport.upload_result import CallEnding

_ROUNDS = 8  # reads that have to go through before one more may be in flight


class ReadLimit:
    """Lets threads in one by one; `stopped` says that none is let in any more."""

    def __init__(self, stopped: Callable[[], bool], ceiling: int = MAX_READS) -> None:
        self._stopped = stopped
        self._ceiling = self._allowed = ceiling
        self._in_flight = self._passed = self._number = self._heeds_from = 0
        self._changed = Condition()

    @property
    def allowed(self) -> int:
        """How many may be in flight now."""
        return self._allowed

    def enter(self) -> int | None:
        """Wait for a turn and give its number; None where there is none any more."""
        with self._changed:
            while self._in_flight >= self._allowed and not self._stopped():
                self._changed.wait(0.1)
            if self._stopped():
                return None
            self._in_flight += 1
            self._number += 1
            return self._number

    def leave(self, number: int, happened: CallEnding) -> None:
        """Take note of how a read ended: 429 halves, and what goes through recovers.

        What reads met that left before the last halving was caused before it.
        """
        with self._changed:
            self._in_flight -= 1
            if happened is CallEnding.THROTTLED:
                self._halve(number)
            elif happened is CallEnding.REPLIED:
                self._recover()
            self._changed.notify_all()

    def _halve(self, number: int) -> None:
        if number > self._heeds_from:
            self._allowed = max(1, self._allowed // 2)
            self._heeds_from, self._passed = self._number, 0

    def _recover(self) -> None:
        self._passed += 1
        if self._passed >= _ROUNDS * self._allowed and self._allowed < self._ceiling:
            self._allowed, self._passed = self._allowed + 1, 0
