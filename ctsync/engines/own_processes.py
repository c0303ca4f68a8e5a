"""Tasks in processes of this machine: where Python would keep one core busy alone.

    python -m ctsync.engines.own_processes

is what such a process is: it reads a task and pieces from its standard input, and gives
what came of them once all are done.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import IO, cast

from msgspec import DecodeError, msgpack

from ctsync.errors import CtsyncError
from ctsync.model.workers import Workers

# Processes take half a second to begin, in which one folds 30,000 profiles; and what
# they write is read once more.
WORTH_PROFILES = 200_000
MOST = 8  # a container may see all cores of its host, and have memory for few
_COMMAND = ("-P", "-m", "ctsync.engines.own_processes")
# No secret of a pipeline has to be where nothing is sent.
_INHERITED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR")


def processes() -> Workers | None:
    """Return one process a core, up to `MOST`; None where there is one core alone."""
    cores = _cores()
    if cores == 1:
        return None
    return Workers(run_in_processes, WORTH_PROFILES, pieces=min(cores, MOST))


def _cores() -> int:
    """Return how many there are for this process, which may be fewer than all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_in_processes(
    task: Callable[[bytes], bytes], pieces: Sequence[bytes]
) -> list[bytes]:
    """Return what a task gives for each piece, in their order; a process has each.

    Raises:
        CtsyncError: a process ended before it was done.
        OSError: none could be started.
    """
    with ExitStack() as stack:
        started = [stack.enter_context(_process()) for _ in pieces]
        for process, piece in zip(started, pieces, strict=True):
            _give(process, pickle.dumps((task, piece)))
        return [*map(_taken, started)]


@contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that does not outlive the context, and that no terminal ends."""
    process = subprocess.Popen(  # noqa: S603 - this Python, words of ours
        [sys.executable, *_COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(os.environ),
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    found = {name: ours[name] for name in _INHERITED if name in ours}
    # What is imported there is what is imported here, plug-ins among it.
    return {**found, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _give(process: subprocess.Popen[bytes], work: bytes) -> None:
    # It stays open: its end is that of whoever waits, killed or not.
    file = cast("IO[bytes]", process.stdin)
    file.write(work)
    file.flush()


def _taken(process: subprocess.Popen[bytes]) -> bytes:
    said = cast("IO[bytes]", process.stdout).read()
    try:
        return msgpack.decode(said, type=bytes)
    except DecodeError as error:
        raise CtsyncError("a process ended early", code="engine") from error


def main() -> None:
    """Do what the standard input says."""
    task, piece = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent wrote it
    Thread(target=_end_with_input, daemon=True).start()
    sys.stdout.buffer.write(msgpack.encode(task(piece)))


def _end_with_input() -> None:
    """End once nobody is there any more who could give further input."""
    # Not by its buffer, which Python locks on its own way out.
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main()
