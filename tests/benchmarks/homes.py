"""What a state costs on servers, beside the folder store: `python homes.py COUNT`.

Starts a PostgreSQL and an S3 server on this machine's loopback, and lets `amending.py`
write, amend and read a state of COUNT profiles in each home. Peak memory is that of the
process that reads or writes; it says whether entries stream.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "servers")]

from object_server import BUCKET, ObjectServer  # noqa: E402 - found beside this folder
from postgres_server import PostgresServer  # noqa: E402
from stopwatch import Command, run  # noqa: E402


def acts(count: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is done to a state, and what it is called."""
    yield "write all", ("write", str(count))
    yield "fold 1,000", ("amend", str(count), "1000")
    yield "fold 1 %", ("amend", str(count), str(count // 100))
    yield "read all", ("entries", str(count))
    yield "find 1,000", ("pick", str(count), "1000")


def say(line: str) -> None:
    """Write a line of the table at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def measure(name: str, location: str, count: int, variables: Mapping[str, str]) -> None:
    """Print a row for each act."""
    with tempfile.TemporaryDirectory(prefix="ctsync-bench-") as folder:
        for label, words in acts(count):
            script = (sys.executable, str(HERE / "amending.py"), location, *words)
            lap = run(Command(script, Path(folder), variables=variables))
            seconds = f"{lap.seconds:.2f} | {lap.cpu_seconds:.2f}"
            say(f"| {name} | {label} | {seconds} | {lap.peak_mib:.0f} |")


def main() -> None:
    """Measure each home."""
    count = int(sys.argv[1])
    say("| home | act | s | cpu s | peak MiB |\n|---|---|---|---|---|")
    measure("folder", "state/", count, {})
    with closing(PostgresServer()) as database:
        measure("PostgreSQL", database.url(), count, {})
    with closing(ObjectServer()) as objects:
        location = f"s3://{BUCKET}/bench/"
        measure("S3", location, count, objects.variables())


if __name__ == "__main__":
    main()
