"""Folding what a run sent, at a look and by the long way, into the same state."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from contest import PLAN
from listing import exports, known_listing, write_listing
from stopwatch import Command, Unexpected, run
from tables import Setting, Table, ctsync, python, sizes

_ACT = Path(__file__).with_name("recovering.py")
_SIZES = (300_000,)
_MOST = 2_000_000
_WAYS = {"fold": "at a look", "slowly": "the long way", "shared": "in executors"}
_PARTS = ("replay", "fold")
_HEAD = (
    "what", "profiles", "way", "replay us", "fold us", "all us", "x", "peak MiB"
)  # fmt: skip
_SHARED_HEAD = (
    "what", "profiles", "executors us", "sender us", "of these cut us", "look us",
)  # fmt: skip
_MICRO = 1e6


def measure_runs(setting: Setting) -> Iterator[Table]:
    """Fold runs of which all was acknowledged: of new profiles, and of changed ones."""
    rows = [
        row
        for count in sizes(setting, _SIZES, _MOST)
        for what, project in _projects(setting, count).items()
        for row in _rows(setting, what, project, count)
    ]
    note = (
        f"Microseconds of the processor a profile, least of {_rounds(setting)} "
        "processes each; all states have one digest. The record of the run is among "
        "what folding takes."
    )
    yield Table("Folding runs", _HEAD, tuple(rows), note)
    yield from _shared(setting)


def _shared(setting: Setting) -> Iterator[Table]:
    """What folding in executors leaves to the sender, beside what it takes them."""
    rows = [
        _shared_row(setting, what, project, count)
        for count in sizes(setting, _SIZES, _MOST)
        for what, project in _projects(setting, count).items()
    ]
    note = (
        "The same, of the last of these ways: executors one after the other in the "
        "process of the sender."
    )
    yield Table("Folding in executors", _SHARED_HEAD, tuple(rows), note)


def _shared_row(
    setting: Setting, what: str, project: Path, count: int
) -> tuple[str, ...]:
    folder = setting.folder / f"{what}-{count}-shared"
    laps = [_fold(project, folder, "shared")[1] for _ in range(_rounds(setting))]
    parts = min(laps, key=_sum)
    names = ("executors", "cut", "look", "amend")
    executors, cut, look, amend = (parts[f"{name}_cpu"] for name in names)
    spent = (executors, amend - executors, cut, look)
    return (
        what,
        f"{count:,}",
        *(f"{each / count * _MICRO:.2f}" for each in spent),
    )


def _rounds(setting: Setting) -> int:
    return max(1, min(setting.rounds, 3))


def _projects(setting: Setting, count: int) -> Mapping[str, Path]:
    files = exports(setting, count, "parquet")
    folder = files.with_name(f"{files.name}-new")
    known, _ = known_listing(setting, count, "parquet", "changed")
    return {"new": write_listing(folder, files / "after.parquet"), "changed": known}


def _rows(
    setting: Setting, what: str, project: Path, count: int
) -> Iterator[tuple[str, ...]]:
    run(ctsync("plan", "--out", PLAN, "--summary", folder=project))
    states, told = set(), {}
    for way in _WAYS:
        folder = setting.folder / f"{what}-{count}-{way}"
        found = [_fold(project, folder, way) for _ in range(_rounds(setting))]
        states |= {digest for digest, _ in found}
        told[way] = min((parts for _, parts in found), key=_sum)
    if len(states) > 1:
        raise Unexpected(f"{what}: the states of {count} profiles differ")
    for way, parts in told.items():
        spent = [parts[f"{part}_cpu"] for part in _PARTS]
        times = _sum(parts) / _sum(told["fold"])
        yield (
            what,
            f"{count:,}",
            _WAYS[way],
            *(f"{each / count * _MICRO:.1f}" for each in (*spent, sum(spent))),
            f"{times:.1f}",
            f"{parts['peak']:.0f}",
        )


def _sum(parts: Mapping[str, float]) -> float:
    return sum(parts[f"{part}_cpu"] for part in _PARTS)


def _fold(project: Path, folder: Path, way: str) -> tuple[str, Mapping[str, float]]:
    """Fold the run of a plan; give the digest of the state, and what parts cost."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if (project / "state").exists():
        shutil.copytree(project / "state", folder / "state")
    run(_acting("note", folder, project / PLAN))
    file = folder / "parts.json"
    lap = run(_acting(way, folder, file))
    manifest = json.loads((folder / "state" / "manifest.json").read_text())
    return manifest["digest"], {**json.loads(file.read_text()), "peak": lap.peak_mib}


def _acting(act: str, folder: Path, file: Path) -> Command:
    return python(str(_ACT), act, str(folder), str(file))
