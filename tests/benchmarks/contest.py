"""ctsync beside a peer: both as whole processes, in turn, against a target."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from stopwatch import Command, Lap, Laps, TookTooLong, Unexpected, run
from tables import NoRoom, Setting, Table, ctsync

CHANGED_EVERY = 100
PLAN = "plan.jsonl"
HEAD = (
    "what", "n", "ctsync s", "peer s", "times", "in cpu", "target", "met",
    "ctsync MiB", "peer MiB",
)  # fmt: skip
_MOST_SECONDS = 150.0  # of all counted rounds of one contest
_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Side:
    """A command, and what is cleared away before each run of it."""

    command: Command
    clears: tuple[Path, ...] = ()

    def run(self, limit_seconds: float) -> Lap:
        """Run it once, from the same beginning as each time."""
        for path in self.clears:
            if path.is_file():
                path.unlink()
            shutil.rmtree(path, ignore_errors=True)
        return run(replace(self.command, limit_seconds=limit_seconds))


@dataclass(frozen=True, slots=True)
class Contest:
    """Two sides that find the same changes among `count` of something.

    `target` is how many times as fast as the peer ctsync is to be. Without a peer
    ctsync's side is measured alone.
    """

    what: str
    count: int
    ours: Side
    peer: Side | None
    target: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a contest came to. `slow` says that the peer was ended at its limit."""

    contest: Contest
    ours: Laps
    peer: Laps | None
    slow: bool = False

    @property
    def times(self) -> float | None:
        """How many times as fast as the peer; at least, where that was ended."""
        return None if self.peer is None else self.peer.least / self.ours.least

    @property
    def cpu_times(self) -> float:
        """The same in time of the processor, which others at work stretch less."""
        peer = 0.0 if self.peer is None else self.peer.cpu_seconds
        return peer / self.ours.cpu_seconds

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where that cannot be said."""
        if self.times is None:
            return None
        if self.times >= self.contest.target:
            return True
        return None if self.slow else False

    def row(self) -> tuple[str, ...]:
        """Give it as a row under HEAD."""
        contest, peer = self.contest, self.peer
        mark = "> " if self.slow else ""
        return (
            contest.what,
            f"{contest.count:,}",
            f"{self.ours.least:.2f}",
            _NOTHING if peer is None else f"{mark}{peer.least:.2f}",
            _NOTHING if self.times is None else f"{mark}{self.times:.2f}",
            _NOTHING if peer is None else f"{mark}{self.cpu_times:.2f}",
            f"{contest.target:.2g}",
            {True: "yes", False: "no", None: _NOTHING}[self.is_met],
            f"{self.ours.peak_mib:.0f}",
            _NOTHING if peer is None else f"{peer.peak_mib:.0f}",
        )


def contend(contest: Contest, setting: Setting) -> Result:
    """Run both sides in turn, once uncounted, then as often as time allows."""
    started = perf_counter()
    sides = [contest.ours] if contest.peer is None else [contest.ours, contest.peer]
    try:
        for side in sides:
            side.run(setting.limit_seconds)
        warm = perf_counter() - started
        rounds = max(1, min(setting.rounds, int(_MOST_SECONDS / warm)))
        laps = [
            tuple(side.run(setting.limit_seconds) for side in sides)
            for _ in range(rounds)
        ]
    except TookTooLong:
        return _alone(contest, setting)
    ours, *peer = (Laps(each) for each in zip(*laps, strict=True))
    return Result(contest, ours, peer[0] if peer else None)


def _alone(contest: Contest, setting: Setting) -> Result:
    ours = Laps((contest.ours.run(setting.limit_seconds),))
    ended = Laps((Lap(setting.limit_seconds, 0.0, 0.0),))
    return Result(contest, ours, ended, slow=True)


def table_of(title: str, contests: Iterable[Contest], setting: Setting) -> Table:
    """Hold contests and give their table; one that fails is the last."""
    results, fault = [], ""
    try:
        for contest in contests:
            results.append(contend(contest, setting))  # noqa: PERF401 - kept if one fails
    except (Unexpected, NoRoom) as error:
        fault = str(error)
    rounds = min((len(result.ours.laps) for result in results), default=0)
    note = (
        f"1 in {CHANGED_EVERY} changed; the fastest of {rounds} to {setting.rounds} "
        "rounds in turn, whole processes. times: peer's seconds by ctsync's."
    )
    return Table(title, HEAD, tuple(result.row() for result in results), note, fault)


def changed_of(count: int) -> int:
    """Give how many of so many are changed."""
    return -(-count // CHANGED_EVERY)


def planning(folder: Path, changed: int) -> Command:
    """Give the plan that has to find so many changes."""
    command = ctsync("plan", "--out", PLAN, folder=folder)
    return replace(command, says=f"Plan: 0 to create, {changed:,} to update, 0 to rel")
