"""Saying how far an apply has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ctsync.cli.streams import Stream, talk

_SECONDS_BETWEEN = 30.0
_SHOWN = ("acknowledged", "rejected", "unknown")


class Progress:
    """Talks on standard error: in place on a terminal, else a line every 30 s."""

    def __init__(
        self,
        out: Stream | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out or talk()
        self._monotonic = monotonic
        self._is_terminal = self._out.isatty()
        self._began_at = self._said_at = monotonic()
        self._has_open_line = False

    def progressed(self, counts: Mapping[str, int], total: int) -> None:
        """Say how many profiles have which outcome, how fast, and how long yet."""
        now = self._monotonic()
        words = _words(counts, total, now - self._began_at)
        if self._is_terminal:
            self._out.redraw(words)
            self._has_open_line = True
            self._out.flush()
        elif now - self._said_at >= _SECONDS_BETWEEN:
            self._said_at = now
            self._say(words)

    def waits(self, seconds: float, why: str) -> None:
        """Say why nothing is sent for a while."""
        self.close()
        self._say(f"waiting {seconds:.1f} s: {why}")

    def close(self) -> None:
        """End the line that was written in place."""
        if self._has_open_line:
            self._out.write("\n")
            self._has_open_line = False

    def _say(self, words: str) -> None:
        self._out.write(f"{words}\n")
        self._out.flush()


def _words(counts: Mapping[str, int], total: int, seconds: float) -> str:
    done = sum(counts[name] for name in _SHOWN)
    outcomes = ", ".join(f"{counts[name]} {name}" for name in _SHOWN)
    words = f"{done} of {total} profiles: {outcomes}"
    if not done or seconds < 1:
        return words
    rate = done / seconds
    return f"{words}; {rate:.0f} a second, {_left((total - done) / rate)} left"


def _left(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes / 60:.1f} h"
