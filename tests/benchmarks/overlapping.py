"""How near an apply with calls side by side comes to what latency alone allows.

The floor is the number of rounds, calls by lanes, times the latency: nobody who keeps
to the ceiling can be faster. Where records are many and latency is short the processor
is the limit, and its column says by how much.
"""

from __future__ import annotations

import json
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
_HEAD = (
    "latency, records a call", "calls", "floor s", "sending s", "of the floor",
    "cpu ms/1,000", "journal s", "fold s", "peak MiB",
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
    rows = [
        _row(case, min((_apply(setting, case) for _ in range(rounds)), key=_sending))
        for case in _cases(count)
    ]
    note = (
        f"{LANES} in flight, best of {rounds}; cpu while sending, journal of all lanes."
    )
    yield Table(
        f"Apply of {count:,} new profiles side by side", _HEAD, tuple(rows), note
    )


def _cases(count: int) -> Iterator[_Case]:
    first, *others = RECORDS_PER_CALL
    sizes = [first, *(n for n in others if n * LANES * _LEAST_ROUNDS <= count)]
    for latency in LATENCIES:
        for size in sizes:
            yield _Case(count, latency, size)


def _sending(parts: dict[str, float]) -> float:
    return parts["sending"]


def _apply(setting: Setting, case: _Case) -> dict[str, float]:
    folder = setting.folder / "overlap"
    with _loopback(case.latency_seconds) as url:
        write_project(folder, case.count, endpoint=url)
        with (folder / "ctsync.yaml").open("a") as file:
            pace = f"records_per_call: {case.records_per_call}, concurrency: {LANES}"
            file.write(f"upload: {{{pace}}}\n")
        for left in folder.glob("state.jsonl*"):
            left.unlink()
        run(ctsync("plan", "--out", "plan.jsonl", "--summary", folder=folder))
        words = ("apply", "plan.jsonl", "--auto-approve", "--first-run")
        lap = run(python(str(PROBE), "parts.json", *words, folder=folder))
    parts: dict[str, float] = json.loads((folder / "parts.json").read_text())
    return {**parts, "peak": lap.peak_mib}


def _row(case: _Case, parts: dict[str, float]) -> tuple[str, ...]:
    return (
        f"{case.latency_seconds * 1000:.0f} ms, {case.records_per_call}",
        f"{parts['upload_calls']:.0f}",
        f"{case.floor_seconds:.2f}",
        f"{parts['sending']:.2f}",
        f"{case.floor_seconds / parts['sending']:.1%}",
        f"{parts['sending_cpu'] / case.count * 1e6:.0f}",
        f"{parts['journal']:.2f}",
        f"{parts['fold']:.2f}",
        f"{parts['peak']:.0f}",
    )


@contextmanager
def _loopback(seconds: float) -> Iterator[str]:
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
