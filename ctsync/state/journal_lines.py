"""How the lines of a journal are spelled, the same in every store.

Each is a JSON object that ends in a checksum of itself and of all lines before it, so
that no line can change, come twice, move or go, but for the last ones. The first line
is spelled so by every version, whatever else a later one may change.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from ctsync.canonical_json import canonical
from ctsync.state.base import Line
from ctsync.state.snapshot_codec import JOURNAL_FORMAT

_TAIL = b',"sum":"%08x"}\n'
_TAIL_BYTES = len(_TAIL % 0)


def head_line(head: Line) -> bytes:
    """Return the line that a journal begins with."""
    return seal_lines([canonical({**head, "format": JOURNAL_FORMAT})], 0)[0]


def seal_lines(texts: Iterable[bytes], checksum: int) -> tuple[bytes, int]:
    """Give JSON objects as lines that follow a line with `checksum`, and the last's."""
    sealed = []
    for text in texts:
        body = text[:-1]
        checksum = crc32(body, checksum)
        sealed.append(body + _TAIL % checksum)
    return b"".join(sealed), checksum


def open_line(line: bytes, checksum: int) -> tuple[bytes, int] | None:
    """Return the JSON object of a line after one with `checksum`, and its own checksum.

    None where it is not as it was sealed, or did not stand there.
    """
    body = line[:-_TAIL_BYTES]
    checksum = crc32(body, checksum)
    if not body or line[len(body) :] != _TAIL % checksum:
        return None
    return body + b"}\n", checksum


def checksum_of(line: bytes) -> int:
    """Return the checksum that a sealed line carries."""
    return int(line[len(line) - _TAIL_BYTES :].split(b'"')[3], 16)
