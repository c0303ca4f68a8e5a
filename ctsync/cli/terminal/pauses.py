"""Pauses of a run: the one that lasts, or how many there were."""

from __future__ import annotations

from msgspec import Struct

SECONDS_BETWEEN = 30.0
"""How long whoever reads lines hears nothing, at the least."""


class Pauses(Struct):
    """Counts pauses. Several at one time are one that lasts until the last is over."""

    number: int = 0
    seconds: float = 0.0
    why: str = ""
    over_at: float = 0.0
    told_at: float | None = None

    def begin(self, now: float, seconds: float, why: str) -> bool:
        """Take one in; return whether whoever reads lines is to hear of it."""
        if now >= self.over_at or not self.number:
            self.number += 1
            self.over_at = now
        self.seconds += max(now + seconds - self.over_at, 0.0)
        self.over_at, self.why = max(self.over_at, now + seconds), why
        is_new = self.told_at is None or now - self.told_at >= SECONDS_BETWEEN
        if is_new or seconds >= SECONDS_BETWEEN:
            self.told_at = now
            return True
        return False

    def sentence(self, now: float) -> str | None:
        """Say how long yet, or how often it was; None where nothing has paused."""
        if not self.number:
            return None
        left = self.over_at - now
        if left > 0:
            return f"paused, {max(left, 1):.0f} s left: {self.why}"
        times = "once" if self.number == 1 else f"{self.number:,} times"
        return f"paused {times}, {self.seconds:,.0f} s in all: {self.why}"
