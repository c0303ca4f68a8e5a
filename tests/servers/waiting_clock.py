"""A clock that only waiting moves, in the place of the module `time`."""

from __future__ import annotations

from collections.abc import Callable


class WaitingClock:
    """Moves while somebody waits, and lets others act meanwhile."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.meanwhile: Callable[[], object] = lambda: None
        self.waits: list[float] = []
        self._asked = 0

    def monotonic(self) -> float:
        self._asked += 1
        assert self._asked < 100, "it asks without a rest"
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        assert len(self.waits) < 1_000, "it waits for ever"
        self.waits.append(seconds)
        self._asked = 0
        self.now += seconds
        self.meanwhile()
