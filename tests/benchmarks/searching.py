"""Finding few changes among very many profiles: a hundred million of them.

Rows are lean, a key and two attributes, so that they fit on a disk; how long a search
takes goes by rows, since only key and fingerprint are compared. Making the exports and
the state takes far longer than the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import exporting
from contest import planning
from listing import known_listing
from stopwatch import Unexpected, run
from tables import NoRoom, Setting, Table, sizes

_SIZES = (100_000_000,)
_MOST = 1_000_000_000
_TARGET_SECONDS = 180.0  # for a hundred million
_HEAD = ("what", "n", "changed", "seconds", "cpu s", "target", "met", "peak MiB")


def measure_search(setting: Setting) -> Iterator[Table]:
    """Plan a population of which one in ten thousand changed."""
    rows: list[tuple[str, ...]] = []
    fault = ""
    for count in sizes(setting, _SIZES, _MOST):
        try:
            rows.append(_row(setting, count))
        except (Unexpected, NoRoom) as error:
            fault = str(error)
    note = "One run."
    yield Table("Search in Parquet, lean rows", _HEAD, tuple(rows), note, fault)


def _row(setting: Setting, count: int) -> tuple[str, ...]:
    folder, _ = known_listing(setting, count, "parquet", "lean")
    changed = exporting.SHAPES["lean"].changed(count)
    command = planning(folder, changed)
    lap = run(replace(command, limit_seconds=setting.limit_seconds))
    target = _TARGET_SECONDS * count / 100_000_000
    return (
        "plan",
        f"{count:,}",
        f"{changed:,}",
        f"{lap.seconds:.1f}",
        f"{lap.cpu_seconds:.1f}",
        f"{target:.0f}",
        "yes" if lap.seconds <= target else "no",
        f"{lap.peak_mib:.0f}",
    )
