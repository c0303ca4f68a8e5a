"""ctsync beside the join one would write by hand, over Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from contest import Contest, Side, changed_of, planning, table_of
from listing import known_listing
from tables import Setting, Table, python, sizes

_SIZES = (1_000_000, 10_000_000)
_MOST = 20_000_000
_JOIN = Path(__file__).with_name("anti_join.py")


def measure_join(setting: Setting) -> Iterator[Table]:
    """Find the rows of a Parquet file that changed."""
    chosen = sizes(setting, _SIZES, _MOST)
    contests = (_contest(setting, count) for count in chosen)
    peer = f"a join in DuckDB {version('duckdb')}"
    title = f"Changed rows of a Parquet file beside {peer}"
    yield table_of(title, contests, setting)


def _contest(setting: Setting, count: int) -> Contest:
    project, files = known_listing(setting, count, "parquet")
    changed = changed_of(count)
    words = (str(_JOIN), "before.parquet", "after.parquet", "changed.parquet")
    peer = replace(python(*words, folder=files), says=f"{changed} rows")
    ours, target = (
        Side(planning(project, changed_of(count))),
        1 / 1.3 if count > 5e6 else 1 / 2,
    )
    return Contest("all columns compared", count, ours, Side(peer), target)
