"""Deciding what to send, beside a query by hand that only compares and copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import exporting
from contest import PLAN
from listing import exports, known_listing, write_listing
from stopwatch import Command, Laps, Unexpected, side_by_side
from tables import NoRoom, Setting, Table, ctsync, python, sizes

_SIZES = (1_000_000,)
_MOST = 20_000_000
_SCRIPT = Path(__file__).with_name("copy_changed.py")
_START_ROWS = 20
_NEW = "new"
# What a known population is called here, and the shape of the exports that has it.
_KNOWN = {"changed": ("all changed", "changed"), "few": ("1 % changed", "whole")}
_HEAD = (
    "what", "n", "changes", "ctsync s", "by hand s", "times", "cpu us each",
    "by hand, cpu us", "MiB", "by hand, MiB",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    """A project, the files that a query by hand compares, and how many rows differ."""

    what: str
    count: int
    changed: int
    project: Path
    files: Path
    before: str

    @property
    def ours(self) -> Command:
        """The plan, which has to find every change."""
        command = ctsync("plan", "--out", PLAN, folder=self.project)
        is_new = self.before == "-"
        counts = (self.changed, 0) if is_new else (0, self.changed)
        return replace(command, says="{:,} to create, {:,} to update".format(*counts))

    @property
    def by_hand(self) -> Command:
        """The query, which has to find as many."""
        words = (str(_SCRIPT), self.before, "after.parquet", "changed.json")
        command = python(*words, folder=self.files)
        return replace(command, says=f"{self.changed} rows")


def measure_by_hand(
    setting: Setting, cases: Sequence[str] = (_NEW, *_KNOWN)
) -> Iterator[Table]:
    """Plan rows of Parquet: all of them new, all changed, one in a hundred changed."""
    rows: list[tuple[str, ...]] = []
    fault, start = "", 0.0
    try:
        start = _start(setting)
        rows += (_row(setting, case, start) for case in _cases(setting, cases))
    except (Unexpected, NoRoom) as error:
        fault = str(error)
    note = (
        f"{setting.rounds} rounds, in turn. The start, {start:.2f} s of processor for "
        f"a plan of {_START_ROWS} rows, is taken from the microseconds."
    )
    title = "Deciding rows beside a query by hand"
    yield Table(title, _HEAD, tuple(rows), note, fault)


def _start(setting: Setting) -> float:
    """Give what a plan costs of next to nothing in the same engine."""
    case = _new(setting, _START_ROWS)
    words = [*case.ours.words, "--engine", "duckdb"]
    command = replace(case.ours, words=words)
    return side_by_side({"": command}, setting.rounds)[""].cpu_seconds


def _cases(setting: Setting, names: Sequence[str]) -> Iterator[_Case]:
    for count in sizes(setting, _SIZES, _MOST):
        for name in names:
            known = _KNOWN.get(name)
            yield _changing(setting, count, *known) if known else _new(setting, count)


def _changing(setting: Setting, count: int, what: str, shape: str) -> _Case:
    project, files = known_listing(setting, count, "parquet", shape)
    changed = exporting.SHAPES[shape].changed(count)
    return _Case(what, count, changed, project, files, "before.parquet")


def _new(setting: Setting, count: int) -> _Case:
    files = exports(setting, count, "parquet")
    folder = files.with_name(f"{files.name}-new")
    project = write_listing(folder, files / "after.parquet")
    return _Case(_NEW, count, count, project, files, "-")


def _row(setting: Setting, case: _Case, start: float) -> tuple[str, ...]:
    commands = {"ctsync": case.ours, "by hand": case.by_hand}
    found = side_by_side(commands, setting.rounds)
    (case.project / PLAN).unlink()
    (case.files / "changed.json").unlink()
    ours, other = found["ctsync"], found["by hand"]
    return (
        case.what,
        f"{case.count:,}",
        f"{case.changed:,}",
        f"{ours.least:.2f}",
        f"{other.least:.2f}",
        f"{other.least / ours.least:.2f}",
        f"{_micros(ours, case, start):.1f}",
        f"{_micros(other, case, 0.0):.1f}",
        f"{ours.peak_mib:.0f}",
        f"{other.peak_mib:.0f}",
    )


def _micros(laps: Laps, case: _Case, start: float) -> float:
    return (laps.cpu_seconds - start) / case.changed * 1e6
