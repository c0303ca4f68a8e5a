"""Making sure that packed files are whole and no bombs, which DuckDB does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, AnyStr

from ctsync.sources.compression import DAMAGES, GZIP, ZSTANDARD, is_whole, unpacked
from ctsync.sources.data_files import DataFile, Unreadable

MAX_LINE_BYTES = 32 << 20  # DuckDB's own limit of 2 MB is too low for some cells
LEAST_MOST_BYTES = 64 << 20  # so much may be in a packed file, however small it is
MOST_TIMES = 200  # rows with keys of their own are packed to a fiftieth at best
_CHUNK_BYTES = 1 << 20


def require_whole(file: DataFile) -> None:
    """Make sure that a packed file is whole, and holds no more than a file may.

    Raises:
        Unreadable: it is not, has been cut off, or is much larger than it looks.
    """
    if file.path.suffix == ZSTANDARD:
        _require_frames(file)
    if file.path.suffix in {GZIP, ZSTANDARD}:
        _require_bounds(file)


def _require_bounds(file: DataFile) -> None:
    """Unpack a file, and stop where that makes more of it than exports ever do."""
    most = max(LEAST_MOST_BYTES, MOST_TIMES * file.mark[0])
    try:
        with unpacked(file.path) as stream:
            size = 0
            while size <= most and (chunk := stream.read(_CHUNK_BYTES)):
                size += len(chunk)
    except DAMAGES as error:
        raise damaged(error) from error
    if size > most:
        message = f"unpacks to more than {MOST_TIMES} times its size"
        raise Unreadable("CT640", message, "give the file as it is, not packed")


def _require_frames(file: DataFile) -> None:
    try:
        is_sound = is_whole(file.path)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise Unreadable("CT612", message, "check its permissions") from error
    if not is_sound:
        message = "is no whole Zstandard file"
        raise Unreadable("CT612", message, "it may be cut off; export it again")


def short_lines(stream: IO[AnyStr]) -> Iterator[AnyStr]:
    """Yield the lines of a file, none of them so long that it fills the memory.

    Raises:
        Unreadable: one is.
    """
    while line := stream.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            message = f"has a line of more than {MAX_LINE_BYTES >> 20} MiB"
            raise Unreadable("CT617", message, "end each row with a line break")
        yield line


def damaged(error: Exception) -> Unreadable:
    """Return the fault of a file of which the system cannot read the rest."""
    hint = "export it again; its name says how it is packed"
    return Unreadable("CT612", f"cannot be read to its end: {error}", hint)
