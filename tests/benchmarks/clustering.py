"""The same plan by DuckDB and by Spark on one machine: what a cluster itself costs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from contest import PLAN
from listing import exports, known_listing, write_listing
from stopwatch import Command, Lap, Laps, Unexpected, run
from tables import NoRoom, Setting, Table, python, sizes

_SIZES = (1_000_000, 5_000_000)
_MOST = 20_000_000
_HERE = Path(__file__).parent
_TREE = str(_HERE / "whole_tree.py")
_DAEMON, _SHELL = "counted_workers", "pyspark-shell"
_HEAD = (
    "what", "n", "duckdb s", "spark s", "duckdb cpu s", "spark cpu s",
    "duckdb core-us each", "spark core-us each", "times", "duckdb core-us each more",
    "spark core-us each more",
)  # fmt: skip


def measure_cluster(setting: Setting) -> Iterator[Table]:
    """Plan rows of Parquet by both engines: all new, and one in a hundred changed."""
    sort: dict[str, list[_Costs]] = {"new": [], "1 % changed": []}
    fault = ""
    try:
        for count in sizes(setting, _SIZES, _MOST):
            files = exports(setting, count, "parquet")
            folder = setting.folder / f"new-{count}"
            new = write_listing(folder, files / "after.parquet")
            sort["new"].append(_costs(setting, count, new))
            known, _ = known_listing(setting, count, "parquet", "whole")
            sort["1 % changed"].append(_costs(setting, count, known))
    except (Unexpected, NoRoom) as error:
        fault = str(error)
    note = (
        f"{setting.rounds} rounds, in turn; Spark as local[2]. Processor time is that "
        "of all processes, JVM and start among them; core-us are for each row, and for "
        "each more than in the size before: there no start is among them."
    )
    rows = [_told(what, *two) for what, costs in sort.items() for two in _pairs(costs)]
    yield Table("DuckDB and Spark on one machine", _HEAD, tuple(rows), note, fault)


class _Costs(NamedTuple):
    """What a plan of so many rows took each engine."""

    rows: int
    duckdb: Laps
    spark: Laps

    def each_more(self, smaller: _Costs | None) -> tuple[str, str]:
        """Return the core-us that each row took of those that a smaller plan lacks."""
        if smaller is None:
            return "", ""
        more = (self.rows - smaller.rows) / 1e6
        return (
            f"{(self.duckdb.cpu_seconds - smaller.duckdb.cpu_seconds) / more:.1f}",
            f"{(self.spark.cpu_seconds - smaller.spark.cpu_seconds) / more:.1f}",
        )


def _pairs(costs: list[_Costs]) -> Iterator[tuple[_Costs, _Costs | None]]:
    """Yield the costs of each size, with those of the size before."""
    yield from zip(costs, [None, *costs[:-1]], strict=True)


def _costs(setting: Setting, count: int, project: Path) -> _Costs:
    commands = {name: _planning(name, project) for name in ("duckdb", "spark")}
    laps: dict[str, list[Lap]] = {name: [] for name in commands}
    for _ in range(setting.rounds):
        for name, command in commands.items():
            laps[name].append(run(command))
    plans = [project / f"{name}-{PLAN}" for name in commands]
    if len({*map(_digest, plans)}) > 1:
        raise Unexpected(f"{project.name}: the plans of {count} rows differ")
    for plan in plans:
        plan.unlink()
    return _Costs(count, *(Laps(tuple(each)) for each in laps.values()))


def _planning(engine: str, project: Path) -> Command:
    words = ("-m", "ctsync", "plan", "--engine", engine, "--out", f"{engine}-{PLAN}")
    command = python(_TREE, sys.executable, *words, folder=project)
    variables = {
        "PYTHONPATH": f"{command.variables['PYTHONPATH']}{os.pathsep}{_HERE}",
        "PYSPARK_SUBMIT_ARGS": f"--conf spark.python.daemon.module={_DAEMON} {_SHELL}",
        "SPARK_MASTER": "local[2]",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    return replace(command, variables={**command.variables, **variables})


def _told(what: str, costs: _Costs, smaller: _Costs | None) -> tuple[str, ...]:
    count, one, other = costs
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
        *costs.each_more(smaller),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
