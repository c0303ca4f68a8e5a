"""Measure ctsync: `python tests/benchmarks/run.py [NAME...]`.

Every number comes from whole processes that ran in turn on one machine, so what to
read are the ratios in one table, not seconds from two.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import beside_copy
import clustering
import deciding
import differing
import doors
import folding
import growing
import homes
import joining
import loading
import looking
import noting
import overlapping
import reading
import rendering
import resources
import searching
import sending
import starting
import weighing
import zones
from stopwatch import columns
from tables import Setting, Table

BENCHMARKS: Mapping[str, Callable[[Setting], Iterator[Table]]] = {
    "help": starting.measure_help,
    "small": starting.measure_small,
    "inline": weighing.measure_inline,
    "apply": sending.measure_apply,
    "overlap": overlapping.measure_overlap,
    "render": rendering.measure_render,
    "fold": folding.measure_fold,
    "journal": noting.measure_noting,
    "reads": looking.measure_reads,
    "import": looking.measure_import,
}
PEERS: Mapping[str, Callable[[Setting], Iterator[Table]]] = {
    "octodns": zones.measure_octodns,
    "terraform": resources.measure_terraform,
    "csv": differing.measure_csv,
    "join": joining.measure_join,
    "growth": growing.measure_growth,
}
ALONE: Mapping[str, Callable[[Setting], Iterator[Table]]] = {
    "search": searching.measure_search,
    "decide": deciding.measure_decide,
    "hand": beside_copy.measure_by_hand,
    "hand-new": partial(beside_copy.measure_by_hand, cases=("new",)),
    "hand-few": partial(beside_copy.measure_by_hand, cases=("few",)),
    "cluster": clustering.measure_cluster,
    "exports": reading.measure_reading,
    "homes": homes.measure_homes,
    "doors": doors.measure_doors,
    "load": loading.measure_load,
}
GROUPS = {"own": tuple(BENCHMARKS), "peers": tuple(PEERS)}
PROFILES = (1_000, 10_000, 100_000)


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all of ctsync alone, and print their tables."""
    options = _parser().parse_args(arguments)
    every = {**BENCHMARKS, **PEERS, **ALONE}
    names = [each for name in options.names or ["own"] for each in _members(name)]
    if unknown := [name for name in names if name not in every]:
        sys.stderr.write(f"no benchmark {unknown[0]}; there are {_names()}\n")
        return 64
    tables = []
    with tempfile.TemporaryDirectory(prefix="ctsync-bench-") as folder:
        _run_as_installed(Path(folder))
        setting = _setting(options, Path(folder))
        _let_in_data(setting.data)
        for name in names:
            for table in every[name](setting):
                tables.append(table)
                _print(table)
    if options.markdown is not None:
        options.markdown.write_text("\n".join(map(str, tables)))
    return 1 if any(table.fault for table in tables) else 0


def _members(name: str) -> tuple[str, ...]:
    return GROUPS.get(name, (name,))


def _setting(options: argparse.Namespace, folder: Path) -> Setting:
    return Setting(
        folder,
        options.rounds,
        tuple(options.sizes or PROFILES),
        data=options.data.resolve() if options.data else folder / "data",
        sizes=tuple(options.sizes or ()),
        with_peers=options.with_peers,
        limit_seconds=options.limit,
    )


def _run_as_installed(folder: Path) -> None:
    """Let commands keep their bytecode, as they do where ctsync is installed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


def _let_in_data(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["CTSYNC_DATA_ROOTS"] = str(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {_names()}")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each command")
    parser.add_argument(
        "--sizes",
        "--profiles",
        type=int,
        nargs="+",
        help="how many profiles, in turn; apply sends the middle one",
    )
    parser.add_argument(
        "--data", type=Path, help="keep peers, tables and states here for another run"
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=900.0,
        metavar="SECONDS",
        help="end a process beside a peer after this time",
    )
    parser.add_argument(
        "--without-peers",
        dest="with_peers",
        action="store_false",
        help="install and run no peer; measure ctsync's side alone",
    )
    parser.add_argument("--markdown", type=Path, help="write the tables here too")
    return parser


def _names() -> str:
    return ", ".join([*BENCHMARKS, *PEERS, *ALONE, *GROUPS])


def _print(table: Table) -> None:
    lines = columns([table.head, *table.rows])
    sys.stdout.write("\n".join([table.title, *lines, table.note, "", ""]))
    sys.stdout.flush()
    if table.fault:
        sys.stderr.write(f"{table.title}: {table.fault}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
