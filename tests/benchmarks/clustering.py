"""The same plan by DuckDB and by Spark on one machine: what a cluster itself costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

from contest import PLAN
from listing import exports, known_listing, write_listing
from stopwatch import Command, Lap, Laps, Unexpected, run
from tables import NoRoom, Setting, Table, python, sizes

_SIZES = (1_000_000, 5_000_000)
_MOST = 20_000_000
_TREE = str(Path(__file__).with_name("whole_tree.py"))
_HEAD = (
    "what", "n", "duckdb s", "spark s", "duckdb cpu s", "spark cpu s",
    "duckdb core-us each", "spark core-us each", "times",
)  # fmt: skip


def measure_cluster(setting: Setting) -> Iterator[Table]:
    """Plan rows of Parquet by both engines: all new, and one in a hundred changed."""
    rows: list[tuple[str, ...]] = []
    fault = ""
    try:
        for count in sizes(setting, _SIZES, _MOST):
            files = exports(setting, count, "parquet")
            folder = setting.folder / f"new-{count}"
            new = write_listing(folder, files / "after.parquet")
            rows.append(_row(setting, "new", count, new))
            known, _ = known_listing(setting, count, "parquet", "whole")
            rows.append(_row(setting, "1 % changed", count, known))
    except (Unexpected, NoRoom) as error:
        fault = str(error)
    note = (
        f"{setting.rounds} rounds, in turn; Spark as local[2]. Processor time is that "
        "of all processes, JVM and start among them; core-us are for each row."
    )
    yield Table("DuckDB and Spark on one machine", _HEAD, tuple(rows), note, fault)


def _row(setting: Setting, what: str, count: int, project: Path) -> tuple[str, ...]:
    commands = {name: _planning(name, project) for name in ("duckdb", "spark")}
    laps: dict[str, list[Lap]] = {name: [] for name in commands}
    for _ in range(setting.rounds):
        for name, command in commands.items():
            laps[name].append(run(command))
    found = {name: Laps(tuple(each)) for name, each in laps.items()}
    plans = [project / f"{name}-{PLAN}" for name in commands]
    if len({*map(_digest, plans)}) > 1:
        raise Unexpected(f"{what}: the plans of {count} rows differ")
    for plan in plans:
        plan.unlink()
    return _told(what, count, found["duckdb"], found["spark"])


def _planning(engine: str, project: Path) -> Command:
    words = ("-m", "ctsync", "plan", "--engine", engine, "--out", f"{engine}-{PLAN}")
    command = python(_TREE, sys.executable, *words, folder=project)
    variables = {"SPARK_MASTER": "local[2]", "SPARK_LOCAL_IP": "127.0.0.1"}
    return replace(command, variables={**command.variables, **variables})


def _told(what: str, count: int, one: Laps, other: Laps) -> tuple[str, ...]:
    return (
        what,
        f"{count:,}",
        f"{one.least:.1f}",
        f"{other.least:.1f}",
        f"{one.cpu_seconds:.1f}",
        f"{other.cpu_seconds:.1f}",
        f"{one.cpu_seconds / count * 1e6:.1f}",
        f"{other.cpu_seconds / count * 1e6:.1f}",
        f"{other.cpu_seconds / one.cpu_seconds:.1f}",
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
