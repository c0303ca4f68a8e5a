"""What an inline profile costs, parsed or taken from the cache, beside PyYAML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from population import write_project
from stopwatch import Command, Laps, run, side_by_side
from tables import Setting, Table, ctsync, python

EDITED_EVERY = 100
SAFE_LOADER = """\
import sys, yaml
with open(sys.argv[1], "rb") as file:
    yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
"""
# A process without a cache, which it writes for the next one.
COLD = """\
import os
if os.path.isdir(".ctsync/cache"):
    for each in os.scandir(".ctsync/cache"):
        os.unlink(each)
from ctsync.cli import main
main()
"""
PYYAML = "PyYAML CSafeLoader"
HEAD = (
    "process",
    "least s",
    "median s",
    "cpu s",
    "us each",
    "cpu us each",
    "x PyYAML",
    "peak MiB",
)
_MOST_PROFILES = 300_000  # of one command in all rounds


def measure_inline(setting: Setting) -> Iterator[Table]:
    """Plans of inline profiles: all new, unchanged, one in a hundred edited.

    Each once with a file that was not read before, and once with one that was.
    """
    for count in setting.profiles:
        folder = setting.folder / f"inline-{count}"
        commands = _commands(folder, count)
        rounds = max(1, min(setting.rounds, _MOST_PROFILES // count))
        found = side_by_side(commands, rounds)
        size = (folder / "new" / "people.yaml").stat().st_size
        rows = (_row(*each, count, found[PYYAML]) for each in found.items())
        title = f"{count:,} inline profiles of {size / count:.0f} bytes"
        yield Table(title, HEAD, tuple(rows), f"{rounds} rounds, in turn.")


def _commands(folder: Path, count: int) -> dict[str, Command]:
    new = write_project(folder / "new", count)
    same = write_project(folder / "same", count)
    run(ctsync("import", "spec", "--auto-approve", folder=same))
    edited = write_project(folder / "edited", count, edited_every=EDITED_EVERY)
    (edited / "state.jsonl").write_bytes((same / "state.jsonl").read_bytes())
    ours = {
        "validate": (("validate",), new),
        "plan, all new": (("plan", "--accept", f"create={count}"), new),
        "plan, unchanged": (("plan",), same),
        "plan, 1 % changed": (("plan",), edited),
    }
    commands = {PYYAML: python("-c", SAFE_LOADER, str(new / "people.yaml"))}
    for name, (words, project) in ours.items():
        commands[f"{name}, cold"] = python("-c", COLD, *words, folder=project)
        commands[f"{name}, cached"] = ctsync(*words, folder=project)
    return commands


def _row(name: str, laps: Laps, count: int, yaml: Laps) -> tuple[str, ...]:
    return (
        name,
        f"{laps.least:.2f}",
        f"{laps.median:.2f}",
        f"{laps.cpu_seconds:.2f}",
        f"{laps.least / count * 1e6:.1f}",
        f"{laps.cpu_seconds / count * 1e6:.1f}",
        f"{laps.least / yaml.least:.2f}",
        f"{laps.peak_mib:.0f}",
    )
