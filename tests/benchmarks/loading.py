"""What the first apply of a table costs, part by part, beside posting its calls alone.

The state is a folder of Parquet, and whoever is called answers at once: what is left is
ctsync's own work. Posting sends the same bodies over as many connections, and does
nothing else: so much HTTP costs in one Python process.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from contest import PLAN
from listing import exports, write_listing
from overlapping import LANES, POSTING, loopback
from sending import PROBE
from stopwatch import Lap, run
from tables import Setting, Table, ctsync, python, sizes

_SIZES = (300_000,)
_MOST = 2_000_000
_RECORDS_PER_CALL = 1000
_HEAD = ("profiles", "part", "s", "cpu s", "cpu us each")
_PARTS = {
    "today": "plan of today, to compare",
    "enclosing": "plan enclosed in the journal",
    "sending": "calls, with intents and receipts",
    "replay": "what came of each record",
    "fold": "record of the run, and fold into the state",
}
_MICRO = 1e6


def measure_load(setting: Setting) -> Iterator[Table]:
    """Plan new rows of a table, post their calls alone, and apply the plan."""
    rows = [
        row
        for count in sizes(setting, _SIZES, _MOST)
        for row in _rows(setting, count, max(1, min(setting.rounds, 3)))
    ]
    note = (
        f"{LANES} calls of {_RECORDS_PER_CALL:,} records in flight, no latency; the "
        "round with the least processor time. The server runs on the same cores."
    )
    yield Table("First apply of a table", _HEAD, tuple(rows), note)


def _rows(setting: Setting, count: int, rounds: int) -> Iterator[tuple[str, ...]]:
    folder = setting.folder / f"load-{count}"
    export = exports(setting, count, "parquet") / "after.parquet"
    with loopback(0.0) as url:
        write_listing(folder, export, endpoint=url)
        run(ctsync("plan", "--out", PLAN, "--summary", folder=folder))
        both = [(_post(folder), _apply(folder)) for _ in range(rounds)]
    posted = min((each for each, _ in both), key=lambda parts: parts["posting_cpu"])
    applied, lap = min(
        (each for _, each in both), key=lambda applied: applied[1].cpu_seconds
    )
    yield _row(count, "posting alone", posted["posting"], posted["posting_cpu"])
    for part, words in _PARTS.items():
        yield _row(count, words, applied[part], applied[f"{part}_cpu"])
    words = f"apply, whole process, {lap.peak_mib:.0f} MiB"
    yield _row(count, words, lap.seconds, lap.cpu_seconds)


def _post(folder: Path) -> Mapping[str, float]:
    words = (PLAN, str(LANES), str(_RECORDS_PER_CALL), "posted.json")
    run(python(str(POSTING), *words, folder=folder))
    parts: Mapping[str, float] = json.loads((folder / "posted.json").read_text())
    return parts


def _apply(folder: Path) -> tuple[Mapping[str, float], Lap]:
    shutil.rmtree(folder / "state", ignore_errors=True)
    words = ("apply", PLAN, "--auto-approve", "--first-run")
    lap = run(python(str(PROBE), "parts.json", *words, folder=folder))
    parts: Mapping[str, float] = json.loads((folder / "parts.json").read_text())
    return parts, lap


def _row(count: int, part: str, seconds: float, cpu: float) -> tuple[str, ...]:
    each = f"{cpu / count * _MICRO:.1f}"
    return f"{count:,}", part, f"{seconds:.2f}", f"{cpu:.2f}", each
