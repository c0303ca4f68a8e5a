"""Saying how far an apply, or reading, has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ctsync.cli.streams import Stream, talk

_SECONDS_BETWEEN = 30.0
_LONG_WAIT_SECONDS = 3.0
_SHOWN = ("acknowledged", "rejected", "unknown")


class Ticker:
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

    def tick(self, words: Callable[[float], str]) -> None:
        """Say how far it has come; `words` gets the seconds since the beginning."""
        now = self._monotonic()
        if self._is_terminal:
            self._out.redraw(words(now - self._began_at))
            self._has_open_line = True
            self._out.flush()
        elif now - self._said_at >= _SECONDS_BETWEEN:
            self._said_at = now
            self._say(words(now - self._began_at))

    def close(self) -> None:
        """End the line that was written in place."""
        if self._has_open_line:
            self._out.write("\n")
            self._has_open_line = False

    def _say(self, words: str) -> None:
        self._out.write(f"{words}\n")
        self._out.flush()


class Progress(Ticker):
    """How far an apply has come."""

    def progressed(self, counts: Mapping[str, int], total: int) -> None:
        """Say how many profiles have which outcome, how fast, and how long yet."""
        self.tick(lambda seconds: _words(counts, total, seconds))

    def waits(self, seconds: float, why: str) -> None:
        """Say why nothing is sent for a while."""
        self.close()
        self._say(f"waiting {seconds:.1f} s: {why}")


class Patience:
    """Says why reading waits, where it waits long, and not at every read."""

    def __init__(
        self,
        say: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self._monotonic = monotonic
        self._said_at = -_SECONDS_BETWEEN

    def waits(self, seconds: float, why: str) -> None:
        """Take note of a wait; threads may do so at the same time."""
        now = self._monotonic()
        if seconds >= _LONG_WAIT_SECONDS and now - self._said_at >= _SECONDS_BETWEEN:
            self._said_at = now
            self._say(f"nothing can be read for now, and it is tried again: {why}")


class ReadProgress(Ticker):
    """How far reading has come; the total may not be known.

    `before` were read by an earlier command, and say nothing of how fast it goes.
    """

    def __init__(self, total: int | None, before: int = 0, **around: Any) -> None:
        super().__init__(**around)
        self._total = total
        self._before = before

    def read(self, done: int) -> None:
        """Say how many profiles were read, how fast, and how long yet."""
        now = done - self._before
        self.tick(lambda seconds: _read_words(done, now, self._total, seconds))


def _words(counts: Mapping[str, int], total: int, seconds: float) -> str:
    done = sum(counts[name] for name in _SHOWN)
    outcomes = ", ".join(f"{counts[name]} {name}" for name in _SHOWN)
    words = f"{done} of {total} profiles: {outcomes}"
    return words + _pace(done, total - done, seconds)


def _read_words(done: int, now: int, total: int | None, seconds: float) -> str:
    of = "" if total is None else f" of {total:,}"
    left = None if total is None else total - done
    return f"{done:,}{of} profiles read" + _pace(now, left, seconds)


def _pace(done: int, left: int | None, seconds: float) -> str:
    if done <= 0 or seconds < 1:
        return ""
    rate = done / seconds
    words = f"; {rate:.0f} a second" if rate >= 0.5 else f"; {rate:.1f} a second"
    return words if left is None else f"{words}, {_left(left / rate)} left"


def _left(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes / 60:.1f} h"
