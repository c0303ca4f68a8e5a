"""Tasks in processes of this machine: where Python would keep one core busy alone."""

from __future__ import annotations

import fcntl
import os
import pickle
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Timer
from typing import IO, cast

from ctsync.beside import ahead
from ctsync.engines.task_process import read_result, write_piece
from ctsync.errors import CtsyncError
from ctsync.model.workers import Made, Task, Workers

# Processes take half a second to begin, in which one folds 30,000 profiles; and what
# they write is read once more.
WORTH_PROFILES = 200_000
MOST = 8  # a container may see all cores of its host, and have memory for few
_COMMAND = ("-P", "-m", "ctsync.engines.task_process")
# A piece waits in the pipe while the one before it is worked on.
_PIPE_BYTES = 1 << 20
# Of a piece that is made ahead, which takes parts of a second: whoever is starved for
# longer is no help. Of one that may take as long as a disk does, between two signs of
# life: whoever is stopped gives none.
_PATIENCE = 60.0  # seconds
# No secret of a pipeline has to be where nothing is sent.
_INHERITED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR")


def processes() -> Workers | None:
    """Return one process a core, up to `MOST`; None where there is one core alone."""
    cores = _cores()
    if cores == 1:
        return None
    return Workers(run_in_processes, made_ahead, WORTH_PROFILES, min(cores, MOST))


def _cores() -> int:
    """Return how many there are for this process, which may be fewer than all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_in_processes(task: Task, pieces: Sequence[bytes]) -> list[bytes]:
    """Return what a task gives for each piece, in their order; a process has each.

    Raises:
        CtsyncError: a process ended before it was done, or has given no sign of life
            for a minute.
        OSError: none could be started.
    """
    with ExitStack() as stack:
        started = [stack.enter_context(_process(task)) for _ in pieces]
        for process, piece in zip(started, pieces, strict=True):
            write_piece(_input_of(process), piece)
        return [*map(_taken, started)]


@contextmanager
def made_ahead(task: Task, pieces: Iterable[bytes]) -> Generator[Made]:
    """Give pieces with what a task makes of each, in order; a process works ahead.

    None is made of a piece where there is no such process, or it has ended, or has been
    waited for a minute.
    """
    with ExitStack() as stack:
        made: Made
        try:
            process = stack.enter_context(_process(task))
        except OSError:
            made = ((piece, None) for piece in pieces)
        else:
            handed = stack.enter_context(ahead(_handed(process, pieces)))
            # First, or who hands pieces over would wait for one that nobody takes.
            stack.callback(process.kill)
            made = _with_results(handed, process)
        yield made


def _with_results(handed: Iterable[bytes], process: subprocess.Popen[bytes]) -> Made:
    output = _output_of(process)
    for piece in handed:
        result = None if output.closed else _awaited(process)
        if result is None:
            output.close()  # what follows something else is nothing to go by
        yield piece, result


def _awaited(process: subprocess.Popen[bytes]) -> bytes | None:
    with closing(_Patience(process)):
        return read_result(_output_of(process))


class _Patience:
    """Ends a process that is waited for too long, until it is closed."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._limit = self._begun()

    def renew(self) -> None:
        """Wait as long once more."""
        self.close()
        self._limit = self._begun()

    def close(self) -> None:
        self._limit.cancel()

    def _begun(self) -> Timer:
        limit = Timer(_PATIENCE, self._process.kill)
        limit.daemon = True
        limit.start()
        return limit


def _handed(
    process: subprocess.Popen[bytes], pieces: Iterable[bytes]
) -> Iterator[bytes]:
    for piece in pieces:
        with suppress(OSError):  # that it has ended its output tells
            write_piece(_input_of(process), piece)
        yield piece


@contextmanager
def _process(task: Task) -> Generator[subprocess.Popen[bytes]]:
    """Start a process that does not outlive the context, and that no terminal ends."""
    process = subprocess.Popen(  # noqa: S603 - this Python, words of ours
        # A Python within another program may not know where it is.
        [sys.executable or "", *_COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(os.environ),
        start_new_session=True,
    )
    with process:
        try:
            _widen(_input_of(process))
            _widen(_output_of(process))
            pickle.dump(task, _input_of(process))
            yield process
        finally:
            process.kill()
            with suppress(OSError):  # of what it did not take
                _input_of(process).close()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    found = {name: ours[name] for name in _INHERITED if name in ours}
    # What is imported there is what is imported here, plug-ins among it.
    return {**found, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _widen(pipe: IO[bytes]) -> None:
    # Linux alone has it, and gives so much to all processes of a user together.
    with suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _input_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    # It stays open: its end is that of whoever waits, killed or not.
    return cast("IO[bytes]", process.stdin)


def _output_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", process.stdout)


def _taken(process: subprocess.Popen[bytes]) -> bytes:
    with closing(_Patience(process)) as patience:
        result = read_result(_output_of(process), patience.renew)
    if result is None:
        raise CtsyncError("a process ended early, or was stopped", code="engine")
    process.kill()  # others may need its memory
    return result
