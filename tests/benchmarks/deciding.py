"""Deciding what to send, in columns and one by one: the same plan, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path

import exporting
from contest import PLAN
from listing import exports, known_listing, write_listing
from stopwatch import Command, Laps, Unexpected, side_by_side
from tables import NoRoom, Setting, Table, ctsync, python, sizes

_SIZES = (300_000,)
_FORMS = ("parquet", "csv", "jsonl")
_MOST = 2_000_000
_ONE_PERCENT = 1_000_000  # of so many, unless sizes were chosen
# The same command, with more asked of columns than there ever are.
_ONE_BY_ONE = """\
from ctsync.engines import duckdb_decision
duckdb_decision.LEAST_DECIDED = 10 ** 12
from ctsync.cli import main
main()
"""
_HEAD = (
    "what", "form", "n", "changes", "columns s", "one by one s", "times", "cpu us each",
    "one by one, cpu us", "MiB", "one by one, MiB", "bytes each",
)  # fmt: skip


class Differs(Unexpected):
    """Two plans that should have the same bytes have not."""


@dataclass(frozen=True, slots=True)
class _Case:
    what: str
    form: str
    count: int
    changed: int
    project: Path
    says: str


def measure_decide(setting: Setting) -> Iterator[Table]:
    """Plan rows of each form: new, new in two tables, all changed; some of Parquet."""
    rows: list[tuple[str, ...]] = []
    fault = ""
    try:
        rows += (_row(setting, case) for case in _cases(setting))
    except (Unexpected, NoRoom) as error:
        fault = str(error)
    note = f"{setting.rounds} rounds, in turn. Both plans are compared byte by byte."
    yield Table("Deciding rows in columns", _HEAD, tuple(rows), note, fault)


def _cases(setting: Setting) -> Iterator[_Case]:
    for count in sizes(setting, _SIZES, _MOST):
        for form in _FORMS:
            files = exports(setting, count, form)
            folder = files.with_name(f"{files.name}-new")
            new = write_listing(folder, files / f"after.{form}")
            yield _Case("new", form, count, count, new, f"Plan: {count:,} to create")
            yield _of_two(setting, form, count)
            yield _known("all changed", setting, form, count, "changed")
    for count in setting.sizes or (_ONE_PERCENT,):
        yield _known("1 % changed", setting, "parquet", count, "whole")


def _of_two(setting: Setting, form: str, count: int) -> _Case:
    """Give rows that are new, of which each key stands in two tables."""
    files = exports(setting, count, form)
    before, after = (files / f"{name}.{form}" for name in ("before", "after"))
    folder = files.with_name(f"{files.name}-two")
    project = write_listing(folder, before, beside=after)
    says = f"Plan: {count:,} to create"
    return _Case("new in two tables", form, count, count, project, says)


def _known(what: str, setting: Setting, form: str, count: int, shape: str) -> _Case:
    project, _ = known_listing(setting, count, form, shape)
    changed = exporting.SHAPES[shape].changed(count)
    says = f"0 to create, {changed:,} to update"
    return _Case(what, form, count, changed, project, says)


def _row(setting: Setting, case: _Case) -> tuple[str, ...]:
    commands = {"columns": _planning(case, "columns"), "python": _planning(case, "one")}
    found = side_by_side(commands, setting.rounds)
    plan, other = (case.project / f"{name}-{PLAN}" for name in ("columns", "one"))
    if _digest(plan) != _digest(other):
        raise Differs(
            f"{case.what}: the plans of {case.count} rows of {case.form} differ"
        )
    size = plan.stat().st_size
    for path in (plan, other):
        path.unlink()
    return _told(case, found["columns"], found["python"], size)


def _planning(case: _Case, way: str) -> Command:
    words = ("plan", "--out", f"{way}-{PLAN}")
    if way == "columns":
        command = ctsync(*words, folder=case.project)
    else:
        command = python("-c", _ONE_BY_ONE, *words, folder=case.project)
    return replace(command, says=case.says)


def _told(case: _Case, ours: Laps, other: Laps, size: int) -> tuple[str, ...]:
    return (
        case.what,
        case.form,
        f"{case.count:,}",
        f"{case.changed:,}",
        f"{ours.least:.2f}",
        f"{other.least:.2f}",
        f"{other.least / ours.least:.1f}",
        f"{ours.cpu_seconds / case.changed * 1e6:.1f}",
        f"{other.cpu_seconds / case.changed * 1e6:.1f}",
        f"{ours.peak_mib:.0f}",
        f"{other.peak_mib:.0f}",
        f"{size / case.changed:.0f}",
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
