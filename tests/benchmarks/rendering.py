"""What showing a saved plan costs in each form, beside making the plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from population import write_project
from stopwatch import Command, Laps, side_by_side
from tables import Setting, Table, ctsync

PLAN = "plan.jsonl"
PLANNING = "plan --out FILE"
FORMS = ("text", "json", "jsonl", "markdown", "html", "gitlab")
SUMMARISED = (
    "text",
    "json",
    "markdown",
    "html",
)  # the others have nothing to leave out
HEAD = ("process", "least s", "cpu s", "us each", "x plan", "peak MiB")
_MOST_CHANGES = 200_000  # of one command in all rounds


def measure_render(setting: Setting) -> Iterator[Table]:
    """Show plans of new profiles, eight operations a change."""
    for count in setting.profiles:
        folder = write_project(setting.folder / f"render-{count}", count)
        rounds = max(1, min(setting.rounds, _MOST_CHANGES // count))
        found = side_by_side(_commands(folder), rounds)
        size = (folder / PLAN).stat().st_size
        rows = (_row(*each, count, found[PLANNING]) for each in found.items())
        note = f"{rounds} rounds, in turn; the saved plan has {size / 2**20:.1f} MiB."
        yield Table(f"Showing a plan of {count:,} changes", HEAD, tuple(rows), note)


def _commands(folder: Path) -> dict[str, Command]:
    # Planning comes first: it writes what the others show.
    return {
        PLANNING: ctsync("plan", "--out", PLAN, folder=folder),
        **{f"show, {form}": _show(folder, form) for form in FORMS},
        **{
            f"show, {form}, --summary": _show(folder, form, "--summary")
            for form in SUMMARISED
        },
    }


def _show(folder: Path, form: str, *options: str) -> Command:
    return ctsync("show", PLAN, "--format", form, *options, folder=folder)


def _row(name: str, laps: Laps, count: int, planning: Laps) -> tuple[str, ...]:
    return (
        name,
        f"{laps.least:.2f}",
        f"{laps.cpu_seconds:.2f}",
        f"{laps.cpu_seconds / count * 1e6:.0f}",
        f"{laps.cpu_seconds / planning.cpu_seconds:.2f}",
        f"{laps.peak_mib:.0f}",
    )
