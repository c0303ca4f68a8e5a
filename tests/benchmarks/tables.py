"""What a benchmark is given, and the tables it gives."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stopwatch import Command

_GIB = 1 << 30
_ROOT = Path(__file__).resolve().parents[2]


class NoRoom(Exception):
    """The disk has less free than a size needs."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An empty folder, how often each command runs, how many profiles there are.

    `data` is where what is slow to make is kept. `sizes` are the profiles where someone
    chose them. Peers are installed and run only `with_peers`; no process runs longer
    than the limit.
    """

    folder: Path
    rounds: int
    profiles: tuple[int, ...]
    data: Path
    sizes: tuple[int, ...] = ()
    with_peers: bool = True
    limit_seconds: float = 900.0

    def require_room(self, size: int) -> None:
        """Refuse to fill the disk.

        Raises:
            NoRoom: it has less than this free.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.data).free
        if free < size:
            raise NoRoom(f"needs {size / _GIB:.0f} GiB, {free / _GIB:.0f} GiB are free")


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers under a title, with what they were measured on below.

    `fault` says why rows are missing.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    fault: str = ""

    def __str__(self) -> str:
        """Give it as Markdown."""
        aligned = [":--", *("--:" for _ in self.head[1:])]
        lines = [self.head, aligned, *self.rows]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"### {self.title}\n\n{body}\n\n{self.note}\n"


def python(*words: str, folder: Path = Path(), exit_code: int = 0) -> Command:
    """Give a command of this interpreter, with the working tree's ctsync in reach."""
    # Exports lie beside the projects that share them, or where data is kept.
    beside = str(folder.absolute().parent)
    variables = {
        "PYTHONPATH": _paths(str(_ROOT), os.environ.get("PYTHONPATH")),
        "CLEVERTAP_PASSCODE": "sandbox",
        "CTSYNC_DATA_ROOTS": _paths(beside, os.environ.get("CTSYNC_DATA_ROOTS")),
    }
    return Command((sys.executable, *words), folder, exit_code, variables)


def _paths(*words: str | None) -> str:
    return os.pathsep.join(filter(None, words))


def ctsync(*words: str, folder: Path = Path(), exit_code: int = 0) -> Command:
    """Give a ctsync command line."""
    return python("-m", "ctsync", *words, folder=folder, exit_code=exit_code)


def milliseconds(seconds: float) -> str:
    """Give seconds in milliseconds."""
    return f"{seconds * 1000:.0f} ms"


def sizes(setting: Setting, own: Sequence[int], most: int) -> list[int]:
    """Give the sizes asked for that are no larger than makes sense, or the own ones."""
    return [size for size in setting.sizes or own if size <= most]


def built(folder: Path, build: Callable[[Path], None]) -> Path:
    """Give a folder that `build` fills, once: an interrupted one is built anew."""
    mark = folder / ".built"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        build(folder)
        mark.touch()
    return folder
