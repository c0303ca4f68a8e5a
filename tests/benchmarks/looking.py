"""What looking at the platform costs: reads against their floor, and imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from population import people
from stopwatch import Lap, run
from tables import Setting, Table, ctsync, sizes

SHOWN = Path(__file__).with_name("shown.py")
READS_HEAD = (
    "latency", "profiles", "floor s", "drift s", "of the floor", "refresh s",
    "of the floor", "drift cpu ms a read",
)  # fmt: skip
IMPORT_HEAD = ("import", "profiles", "least s", "cpu s", "peak MiB", "state MB")
PROJECT = """\
version: 1
name: bench
account: {{id: BENCH-1, region: in1{endpoint}}}
state: state.jsonl
catalog: {{Plan: {{type: string}}}}
"""
_LATENCIES = (0.05, 0.2)
_IN_FLIGHT = 3
_SECONDS_OF_READS = 15
_SIZES = (100_000, 1_000_000)
_MOST = 5_000_000
_EVENT = ("--event", "e", "--since", "2026-11-01", "--until", "2026-11-30")
_MEGA = 1e6


def measure_reads(setting: Setting) -> Iterator[Table]:
    """Look at as many profiles as take some seconds, at each latency."""
    small = max(setting.profiles) < min(_SIZES) // 100
    rows = []
    for latency in _LATENCIES:
        count = round(_SECONDS_OF_READS / latency) * _IN_FLIGHT
        count = min(count, max(setting.profiles)) if small else count
        rows.append(_reads(setting.folder / f"reads-{latency}", latency, count))
    note = "Three in flight; seconds of a document, without the start of the process."
    yield Table("Reading profiles one by one", READS_HEAD, tuple(rows), note)


def _reads(folder: Path, latency: float, count: int) -> tuple[str, ...]:
    with _serving(latency, count) as port:
        _project(folder, port)
        keys = "\n".join(f"u{number:08d}" for number in range(count))
        (folder / "keys.txt").write_text(keys)
        # The first one fills the state, for the others to look at.
        words = ("import", "api", "--keys", "keys.txt", "--auto-approve")
        run(ctsync(*words, folder=folder))
        drift, cpu = _seconds(folder, "drift")
        refresh, _ = _seconds(folder, "refresh", "--auto-approve")
    floor = count / _IN_FLIGHT * latency
    return (
        f"{latency * 1000:.0f} ms",
        f"{count:,}",
        f"{floor:.2f}",
        f"{drift:.2f}",
        f"{floor / drift:.1%}",
        f"{refresh:.2f}",
        f"{floor / refresh:.1%}",
        f"{cpu / count * 1000:.2f}",
    )


def _seconds(folder: Path, *words: str) -> tuple[float, float]:
    """Give the seconds that a command says reading took, and its processor's."""
    import resource

    command = ctsync(*words, "--format", "json", folder=folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command.words,
        cwd=folder,
        env=command.environment,
        capture_output=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(json.loads(done.stdout)["seconds"]), cpu


def measure_import(setting: Setting) -> Iterator[Table]:
    """Fill new states from files and from pages by event."""
    rounds = max(1, min(setting.rounds, 3))
    rows = [
        row
        for count in sizes(setting, _SIZES, _MOST)
        for row in _imports(setting.folder / f"import-{count}", count, rounds)
    ]
    note = f"Least of {rounds} processes, each into a state of its own."
    yield Table("Importing profiles", IMPORT_HEAD, tuple(rows), note)


def _imports(folder: Path, count: int, rounds: int) -> Iterator[tuple[str, ...]]:
    with _serving(0.0, count) as port:
        _project(folder, port)
        _write_exports(folder, count)
        ways = {
            "JSON Lines": ("export.jsonl",),
            "CSV": ("export.csv",),
            "JSON Lines, as a spec": ("export.jsonl", "--write-spec", "spec.yaml"),
            "pages by event": ("api", *_EVENT),
        }
        for label, words in ways.items():
            yield _import(folder, label, words, count, rounds)


def _import(
    folder: Path, label: str, words: tuple[str, ...], count: int, rounds: int
) -> tuple[str, ...]:
    laps = list[Lap]()
    for _ in range(rounds):
        for path in (*folder.glob("state.jsonl*"), *folder.glob("spec*")):
            path.unlink()
        laps.append(run(ctsync("import", *words, "--auto-approve", folder=folder)))
    size = (folder / "state.jsonl").stat().st_size
    for path in folder.glob("spec*"):
        path.unlink()
    return (
        label,
        f"{count:,}",
        f"{min(lap.seconds for lap in laps):.1f}",
        f"{min(lap.cpu_seconds for lap in laps):.1f}",
        f"{max(lap.peak_mib for lap in laps):.0f}",
        f"{size / _MEGA:.0f}",
    )


def _write_exports(folder: Path, count: int) -> None:
    """Write one population as both forms of file: eight attributes a profile."""
    import csv

    with (
        (folder / "export.jsonl").open("w") as lines,
        (folder / "export.csv").open("w", newline="") as cells,
    ):
        table = csv.writer(cells)
        head = ("identity", "Name", "Email", "Phone", "Plan", "Renewal Date")
        table.writerow((*head, "Interests", "Score", "Branch"))
        for person in people(count):
            renewal, liked = person.renewal.isoformat(), [*person.interests]
            who = (person.identity, person.name, person.email, person.phone)
            row = (*who, person.plan, renewal, liked, person.score, person.branch)
            names = (*head, "Interests", "Score", "Branch")
            lines.write(json.dumps(dict(zip(names, row, strict=True))) + "\n")
            table.writerow((*row[:6], json.dumps(liked), *row[7:]))


def _project(folder: Path, port: str) -> None:
    folder.mkdir(exist_ok=True)
    endpoint = f", endpoint: 'http://127.0.0.1:{port}'"
    (folder / "ctsync.yaml").write_text(PROJECT.format(endpoint=endpoint))


@contextmanager
def _serving(latency: float, profiles: int) -> Iterator[str]:
    words = [sys.executable, str(SHOWN), str(latency), str(profiles)]
    began = perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        assert port, f"no server after {perf_counter() - began:.0f} s"
        try:
            yield port
        finally:
            server.kill()
