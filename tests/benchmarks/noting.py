"""What a journal on a server costs an apply, beside one in a file.

Calls take 0.4 s and 15 are in flight. Each is noted before it leaves, and waits for
that; a put to the server takes 50 ms. The runs of a pair follow each other, and only
the time between the first call and the last answer counts: what a store asks of its
server before and after is the same for ten calls and ten thousand.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from overlapping import LANES, loopback
from stopwatch import run
from tables import Setting, Table, python

CALL_SECONDS = 0.4
PUT_SECONDS = 0.05
CALLS = 600
_SCRIPT = Path(__file__).with_name("slow_journal.py")
_PROJECT = """\
version: 1
account: {{id: BENCH-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
catalog: {{Points: {{type: counter}}}}
policy: {{limits: {{create: {count}, update: 100%}}}}
upload: {{records_per_call: {size}, concurrency: 15}}
profiles:
"""
_KINDS: Mapping[str, tuple[str, Any, Any]] = {
    "attributes": ("Plan", "Free", "Gold"),
    "counters": ("Points", 1, 5),
}
_HEAD = ("calls of", "calls", "floor s", "file s", "50 ms a put s", "over the file")


def measure_noting(setting: Setting) -> Iterator[Table]:
    """Send single records, over a file and over a journal that is far away."""
    count = min(CALLS, *setting.profiles)
    rounds = max(1, min(setting.rounds, 3))
    rows = [_row(setting.folder / "noting", kind, count, rounds) for kind in _KINDS]
    note = f"{LANES} in flight, {CALL_SECONDS} s a call, median of {rounds} pairs."
    title = f"Apply of {count:,} calls with the journal on a server"
    yield Table(title, _HEAD, tuple(rows), note)


def _row(folder: Path, kind: str, count: int, rounds: int) -> tuple[str, ...]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with loopback(CALL_SECONDS) as url:
        _declare(folder, url, kind, count, is_after=False)
        _sending(folder, 0.0, "--first-run")
        kept = (folder / "state.jsonl").read_bytes()
        _declare(folder, url, kind, count, is_after=True)
        pairs = []
        for _ in range(rounds):
            times = []
            for put in (0.0, PUT_SECONDS):
                (folder / "state.jsonl").write_bytes(kept)
                times.append(_sending(folder, put))
            pairs.append(times)
    near, far = (median(times) for times in zip(*pairs, strict=True))
    floor = -(-count // LANES) * CALL_SECONDS
    shown = (f"{seconds:.2f}" for seconds in (floor, near, far))
    return (kind, str(count), *shown, f"{far / near - 1:+.1%}")


def _declare(folder: Path, url: str, kind: str, count: int, *, is_after: bool) -> None:
    name, *values = _KINDS[kind]
    size = 1 if is_after else 1000
    head = _PROJECT.format(url=url, count=count, size=size)
    people = (
        f'  - {{identity: "u{n:05d}", attributes: {{{name}: {values[is_after]}}}}}\n'
        for n in range(count)
    )
    (folder / "ctsync.yaml").write_text(head + "".join(people))


def _sending(folder: Path, put_seconds: float, *more: str) -> float:
    """Apply; give the seconds between the first call and the last answer."""
    words = (str(put_seconds), "parts.json", "apply", "--auto-approve", *more)
    run(python(str(_SCRIPT), *words, folder=folder))
    parts: dict[str, float] = json.loads((folder / "parts.json").read_text())
    return parts["sending"]
