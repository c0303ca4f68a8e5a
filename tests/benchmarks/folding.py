"""What changes cost a state: folded in, and read back, in each store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stopwatch import Lap, run
from tables import Setting, Table, python, sizes
from taking_up import measure_runs

HEAD = ("act", "profiles", "least s", "cpu s", "peak MiB", "MB written")
ACT = Path(__file__).with_name("amending.py")
STORES = {"Parquet": "state/", "JSONL": "state.jsonl"}
_SIZES = (100_000, 1_000_000)
_MOST = 20_000_000
_MOST_LINES = 1_000_000  # a JSONL state is read and written whole
_FEW = 1_000
_MEGA = 1e6


def measure_fold(setting: Setting) -> Iterator[Table]:
    """Write states, fold changes into them, read them and find some profiles."""
    chosen = sizes(setting, _SIZES, _MOST)
    rounds = max(1, min(setting.rounds, 3))
    for name, location in STORES.items():
        rows = [
            row
            for count in chosen
            if location == "state/" or count <= _MOST_LINES
            for row in _rows(setting.folder / f"fold-{count}", location, count, rounds)
        ]
        note = f"Least of {rounds} processes; the state is written once."
        if rows:
            yield Table(f"Folding into a {name} state", HEAD, tuple(rows), note)
    yield from measure_runs(setting)


def _rows(
    folder: Path, location: str, count: int, rounds: int
) -> Iterator[tuple[str, ...]]:
    folder.mkdir(exist_ok=True)
    few, hundredth = min(_FEW, count), -(-count // 100)
    yield _row(folder, "write all", (location, "write"), count, 1)
    for label, changed in (("fold 1,000", few), ("fold 1 %", hundredth)):
        words = (location, "amend", str(changed))
        yield _row(folder, label, words, count, rounds)
    yield _row(folder, "read all", (location, "entries"), count, rounds)
    yield _row(folder, "find 1,000", (location, "pick", str(few)), count, rounds)


def _row(
    folder: Path, label: str, words: tuple[str, ...], count: int, rounds: int
) -> tuple[str, ...]:
    location, act, *more = words
    command = python(str(ACT), location, act, str(count), *more, folder=folder)
    laps, written = list[Lap](), 0
    for _ in range(rounds):
        before = _files(folder)
        laps.append(run(command))
        written = sum(size for _, size in _files(folder) - before)
    return (
        label,
        f"{count:,}",
        f"{min(lap.seconds for lap in laps):.2f}",
        f"{min(lap.cpu_seconds for lap in laps):.2f}",
        f"{max(lap.peak_mib for lap in laps):.0f}",
        f"{written / _MEGA:.1f}",
    )


def _files(folder: Path) -> set[tuple[int, int]]:
    """Give each file there is, as it can be told from what takes its name later."""
    stats = (path.stat() for path in folder.rglob("*") if path.is_file())
    return {(stat.st_ino, stat.st_size) for stat in stats}
