"""Records of runs in a folder: one compressed file each, numbered as they came."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from isal.isal_zlib import DEFLATED, compressobj

from ctsync.beside import ahead
from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.state.atomic_files import make_private_folder, state_errors, written_aside
from ctsync.state.base import Line, RunRecord

_NAME = re.compile(r"([0-9]{8})\.jsonl\.gz")
_AT_ONCE = 1 << 18  # bytes
# Of ISA-L, which takes a quarter of the time that zlib does, and less room. The best is
# a fiftieth smaller, and takes twice as long.
_FAST = 1
_GZIP = 31  # bits of the window, with the header of such a file


def write_run(
    folder: Path, record: Line, changes: Iterable[Line], *, keep: int, location: str
) -> None:
    """Write the file of a run, and remove all but the last `keep`.

    Raises:
        OSError: it could not be written.
    """
    if keep > 0:
        make_private_folder(folder)
        write_lines(folder / _next_name(folder, record, location), record, changes)
    for path in _files(folder)[keep:]:
        path.unlink(missing_ok=True)


def write_lines(path: Path, record: Line, changes: Iterable[Line]) -> None:
    """Write the file of one run.

    Raises:
        OSError: it could not be written.
    """
    # It says no time of writing: the same run gives the same bytes.
    packer = compressobj(_FAST, DEFLATED, _GZIP)
    pieces = _encoded(chain([record], changes))
    with written_aside(path) as fd, os.fdopen(fd, "wb", closefd=False) as file:
        first = next(pieces)
        file.write(packer.compress(first))
        if len(first) >= _AT_ONCE:  # else there is nothing more
            with ahead(pieces) as made:
                file.writelines(map(packer.compress, made))
        file.write(packer.flush())


def _encoded(lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield lines many at a time: to pack them one by one takes half as long again."""
    some = bytearray()
    for line in lines:
        some += canonical(line)
        some += b"\n"
        if len(some) >= _AT_ONCE:
            yield bytes(some)
            some.clear()
    if some:
        yield bytes(some)


def read_runs(folder: Path, location: str) -> Iterator[RunRecord]:
    """Yield the runs in a folder, the last one first.

    Raises:
        StateError: one is damaged (code `history_damaged`), or cannot be read.
    """
    with state_errors("read", location):
        paths = _files(folder)
    for path in paths:
        try:
            yield run_in(path, f"{location}/{path.name}")
        except StateError:
            # Who appends may remove the oldest meanwhile, which is no damage.
            if path.exists():
                raise


def run_in(path: Path, location: str, *, held: object = None) -> RunRecord:
    """Return the run in a file, which stays there as long as `held` does.

    Raises:
        StateError: it is damaged (code `history_damaged`), or cannot be read.
    """
    record = next(_lines(path, location), None)
    if not isinstance(record, dict) or "run" not in record:
        raise history_damaged(location)

    # As a default it lives as long as somebody may ask for the changes.
    def changes(held: object = held) -> Iterator[Line]:  # noqa: ARG001
        lines = _lines(path, location)
        next(lines, None)
        return lines

    return RunRecord(record, changes)


def _lines(path: Path, location: str) -> Iterator[Line]:
    with state_errors("read", location):
        try:
            with gzip.open(path) as file:
                yield from map(parse, file)
        except (EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
            raise history_damaged(location) from error


def history_damaged(what: str) -> StateError:
    """Return the refusal of a record of a run that is not what ctsync wrote."""
    return StateError(
        f"{what} is damaged: it is no record of a run",
        hint="move it away; the state itself does not need it",
        code="history_damaged",
    )


def _next_name(folder: Path, record: Line, location: str) -> str:
    """Return a name after all others, or that of the same run if it was the last."""
    last = next(iter(_files(folder)), None)
    number = 0 if last is None else int(last.name[:8])
    # A last one that is damaged is nobody's: the new one gets a number of its own.
    with suppress(StateError):
        if last is not None and run_in(last, location).record["run"] == record["run"]:
            return last.name
    return f"{number + 1:08d}.jsonl.gz"


def _files(folder: Path) -> list[Path]:
    """Return the files of runs, the last one first."""
    try:
        paths = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except FileNotFoundError:
        return []
    return sorted(paths, reverse=True)
