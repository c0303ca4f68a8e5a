"""How near an apply with calls side by side comes to what latency alone allows.

The floor is the number of rounds, calls by lanes, times the latency: nobody who keeps
to the ceiling can be faster. Beside ours stands what a loop takes that posts the same
bodies and does nothing else: what lies between it and the floor is the price of HTTP in
one Python process, what lies between it and ours is the price of being careful.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from population import write_project
from sending import PROBE
from stopwatch import run
from tables import Setting, Table, ctsync, python

LANES = 15
LATENCIES = (0.05, 0.2)
RECORDS_PER_CALL = (10, 100, 1000)
_LOOPBACK = Path(__file__).with_name("loopback.py")
_LEAST_ROUNDS = 4  # else beginning and end are all there is
_LEAST_BIG_ROUNDS = 16  # of calls so big that four are over before all lanes run
POSTING = Path(__file__).with_name("posting.py")
_HEAD = (
    "latency, records a call", "calls", "floor s", "posting s", "of the floor",
    "sending s", "of the floor", "posting cpu", "sending cpu", "plan enclosed s",
    "journal s", "fold s", "peak MiB",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    count: int
    latency_seconds: float
    records_per_call: int

    @property
    def floor_seconds(self) -> float:
        calls = -(-self.count // self.records_per_call)
        return -(-calls // LANES) * self.latency_seconds


def measure_overlap(setting: Setting) -> Iterator[Table]:
    """Upload new profiles over all lanes, at several latencies and sizes of calls."""
    sizes = sorted(setting.profiles)
    count = sizes[len(sizes) // 2]
    rounds = max(1, min(setting.rounds, 3))
    rows = [row for seconds in LATENCIES for row in _rows(setting, count, seconds)]
    note = (
        f"{LANES} in flight, best of {rounds} each; cpu in ms for 1,000 records, all "
        "threads; journal of all lanes."
    )
    yield Table(
        f"Apply of {count:,} new profiles side by side", _HEAD, tuple(rows), note
    )


def _rows(setting: Setting, count: int, seconds: float) -> Iterator[tuple[str, ...]]:
    """Yield a row for each size of calls, all of one plan."""
    folder = setting.folder / "overlap"
    with loopback(seconds) as url:
        write_project(folder, count, endpoint=url)
        project = (folder / "ctsync.yaml").read_text()
        _forget_state(folder)
        run(ctsync("plan", "--out", "plan.jsonl", "--summary", folder=folder))
        for size in _sizes(count):
            pace = f"upload: {{records_per_call: {size}, concurrency: {LANES}}}\n"
            (folder / "ctsync.yaml").write_text(project + pace)
            case = _Case(count, seconds, size)
            rounds = range(max(1, min(setting.rounds, 3)))
            both = [(_post(folder, case), _apply(folder)) for _ in rounds]
            posted = min((each for each, _ in both), key=lambda p: p["posting"])
            applied = min((each for _, each in both), key=lambda p: p["sending"])
            yield _row(case, {**applied, **posted})


def _sizes(count: int) -> Iterator[int]:
    first, *others = RECORDS_PER_CALL
    yield first
    yield from (n for n in others if n * LANES * _least_rounds(n) <= count)


def _least_rounds(records_per_call: int) -> int:
    return _LEAST_BIG_ROUNDS if records_per_call >= 1000 else _LEAST_ROUNDS


def _forget_state(folder: Path) -> None:
    for left in folder.glob("state.jsonl*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _post(folder: Path, case: _Case) -> dict[str, float]:
    words = ("plan.jsonl", str(LANES), str(case.records_per_call), "posted.json")
    run(python(str(POSTING), *words, folder=folder))
    parts: dict[str, float] = json.loads((folder / "posted.json").read_text())
    return parts


def _apply(folder: Path) -> dict[str, float]:
    _forget_state(folder)
    words = ("apply", "plan.jsonl", "--auto-approve", "--first-run")
    lap = run(python(str(PROBE), "parts.json", *words, folder=folder))
    parts: dict[str, float] = json.loads((folder / "parts.json").read_text())
    return {**parts, "peak": lap.peak_mib}


def _row(case: _Case, parts: dict[str, float]) -> tuple[str, ...]:
    return (
        f"{case.latency_seconds * 1000:.0f} ms, {case.records_per_call}",
        f"{parts['upload_calls']:.0f}",
        f"{case.floor_seconds:.2f}",
        f"{parts['posting']:.2f}",
        f"{case.floor_seconds / parts['posting']:.1%}",
        f"{parts['sending']:.2f}",
        f"{case.floor_seconds / parts['sending']:.1%}",
        f"{parts['posting_cpu'] / case.count * 1e6:.1f}",
        f"{parts['sending_cpu'] / case.count * 1e6:.1f}",
        f"{parts['enclosing']:.2f}",
        f"{parts['journal']:.2f}",
        f"{parts['fold']:.2f}",
        f"{parts['peak']:.0f}",
    )


@contextmanager
def loopback(seconds: float) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, _LOOPBACK, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
