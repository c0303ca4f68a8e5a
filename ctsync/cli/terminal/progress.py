"""Saying how far an apply, or reading, has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import Any

from msgspec import Struct

from ctsync.cli.terminal.pauses import SECONDS_BETWEEN, Pauses
from ctsync.cli.terminal.streams import Stream, talk
from ctsync.cli.terminal.terminal_width import columns_now, is_drawn_on

_LONG_WAIT_SECONDS = 3.0
_SECONDS_UNDRAWN = 1.0  # what is over by then needs no bar
_SECONDS_A_DRAWING = 0.1
_SHOWN = ("acknowledged", "rejected", "unknown")


class Stand(Struct, frozen=True):
    """How far something has come: so many of a total, which may not be known.

    `before` of those done are not of this run, and say nothing of how fast it goes.
    `notes` follow the counts; `outcomes` stand in their place where there is no bar.
    """

    done: int
    total: int | None
    noun: str
    before: int = 0
    notes: str = ""
    outcomes: str = ""

    def counts(self, *, with_noun: bool = True) -> str:
        """Give `200 of 1,000 profiles`."""
        of = "" if self.total is None else f" of {self.total:,}"
        return f"{self.done:,}{of}" + (f" {self.noun}" if with_noun else "")

    def pace(self, seconds: float) -> Iterator[str]:
        """Yield how fast this run goes and how long yet, once that can be told."""
        done = self.done - self.before
        if done <= 0 or seconds < 1:
            return
        rate = done / seconds
        yield f"{rate:,.0f} a second" if rate >= 0.5 else f"{rate:.1f} a second"
        if self.total is not None and self.total > self.done:
            yield f"{_duration((self.total - self.done) / rate)} left"

    def sentence(self, seconds: float) -> str:
        """Say it in one line, for whoever reads a log."""
        words = self.counts() + (self.outcomes or self.notes)
        return "; ".join(filter(None, (words, ", ".join(self.pace(seconds)))))


class Ticker:
    """Talks on standard error: a bar on a terminal, else a line every 30 s."""

    def __init__(
        self,
        out: Stream | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        colour: bool = False,
    ) -> None:
        self._out = out or talk()
        self._monotonic = monotonic
        self._colour = colour
        self._is_drawn = is_drawn_on(self._out)
        self._began_at = self._said_at = monotonic()
        self._drawn_at: float | None = None
        self._stand: Stand | None = None
        self._pauses = Pauses()
        self._turn = RLock()  # of threads that tell of waits

    def tick(self, stand: Stand) -> None:
        """Say how far it has come."""
        with self._turn:
            now, self._stand = self._monotonic(), stand
            if self._is_drawn:
                if self._is_due(now):
                    self._draw(stand, now)
            elif now - self._said_at >= SECONDS_BETWEEN:
                self._said_at = now
                self._say(stand.sentence(now - self._began_at))

    def waits(self, seconds: float, why: str) -> None:
        """Say why nothing happens for so long, below the bar if there is one."""
        with self._turn:
            now = self._monotonic()
            is_news = self._pauses.begin(now, seconds, why)
            if self._is_drawn and self._stand is not None:
                self._draw(self._stand, now)
            elif is_news:
                self._say(f"waiting {seconds:.1f} s: {why}")

    def close(self) -> None:
        """Leave what was drawn last, as it is at the end."""
        with self._turn:
            if self._drawn_at is None or self._stand is None:
                return
            self._drawn_at = None
            self._say("\n".join(self._lines(self._stand, self._monotonic())))

    def _is_due(self, now: float) -> bool:
        if self._drawn_at is None:
            return now - self._began_at >= _SECONDS_UNDRAWN
        return now - self._drawn_at >= _SECONDS_A_DRAWING

    def _draw(self, stand: Stand, now: float) -> None:
        self._out.draw(self._lines(stand, now))
        self._drawn_at = now

    def _lines(self, stand: Stand, now: float) -> list[str]:
        """Return the bar, and below it what paused, in what the terminal has now."""
        from ctsync.cli.terminal.progress_bar import bar_line
        from ctsync.render.text_width import cut, escape

        # Where a line ends in the last column, terminals differ on what comes next.
        columns, seconds = columns_now(self._out) - 1, now - self._began_at
        line = bar_line(stand, seconds, columns, self._out, colour=self._colour)
        pauses = self._pauses.sentence(now)
        return [line] if pauses is None else [line, cut(escape(pauses), columns)]

    def _say(self, words: str) -> None:
        self._out.write(f"{words}\n")
        self._out.flush()


class Progress(Ticker):
    """How far an apply has come; what an earlier run did is known from the start."""

    def __init__(self, *around: Any, **named: Any) -> None:
        super().__init__(*around, **named)
        self._before: int | None = None

    def progressed(self, counts: Mapping[str, int], total: int) -> None:
        """Say how many profiles have which outcome, how fast, and how long yet."""
        done = sum(counts[name] for name in _SHOWN) + counts.get("sent", 0)
        if self._before is None:
            self._before = done
        outcomes = (f"{counts[name]:,} {name}" for name in _SHOWN)
        bad = (f", {counts[name]:,} {name}" for name in _SHOWN[1:] if counts[name])
        self.tick(
            Stand(
                done,
                total,
                "profiles",
                self._before,
                "".join(bad),
                f": {', '.join(outcomes)}",
            )
        )


class Patience:
    """Says why reading waits, where it waits long, and not at every read."""

    def __init__(
        self,
        say: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self._monotonic = monotonic
        self._said_at = -SECONDS_BETWEEN

    def waits(self, seconds: float, why: str) -> None:
        """Take note of a wait; threads may do so at the same time."""
        now = self._monotonic()
        if seconds >= _LONG_WAIT_SECONDS and now - self._said_at >= SECONDS_BETWEEN:
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
        self._patience = Patience(self._say, self._monotonic)

    def waits(self, seconds: float, why: str) -> None:
        """Take note of a wait of one read; threads may do so at the same time."""
        is_long = seconds >= _LONG_WAIT_SECONDS
        if is_long and self._is_drawn and self._stand is not None:
            super().waits(seconds, why)
        else:
            self._patience.waits(seconds, why)

    def read(self, done: int) -> None:
        """Say how many profiles were read, how fast, and how long yet."""
        self.tick(Stand(done, self._total, "profiles read", self._before))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes / 60:.1f} h"
