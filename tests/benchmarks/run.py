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
from pathlib import Path

import overlapping
import rendering
import sending
import starting
import weighing
from stopwatch import columns
from tables import Setting, Table

BENCHMARKS: Mapping[str, Callable[[Setting], Iterator[Table]]] = {
    "help": starting.measure_help,
    "small": starting.measure_small,
    "inline": weighing.measure_inline,
    "apply": sending.measure_apply,
    "overlap": overlapping.measure_overlap,
    "render": rendering.measure_render,
}


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all of them, and print their tables."""
    options = _parser().parse_args(arguments)
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        sys.stderr.write(f"no benchmark {unknown[0]}; there are {_names()}\n")
        return 64
    tables = []
    with tempfile.TemporaryDirectory(prefix="ctsync-bench-") as folder:
        _run_as_installed(Path(folder))
        setting = Setting(Path(folder), options.rounds, tuple(options.profiles))
        for name in options.names or BENCHMARKS:
            for table in BENCHMARKS[name](setting):
                tables.append(table)
                _print(table)
    if options.markdown is not None:
        options.markdown.write_text("\n".join(map(str, tables)))
    return 0


def _run_as_installed(folder: Path) -> None:
    """Let commands keep their bytecode, as they do where ctsync is installed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {_names()}")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each command")
    parser.add_argument(
        "--profiles",
        type=int,
        nargs="+",
        default=[1_000, 10_000, 100_000],
        help="sizes of the population; apply sends the middle one",
    )
    parser.add_argument("--markdown", type=Path, help="write the tables here too")
    return parser


def _names() -> str:
    return ", ".join(BENCHMARKS)


def _print(table: Table) -> None:
    lines = columns([table.head, *table.rows])
    sys.stdout.write("\n".join([table.title, *lines, table.note, "", ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
