"""What a profile costs: inline populations, planned cold, beside plain PyYAML."""

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
PYYAML = "PyYAML CSafeLoader"
HEAD = ("process", "least s", "median s", "cpu s", "us each", "x PyYAML", "peak MiB")
_MOST_PROFILES = 300_000  # of one command in all rounds


def measure_inline(setting: Setting) -> Iterator[Table]:
    """Plans of inline profiles: all new, unchanged, one in a hundred edited."""
    for count in setting.profiles:
        folder = setting.folder / f"inline-{count}"
        commands = _commands(folder, count)
        rounds = max(1, min(setting.rounds, _MOST_PROFILES // count))
        found = side_by_side(commands, rounds)
        size = (folder / "new" / "people.yaml").stat().st_size
        rows = (_row(*each, count, found[PYYAML]) for each in found.items())
        title = f"{count:,} inline profiles of {size / count:.0f} bytes, cold"
        yield Table(title, HEAD, tuple(rows), f"{rounds} rounds, in turn.")


def _commands(folder: Path, count: int) -> dict[str, Command]:
    new = write_project(folder / "new", count)
    same = write_project(folder / "same", count)
    run(ctsync("import", "spec", "--auto-approve", folder=same))
    edited = write_project(folder / "edited", count, edited_every=EDITED_EVERY)
    (edited / "state.jsonl").write_bytes((same / "state.jsonl").read_bytes())
    people = str(new / "people.yaml")
    return {
        PYYAML: python("-c", SAFE_LOADER, people),
        "validate": ctsync("validate", folder=new),
        "plan, all new": ctsync("plan", "--accept", f"create={count}", folder=new),
        "plan, unchanged": ctsync("plan", folder=same),
        "plan, 1 % changed": ctsync("plan", folder=edited),
    }


def _row(name: str, laps: Laps, count: int, yaml: Laps) -> tuple[str, ...]:
    return (
        name,
        f"{laps.least:.2f}",
        f"{laps.median:.2f}",
        f"{laps.cpu_seconds:.2f}",
        f"{laps.least / count * 1e6:.0f}",
        f"{laps.least / yaml.least:.2f}",
        f"{laps.peak_mib:.0f}",
    )
