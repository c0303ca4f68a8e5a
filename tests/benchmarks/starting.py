"""How long people wait for little: `--help`, and a project of ten profiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from population import write_project
from stopwatch import Command, run, side_by_side
from tables import Setting, Table, ctsync, milliseconds, python

BARE = "python -c pass"


def measure_help(setting: Setting) -> Iterator[Table]:
    """`ctsync --help` beside what it stands on."""
    commands = {
        BARE: python("-c", "pass"),
        "python -c 'import click'": python("-c", "import click"),
        "ctsync --version": ctsync("--version"),
        "ctsync --help": ctsync("--help"),
        "ctsync plan --help": ctsync("plan", "--help"),
    }
    yield _compare("Help", setting, commands)


def measure_small(setting: Setting) -> Iterator[Table]:
    """Ten profiles, validated and planned."""
    new = write_project(setting.folder / "ten-new", 10)
    same = write_project(setting.folder / "ten-known", 10)
    run(ctsync("import", "spec", "--auto-approve", folder=same))
    as_json = ("--format", "json")
    commands = {
        BARE: python("-c", "pass"),
        "validate": ctsync("validate", folder=new),
        "validate, JSON": ctsync("validate", *as_json, folder=new),
        "plan, all new": ctsync("plan", folder=new),
        "plan, all new, JSON": ctsync("plan", *as_json, folder=new),
        "plan, unchanged": ctsync("plan", folder=same),
        "plan, unchanged, JSON": ctsync("plan", *as_json, folder=same),
    }
    yield _compare("Ten profiles", setting, commands)


def _compare(title: str, setting: Setting, commands: Mapping[str, Command]) -> Table:
    found = side_by_side(commands, setting.rounds)
    bare = found[BARE].least
    rows = tuple(
        (
            name,
            milliseconds(laps.least),
            milliseconds(laps.median),
            milliseconds(laps.cpu_seconds),
            f"{laps.least / bare:.1f}",
            f"{laps.peak_mib:.0f}",
        )
        for name, laps in found.items()
    )
    head = ("process", "least", "median", "cpu", f"x {BARE}", "peak MiB")
    return Table(title, head, rows, f"{setting.rounds} rounds, in turn.")
