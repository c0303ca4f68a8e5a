"""Files that are packed: reading them unpacked, and whether they are whole."""

from __future__ import annotations

import gzip
import os
import zlib
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from ctsync.arrow import arrow

GZIP, ZSTANDARD = ".gz", ".zst"
PACKINGS = (GZIP, ZSTANDARD)
DAMAGES: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, ValueError)

_HEAD_BYTES = 8 << 20
_MAGIC = 0xFD2FB528
_SKIPPABLE = 0x184D2A50  # the lowest of sixteen
_SIZE_BYTES = (0, 2, 4, 8)
_DICTIONARY_BYTES = (0, 1, 2, 4)
_RAW, _REPEATED, _RESERVED = 0, 1, 3


def unpacked(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked if its name says that it is packed.

    Reading raises one of `DAMAGES` where it is not what its name says.
    """
    if path.suffix == GZIP:
        return cast("BinaryIO", gzip.open(path))
    if path.suffix == ZSTANDARD:
        pa = arrow()
        stream = pa.CompressedInputStream(pa.OSFile(os.fspath(path)), "zstd")
        return BufferedReader(stream)
    return path.open("rb")


def head_of(path: Path) -> bytes:
    """Return the first whole lines of a file."""
    with unpacked(path) as stream:
        head = stream.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return head
    return head[: head.rfind(b"\n") + 1]


def is_whole(path: Path) -> bool:
    """Return whether a Zstandard file ends where its last frame ends.

    DuckDB takes the end of such a file for the end of the data, wherever it is cut
    off. Only the heads of frames and blocks are read (RFC 8878, section 3.1).
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        while file.tell() < size:
            if not _skip_frame(file) or file.tell() > size:
                return False
    return size > 0


def _skip_frame(file: BinaryIO) -> bool:
    magic = _number(file, 4)
    if magic is not None and magic & 0xFFFFFFF0 == _SKIPPABLE:
        return _skip(file, _number(file, 4))
    has_checksum = _skip_head(file) if magic == _MAGIC else None
    if has_checksum is None:
        return False
    is_last = False
    while not is_last:
        head = _number(file, 3)
        if head is None:
            return False
        is_last, kind, length = bool(head & 1), head >> 1 & 3, head >> 3
        if kind == _RESERVED:
            return False
        _skip(file, 1 if kind == _REPEATED else length)
    return _skip(file, 4 if has_checksum else 0)


def _skip_head(file: BinaryIO) -> bool | None:
    """Skip a frame's head; say whether a checksum follows, None if there is no head."""
    descriptor = _number(file, 1)
    if descriptor is None:
        return None
    is_single = bool(descriptor & 0x20)
    # A frame of one segment has no byte for its window, and one at least for its size.
    size = _SIZE_BYTES[descriptor >> 6] or is_single
    _skip(file, (not is_single) + _DICTIONARY_BYTES[descriptor & 3] + size)
    return bool(descriptor & 4)


def _number(file: BinaryIO, size: int) -> int | None:
    data = file.read(size)
    return int.from_bytes(data, "little") if len(data) == size else None


def _skip(file: BinaryIO, size: int | None) -> bool:
    if size is not None:
        file.seek(size, os.SEEK_CUR)
    return size is not None
