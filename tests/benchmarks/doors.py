"""Writing a plan as files for an SFTP import, beside the COPY one would write by hand.

All profiles are new, so a plan holds a change for each, of two attributes. What is
measured is the whole command: the plan's seal, its judging, and the proof of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from contest import Side
from listing import exports, write_listing
from stopwatch import Laps, Unexpected, run
from tables import NoRoom, Setting, Table, ctsync, python, sizes

_SIZES = (100_000, 1_000_000)
_MOST = 10_000_000
_TARGET_SECONDS = 10.0  # for a million
_MOST_ROUNDS = 3
_COPY = Path(__file__).with_name("copy_by_hand.py")
_HEAD = (
    "what", "n", "ctsync s", "cpu s", "target", "met", "MiB", "COPY s", "times",
    "COPY MiB",
)  # fmt: skip


def measure_doors(setting: Setting) -> Iterator[Table]:
    """Export plans of new profiles, and copy the same rows by hand."""
    rows: list[tuple[str, ...]] = []
    fault = ""
    for count in sizes(setting, _SIZES, _MOST):
        try:
            rows.append(_row(setting, count))
        except (Unexpected, NoRoom) as error:
            fault = str(error)
    note = f"At most {_MOST_ROUNDS} rounds, in turn; DuckDB {version('duckdb')}."
    yield Table("Files for SFTP", _HEAD, tuple(rows), note, fault)


def _row(setting: Setting, count: int) -> tuple[str, ...]:
    sides = _sides(setting, count)
    rounds = range(min(setting.rounds, _MOST_ROUNDS))
    laps = [[side.run(setting.limit_seconds) for side in sides] for _ in rounds]
    ours, peer = (Laps(tuple(own)) for own in zip(*laps, strict=True))
    target = _TARGET_SECONDS * count / 1_000_000
    return (
        "two attributes, new",
        f"{count:,}" if count >= 1000 else str(count),
        f"{ours.least:.2f}",
        f"{ours.cpu_seconds:.2f}",
        f"{target:.1f}",
        "yes" if ours.least <= target else "no",
        f"{ours.peak_mib:.0f}",
        f"{peer.least:.2f}",
        f"{peer.least / ours.least:.2f}",
        f"{peer.peak_mib:.0f}",
    )


def _sides(setting: Setting, count: int) -> tuple[Side, Side]:
    files = exports(setting, count, "parquet", "lean")
    # A plan is of the ctsync that made it, so none is kept for another run.
    project = write_listing(
        files.with_name(f"{files.name}-planned"), files / "after.parquet", "lean"
    )
    run(ctsync("plan", "--out", "made.plan", "--summary", folder=project))
    words = ("export", "made.plan", "--channel", "sftp", "--out", "files")
    ours = replace(ctsync(*words, folder=project), says=f"{count:,} profiles")
    copy = python(str(_COPY), "after.parquet", "copied.csv", folder=files)
    peer = replace(copy, says=f"{count} rows")
    return Side(ours, (project / "files",)), Side(peer, (files / "copied.csv",))
