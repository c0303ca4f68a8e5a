"""Saying how far an apply has come."""

from __future__ import annotations

import sys
import time

from ctsync.cli.output import say

_SECONDS_BETWEEN = 30.0


class Progress:
    """Talks on standard error: in place on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def progressed(self, done: int, total: int) -> None:
        """Say how many profiles have their outcome."""
        if self._is_terminal:
            end = "\n" if done == total else ""
            sys.stderr.write(f"\r{done} of {total} profiles{end}")
            sys.stderr.flush()
        elif time.monotonic() - self._said_at >= _SECONDS_BETWEEN:
            self._said_at = time.monotonic()
            say(f"{done} of {total} profiles")

    def waits(self, seconds: float, why: str) -> None:
        """Say why nothing is sent for a while."""
        say(f"waiting {seconds:.1f} s: {why}")
