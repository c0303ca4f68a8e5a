"""Running commands as whole processes, side by side, and what each one costs."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from time import perf_counter
from typing import IO

MIB_KIB = 1024  # the kernel counts peak memory in KiB
_TAIL_BYTES = 2_000  # of what a command said, for who asks why it failed


class Unexpected(Exception):
    """A command that was measured did not end as it should have."""


class TookTooLong(Unexpected):
    """A command was ended, since it ran longer than it may."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, where it runs, and how it has to end.

    `says` is a part of what it has to print: who finds nothing is quick.
    """

    words: Sequence[str]
    folder: Path = Path()
    exit_code: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    limit_seconds: float | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables it sees."""
        return {**os.environ, **self.variables}


@dataclass(frozen=True, slots=True)
class Lap:
    """One run: seconds on the wall, seconds of processor, peak memory."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Laps:
    """Several runs of one command."""

    laps: tuple[Lap, ...]

    @property
    def least(self) -> float:
        """The fastest run: what the work takes when nothing else disturbs."""
        return min(lap.seconds for lap in self.laps)

    @property
    def median(self) -> float:
        """The run in the middle: what people wait for."""
        return statistics.median(lap.seconds for lap in self.laps)

    @property
    def cpu_seconds(self) -> float:
        """The least processor time, which a busy machine stretches less."""
        return min(lap.cpu_seconds for lap in self.laps)

    @property
    def peak_mib(self) -> float:
        """The highest memory of any run."""
        return max(lap.peak_mib for lap in self.laps)


def run(command: Command) -> Lap:
    """Run a command once.

    Peak memory is that of the largest process among it and those it waited for.

    Raises:
        Unexpected: it ended with another exit code, or never said what it had to; the
            message has what it said.
        TookTooLong: it was ended at its limit.
    """
    with TemporaryFile() as printed, TemporaryFile() as complained:
        started = perf_counter()
        process = subprocess.Popen(
            command.words,
            cwd=command.folder,
            env=command.environment,
            stdout=printed if command.says else subprocess.DEVNULL,
            stderr=complained,
        )
        with _ended_at(command.limit_seconds, process) as ended:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = perf_counter() - started
        _judge(command, process.returncode, printed, complained, is_ended=bool(ended))
    return Lap(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB_KIB)


@contextmanager
def _ended_at(
    seconds: float | None, process: subprocess.Popen[bytes]
) -> Iterator[list[float]]:
    ended: list[float] = []
    if seconds is None:
        yield ended
        return

    def end() -> None:
        ended.append(seconds)
        process.kill()

    timer = Timer(seconds, end)
    timer.start()
    try:
        yield ended
    finally:
        timer.cancel()


def _judge(
    command: Command,
    exit_code: int,
    printed: IO[bytes],
    complained: IO[bytes],
    *,
    is_ended: bool,
) -> None:
    words = " ".join(map(str, command.words))
    if is_ended:
        raise TookTooLong(f"{words}: ended after {command.limit_seconds} s")
    if exit_code != command.exit_code:
        fault = f"exit {exit_code}"
    elif not _says(printed, command.says.encode()):
        fault = f"never said {command.says!r}"
    else:
        return
    raise Unexpected(f"{words}: {fault}\n{_tail(printed)}\n{_tail(complained)}")


def _says(file: IO[bytes], words: bytes) -> bool:
    # Line by line: memory of this process would count as memory of its children.
    file.seek(0)
    return not words or any(words in line for line in file)


def _tail(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
    return file.read().decode(errors="replace")


def side_by_side(commands: Mapping[str, Command], rounds: int) -> dict[str, Laps]:
    """Run commands in turn, so that a busy minute is busy for all of them.

    Each runs once before, uncounted: files are then in the system's cache and
    bytecode is on the disk.
    """
    for command in commands.values():
        run(command)
    found: dict[str, list[Lap]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(run(command))
    return {name: Laps(tuple(laps)) for name, laps in found.items()}


def columns(words: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows as aligned text: names to the left, numbers to the right."""
    rows = [tuple(row) for row in words]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *rest = zip(row, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
        yield "  ".join(cells).rstrip()
