"""What a state costs on servers, beside the folder store.

A PostgreSQL and an S3 server run on this machine's loopback, and `amending.py` writes,
amends and reads a state in each home. Peak memory is that of the process that reads or
writes, at a tenth of the profiles and at all of them: it says whether entries stream.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from stopwatch import Command, Lap, run
from tables import NoRoom, Setting, Table

_HERE = Path(__file__).parent
_SERVERS = _HERE.parent / "servers"
COUNT = 1_000_000
_BYTES_EACH = 3_000  # of disk, in all three homes
_HEAD = ("home", "n", "act", "s", "cpu s", "peak MiB", "peak MiB of a tenth")


def measure_homes(setting: Setting) -> Iterator[Table]:
    """Write, amend and read a state in each home, in turn."""
    if str(_SERVERS) not in sys.path:
        sys.path.insert(0, str(_SERVERS))
    count = max(setting.sizes) if setting.sizes else COUNT
    title = f"A state of {count:,} profiles, by its home"
    try:
        setting.require_room(count * _BYTES_EACH)
    except NoRoom as error:
        yield Table(title, _HEAD, (), fault=str(error))
        return
    rows = tuple(_rows(setting.folder, count))
    note = "Servers on the same cores; cpu is that of the process alone."
    yield Table(title, _HEAD, rows, note)


def _rows(folder: Path, count: int) -> Iterator[tuple[str, ...]]:
    from object_server import BUCKET, ObjectServer
    from postgres_server import PostgresServer

    yield from _home("folder", folder, "state-{}/", count, {})
    with closing(PostgresServer()) as database:
        for size in (max(count // 10, 1), count):
            database.run(f"CREATE DATABASE of_{size}")
        place = database.url("of_{}")
        yield from _home("PostgreSQL", folder, place, count, {})
    with closing(ObjectServer()) as objects:
        place = f"s3://{BUCKET}/bench/{{}}/"
        yield from _home("S3", folder, place, count, objects.variables())


def _home(
    name: str, folder: Path, place: str, count: int, variables: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    tenth = max(count // 10, 1)
    few = [
        lap.peak_mib
        for _, words in _acts(tenth)
        for lap in [_measured(folder, place.format(tenth), words, variables)]
    ]
    for (act, words), peak in zip(_acts(count), few, strict=True):
        lap = _measured(folder, place.format(count), words, variables)
        seconds = (f"{lap.seconds:.2f}", f"{lap.cpu_seconds:.2f}")
        peaks = (f"{lap.peak_mib:.0f}", f"{peak:.0f}")
        yield (name, f"{count:,}", act, *seconds, *peaks)


def _measured(
    folder: Path, place: str, words: tuple[str, ...], variables: Mapping[str, str]
) -> Lap:
    script = (sys.executable, str(_HERE / "amending.py"), place, *words)
    return run(Command(script, folder, variables=variables))


def _acts(count: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is done to a state, and what it is called."""
    few = min(1000, count)
    yield "write all", ("write", str(count))
    yield f"fold {few:,}", ("amend", str(count), str(few))
    yield "fold 1 %", ("amend", str(count), str(max(count // 100, 1)))
    yield "read all", ("entries", str(count))
    yield f"find {few:,}", ("pick", str(count), str(few))
