"""A cluster on loopback, and a project that is planned on it."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import copytree

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: ./state/
timezone: Europe/Berlin
policy:
  undeclared: remove
  limits: {create: 100000, update: 100%, remove: 100%, vanish: 100%}
catalog:
  Plan: {type: string, enum: [Free, Gold]}
  Points: {type: counter}
tables:
  people:
    file: people-*.parquet
    key: {identity: id}
    columns: {plan: Plan, points: Points, email: Email, since: Since}
  visits:
    file: visits.csv
    key: {identity: id}
    columns: {last: Last visit}
    where: "last <> 'never'"
  seats:
    file: seats.jsonl
    key: {identity: id}
    columns: {seat: Seat}
profiles:
  - {identity: u7, attributes: {Hat: red}}
"""


# Many small ranges, so that there is something to share.
COMMAND = """
from ctsync.engines import spark_search
spark_search.EVERY, spark_search.RANGE_KEYS, spark_search.PIECE_ROWS = 3, 150, 700
from msgspec.structs import replace
from ctsync import engines
from ctsync.apply.folding import fold_elsewhere
from ctsync.engines.spark_workers import EXECUTORS
workers = replace(EXECUTORS, worth=1000, pieces=100)
engines.workers_of = lambda name: workers if name == "spark" else None
fold_elsewhere.SLICE_LINES = 100
from ctsync.state import packed_lines
packed_lines.WORTH_BYTES = 1 << 30
from ctsync.cli import main
main()
"""


def begin(folder, *words, **variables):
    """Begin a command of ctsync as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": sys.executable,  # not whatever python3 is first
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a JVM goes with whoever began it
    )


def planned(folder, engine, **variables):
    """Return the bytes of a plan."""
    end_of(begin(folder, "plan", "--engine", engine, "--out", engine, **variables))
    return (folder / engine).read_bytes()


def end_of(process):
    """Wait for a command that works, and give what it says; nothing of it stays."""
    try:
        said = process.communicate(timeout=900)[0].decode()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said
    return said


def write_tables(folder, count, shift=0):
    """Write tables of some people; others have other words by a shift."""
    import pyarrow as pa
    from pyarrow import parquet

    at = range(count)
    columns = {
        "id": [f"u{n * 7919 % 1_000_003}" for n in at],
        "plan": [("Free", "Gold")[(n + shift) % 2] for n in at],
        "points": [n + shift for n in at],
        "email": [f"e{n % (count - 2)}@example.com" for n in at],
        "since": pa.array([n % 20_000 for n in at], pa.date32()),
    }
    whole = pa.table(columns)
    half = count // 2
    for name, start, rows in (("a", 0, half), ("b", half, count - half)):
        path = folder / f"people-{name}.parquet"
        parquet.write_table(whole.slice(start, rows), path, row_group_size=1000)
    visits = [f"u{n},2024-0{n % 9 + 1}-01" for n in range(0, count, 5)]
    (folder / "visits.csv").write_text("\n".join(["id,last", *visits, "x1,never\n"]))
    seats = [f'{{"id": "s{n}", "seat": {n}.50}}\n' for n in range(count // 20)]
    (folder / "seats.jsonl").write_text("".join(seats))


@pytest.fixture
def project(tmp_path):
    """A project of a few thousand people."""
    (tmp_path / "ctsync.yaml").write_text(PROJECT)
    write_tables(tmp_path, 4000)
    return tmp_path


@pytest.fixture
def sent_to(project):
    """Gives what has a project of the same people send to a platform of its own."""
    from ctsync.sandbox import Sandbox

    with ExitStack() as stack:

        def begin_apply(name, engine, **variables):
            folder = project.with_name(f"{project.name}-{name}")
            copytree(project, folder)
            platform = stack.enter_context(Sandbox(account_id="TEST-1"))
            path = folder / "ctsync.yaml"
            endpoint = f"endpoint: '{platform.url}', region"
            path.write_text(path.read_text().replace("region", endpoint, 1))
            words = ("apply", "--auto-approve", "--first-run", "--engine", engine, "-v")
            variables["CLEVERTAP_PASSCODE"] = "sandbox"
            return folder / "state", begin(folder, *words, **variables)

        yield begin_apply


@pytest.fixture(scope="session")
def cluster():
    """A master and two workers."""
    from spark_cluster import SparkCluster

    found = SparkCluster()
    yield found
    found.close()


@pytest.fixture(scope="session")
def lab():
    """Everything above, for tests that cannot import it."""
    from types import SimpleNamespace

    return SimpleNamespace(**globals())
