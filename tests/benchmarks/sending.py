"""What an applied record costs, against the sandbox in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from population import write_project
from stopwatch import run
from tables import Setting, Table, ctsync, python

PROBE = Path(__file__).with_name("probe.py")


def measure_apply(setting: Setting) -> Iterator[Table]:
    """Upload new profiles; say where the time goes."""
    sizes = sorted(setting.profiles)
    count = sizes[len(sizes) // 2]
    rows = []
    for number in range(max(1, min(setting.rounds, 3))):
        with _sandbox() as url:
            folder = setting.folder / f"apply-{count}-{number}"
            rows.append(_apply(write_project(folder, count, endpoint=url), count))
    best = min(rows, key=lambda row: float(row["seconds"]))
    yield _table(best, count, len(rows))


def _apply(folder: Path, count: int) -> dict[str, float]:
    run(ctsync("plan", "--out", "plan.jsonl", "--summary", folder=folder))
    words = ("apply", "plan.jsonl", "--auto-approve", "--first-run")
    lap = run(python(str(PROBE), "parts.json", *words, folder=folder))
    parts: dict[str, float] = json.loads((folder / "parts.json").read_text())
    return {
        **parts,
        "seconds": lap.seconds,
        "cpu": lap.cpu_seconds,
        "peak": lap.peak_mib,
        "state": (folder / "state.jsonl").stat().st_size / count,
    }


def _table(parts: dict[str, float], count: int, rounds: int) -> Table:
    rows = (
        ("records a second, whole process", f"{count / parts['seconds']:.0f}"),
        ("seconds, whole process", f"{parts['seconds']:.2f}"),
        ("processor seconds per 1,000 records", f"{parts['cpu'] / count * 1e3:.3f}"),
        ("waiting for replies, s, all lanes", f"{parts['upload']:.2f}"),
        ("plan enclosed in the journal, s", f"{parts['enclosing']:.3f}"),
        ("journal, s (with fsync)", f"{parts['journal']:.3f}"),
        ("journal, lines of calls", f"{parts['journal_calls']:.0f}"),
        ("journal, bytes a record", f"{parts['journal_bytes'] / count:.0f}"),
        ("fold, s", f"{parts['fold']:.3f}"),
        ("state, bytes a profile", f"{parts['state']:.0f}"),
        ("peak MiB", f"{parts['peak']:.0f}"),
    )
    note = f"Best of {rounds}; the sandbox runs on the same cores."
    return Table(f"Apply of {count:,} new profiles", ("what", "measured"), rows, note)


@contextmanager
def _sandbox() -> Iterator[str]:
    command = ctsync("sandbox", "--port", "0")
    process = subprocess.Popen(
        command.words,
        env=command.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
