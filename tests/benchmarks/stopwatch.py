"""Running commands as whole processes, side by side, and what each one costs."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

MIB_KIB = 1024  # the kernel counts peak memory in KiB


class Unexpected(Exception):
    """A command that was measured did not end as it should have."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, where it runs, and how it has to end."""

    words: Sequence[str]
    folder: Path = Path()
    exit_code: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)

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

    Raises:
        Unexpected: it ended with another exit code; the message has what it said.
    """
    started = perf_counter()
    process = subprocess.Popen(
        command.words,
        cwd=command.folder,
        env=command.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    with process.stderr as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != command.exit_code:
        words = " ".join(map(str, command.words))
        raise Unexpected(f"{words}: exit {process.returncode}\n{said.decode()}")
    return Lap(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB_KIB)


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
