"""What time and memory come to as populations grow, over Parquet files.

Plans where one row in a hundred changed, where every row changed, and where every row
is new; the apply of the last, and taking all rows into a state without sending.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from contest import PLAN, changed_of, planning
from listing import exports, known_listing, write_listing
from overlapping import LANES, loopback
from stopwatch import Command, Lap, Unexpected, run
from tables import NoRoom, Setting, Table, ctsync, sizes

_SIZES = (100_000, 1_000_000, 10_000_000)
_MOST = 20_000_000
_MOST_NEW = 1_000_000  # an apply of more takes hours of calls
_HEAD = (
    "what", "n", "seconds", "s a million", "of the least", "peak MiB", "at most MiB",
    "met",
)  # fmt: skip
_GIB = 1024  # MiB
_NOISE = 1.05  # what two runs of the same may differ by
_EACH_OTHER = (
    "{attribute: Plan, "
    "map: {Free: Silver, Silver: Gold, Gold: Platinum, Platinum: Free}}"
)
_Row: TypeAlias = tuple[str, ...]


def measure_growth(setting: Setting) -> Iterator[Table]:
    """Plan, load and import populations of several sizes."""
    chosen = sizes(setting, _SIZES, _MOST)
    rows: list[_Row] = []
    fault = ""
    try:
        for part in _parts(setting, chosen):
            rows += part
    except (Unexpected, NoRoom) as error:
        fault = str(error)
    note = (
        "of the least: seconds a million, by those at the least size; the target is 1, "
        "no worse than linear, give or take 5 %. The apply has "
        f"{LANES} calls of 1,000 records in flight and no latency."
    )
    title = "Growing populations in Parquet"
    yield Table(title, _HEAD, tuple(rows), note, fault)


def _parts(setting: Setting, chosen: list[int]) -> Iterator[Iterator[_Row]]:
    plans = ((count, _plan(setting, count)) for count in chosen)
    yield _rows("plan, 1 % changed", plans, {1_000_000: 500, 10_000_000: 2 * _GIB})
    smaller = [count for count in chosen if count <= _MOST_NEW]
    changes = ((count, _change(setting, count)) for count in smaller)
    yield _rows("plan, all changed", changes, {1_000_000: _GIB})
    imports = ((count, _import(setting, count)) for count in smaller)
    yield _rows("import spec", imports, {1_000_000: _GIB})
    loads = [(count, _load(setting, count)) for count in smaller]
    for number, what in enumerate(("plan, all new", "apply, all new")):
        laps = ((count, load[number]) for count, load in loads)
        yield _rows(what, laps, {1_000_000: _GIB})


def _plan(setting: Setting, count: int) -> Lap:
    command = planning(known_listing(setting, count, "parquet")[0], changed_of(count))
    rounds = min(setting.rounds, 3)
    return min((run(command) for _ in range(rounds)), key=lambda lap: lap.seconds)


def _change(setting: Setting, count: int) -> Lap:
    """Plan a table that makes another value of one cell of every row."""
    known, files = known_listing(setting, count, "parquet")
    folder = setting.folder / f"changed-{count}"
    folder.mkdir()
    (folder / "state").symlink_to(known / "state")
    write_listing(folder, files / "before.parquet", words={"plan": _EACH_OTHER})
    lap = run(_bounded(planning(folder, count), setting))
    shutil.rmtree(folder)
    return lap


def _import(setting: Setting, count: int) -> Lap:
    folder = setting.folder / f"import-{count}"
    write_listing(folder, exports(setting, count, "parquet") / "after.parquet")
    lap = run(
        _bounded(ctsync("import", "spec", "--auto-approve", folder=folder), setting)
    )
    shutil.rmtree(folder)
    return lap


def _bounded(command: Command, setting: Setting) -> Command:
    return replace(command, limit_seconds=setting.limit_seconds)


def _load(setting: Setting, count: int) -> tuple[Lap, Lap]:
    folder = setting.folder / f"first-{count}"
    export = exports(setting, count, "parquet") / "after.parquet"
    with loopback(0.0) as url:
        write_listing(folder, export, endpoint=url)
        plan = ctsync("plan", "--out", PLAN, "--summary", folder=folder)
        plan = replace(plan, says=f"Plan: {count:,} to create, 0 to update")
        words = ("apply", PLAN, "--auto-approve", "--first-run")
        apply = replace(ctsync(*words, folder=folder), says=f"{count:,} acknowledged")
        laps = run(_bounded(plan, setting)), run(_bounded(apply, setting))
    shutil.rmtree(folder)
    return laps


def _rows(
    what: str, laps: Iterable[tuple[int, Lap]], most_mib: Mapping[int, int]
) -> Iterator[_Row]:
    least = 0.0
    for count, lap in laps:
        each = lap.seconds / count
        least = least or each
        most = min((mib for n, mib in most_mib.items() if count <= n), default=None)
        is_met = each <= least * _NOISE and (most is None or lap.peak_mib <= most)
        yield (
            what,
            f"{count:,}",
            f"{lap.seconds:.2f}",
            f"{each * 1e6:.2f}",
            f"{each / least:.2f}",
            f"{lap.peak_mib:.0f}",
            "-" if most is None else str(most),
            "yes" if is_met else "no",
        )
