"""ctsync beside tools that compare two CSV files: csv-diff and datacompy.

They hold both files; ctsync reads one and compares it with its state. datacompy runs
on both libraries of frames that it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contest import Contest, Side, changed_of, planning, table_of
from exporting import KEY
from installing import Peer, install
from listing import known_listing
from stopwatch import Command
from tables import Setting, Table, sizes

_SIZES = (1_000_000,)
_MOST = 2_000_000  # they need 2 GiB a million
_COMPARE = Path(__file__).with_name("compare_csv.py")


def measure_csv(setting: Setting) -> Iterator[Table]:
    """Find the rows of a CSV file that changed."""
    diff, compare = install(setting, "csv-diff"), install(setting, "datacompy")
    versions = ", ".join(peer.versions for peer in (diff, compare) if peer)
    title = f"Changed rows of a CSV file beside {versions or 'csv-diff, datacompy'}"
    contests = (
        contest
        for count in sizes(setting, _SIZES, _MOST)
        for contest in _contests(setting, count, diff, compare)
    )
    yield table_of(title, contests, setting)


def _contests(
    setting: Setting, count: int, diff: Peer | None, compare: Peer | None
) -> Iterator[Contest]:
    project, files = known_listing(setting, count, "csv")
    ours = Side(planning(project, changed_of(count)))
    changed = changed_of(count)
    yield Contest("csv-diff", count, ours, _diff(diff, files, changed), 5.0)
    for library in ("pandas", "polars"):
        other = _compare(compare, files, library, changed)
        yield Contest(f"datacompy, {library}", count, ours, other, 2.0)


def _diff(peer: Peer | None, files: Path, changed: int) -> Side | None:
    if peer is None:
        return None
    words = (peer.command("csv-diff"), "--key", KEY, "before.csv", "after.csv")
    return Side(Command(words, files, says=f"{changed} row"))


def _compare(peer: Peer | None, files: Path, library: str, changed: int) -> Side | None:
    if peer is None:
        return None
    words = (str(_COMPARE), library, KEY, "before.csv", "after.csv", "changed.csv")
    command = Command((peer.command("python"), *words), files, says=f"{changed} rows")
    return Side(command)
