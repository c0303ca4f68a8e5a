"""What a benchmark is given, and the tables it gives."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from stopwatch import Command

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Setting:
    """An empty folder, how often each command runs, how many profiles there are."""

    folder: Path
    rounds: int
    profiles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers under a title, with what they were measured on below."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __str__(self) -> str:
        """Give it as Markdown."""
        aligned = [":--", *("--:" for _ in self.head[1:])]
        lines = [self.head, aligned, *self.rows]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"### {self.title}\n\n{body}\n\n{self.note}\n"


def python(*words: str, folder: Path = Path(), exit_code: int = 0) -> Command:
    """Give a command of this interpreter, with the working tree's ctsync in reach."""
    paths = (str(_ROOT), os.environ.get("PYTHONPATH"))
    variables = {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "CLEVERTAP_PASSCODE": "sandbox",
    }
    return Command((sys.executable, *words), folder, exit_code, variables)


def ctsync(*words: str, folder: Path = Path(), exit_code: int = 0) -> Command:
    """Give a ctsync command line."""
    return python("-m", "ctsync", *words, folder=folder, exit_code=exit_code)


def milliseconds(seconds: float) -> str:
    """Give seconds in milliseconds."""
    return f"{seconds * 1000:.0f} ms"
