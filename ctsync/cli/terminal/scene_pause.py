"""Waiting between scenes for whoever looks on, where somebody does."""

from __future__ import annotations

import sys

from ctsync.cli.terminal.confirm import can_ask

_HOW = "Enter goes on, s goes on without pauses, q ends: "


class ScenePause:
    """Asks whether to go on; where nobody can answer, it goes on by itself."""

    def __init__(self) -> None:
        self._waits = can_ask() and sys.stdout.isatty()

    def __call__(self) -> bool:
        """Return whether to go on."""
        if not self._waits:
            return True
        sys.stderr.write(f"\n{_HOW}")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip().lower()
        self._waits = bool(line) and answer != "s"
        return answer != "q"
