"""What a process does that another one started: a task, for piece after piece.

    python -m ctsync.engines.task_process

reads a task and then pieces from its standard input, and writes what comes of each. In
between it says now and then that it goes on: whoever is stopped does not.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import IO, NoReturn

_LENGTH_BYTES = 8
_MOST_BYTES = 1 << 32  # the bytes of any text are a larger number
_RESULT, _GOES_ON = b"=", b"."
_PAUSE = 5.0  # seconds; a tenth of what somebody waits


def write_piece(file: IO[bytes], piece: bytes) -> None:
    """Write a piece so that `read_piece` knows where it ends."""
    file.write(len(piece).to_bytes(_LENGTH_BYTES, "big"))
    file.write(piece)
    file.flush()


def read_piece(file: IO[bytes]) -> bytes | None:
    """Return the next piece; None where no whole one follows, or something else."""
    length = file.read(_LENGTH_BYTES)
    size = int.from_bytes(length, "big")
    if len(length) < _LENGTH_BYTES or size > _MOST_BYTES:
        return None
    piece = file.read(size)
    return piece if len(piece) == size else None


def read_result(
    file: IO[bytes], goes_on: Callable[[], object] = lambda: None
) -> bytes | None:
    """Return the next result; None where no whole one follows, or something else.

    `goes_on` is called each time that its process says so before.
    """
    while (mark := file.read(1)) == _GOES_ON:
        goes_on()
    return read_piece(file) if mark == _RESULT else None


class _Results:
    """Where results go, and between them that there may be more."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._lock = file, Lock()

    def write(self, result: bytes) -> None:
        with self._lock:
            self._file.write(_RESULT)
            write_piece(self._file, result)

    def go_on(self) -> NoReturn:
        while True:
            time.sleep(_PAUSE)
            with self._lock:
                self._file.write(_GOES_ON)
                self._file.flush()


def main() -> None:
    """Do what the standard input says until it ends, or until something fails."""
    results = _Results(_own_output())
    Thread(target=results.go_on, daemon=True).start()
    task = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent wrote it
    pieces = SimpleQueue[bytes]()  # whoever gives them gives few ahead
    Thread(target=_take_pieces, args=(pieces,), daemon=True).start()
    try:
        while True:
            results.write(task(pieces.get()))
    finally:
        # Python would wait on its way out for who reads the input.
        os._exit(1)


def _own_output() -> IO[bytes]:
    """Return the standard output, which from now on nobody else writes to.

    What an installed package prints would be taken for a result.
    """
    output = sys.stdout.fileno()
    own = os.fdopen(os.dup(output), "wb")
    os.dup2(sys.stderr.fileno(), output)
    return own


def _take_pieces(pieces: SimpleQueue[bytes]) -> None:
    """Take pieces, and end once nobody is there any more who could give one."""
    try:
        while (piece := read_piece(sys.stdin.buffer)) is not None:
            pieces.put(piece)
    finally:
        # Also where there is no memory for one: else whoever waits would do so forever.
        os._exit(1)


if __name__ == "__main__":
    main()
