"""A clock that only waiting moves, in the place of the module `time`."""

from __future__ import annotations

from collections.abc import Callable


class WaitingClock:
    """Moves while somebody waits, and lets others act meanwhile."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.meanwhile: Callable[[], object] = lambda: None
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        assert len(self.waits) < 1_000, "it waits for ever"
        self.waits.append(seconds)
        self.now += seconds
        self.meanwhile()
