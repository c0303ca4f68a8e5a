"""What holds a saved plan together: a checksum of all of it, and a seal of its ends.

The last line has both. The checksum covers every byte before it. The seal covers head,
foot, checksum and, by a number in the foot, the length of what lies between, so that
counts can be shown from the ends alone: a plan of a million changes is then read in two
places. Whoever sends a plan verifies the checksum.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO

from msgspec import Struct

from ctsync.canonical_json import canonical, parse
from ctsync.errors import PlanRefused

_BLOCK_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16


class Ends(Struct, frozen=True):
    """First line, foot and seal of a saved plan, with where the seal stands."""

    head: bytes
    foot: bytes
    seal: bytes
    seal_at: int

    @property
    def signature(self) -> str | None:
        """What whoever made the plan signed it with, if at all."""
        said: dict[str, str] = parse(self.seal)
        return said.get("signature")

    def signed(self, checksum: str, signature: str) -> bytes:
        """Return the last line of the plan once it is signed."""
        return seal_line(self.head, self.foot, checksum, signature)

    @property
    def foot_at(self) -> int:
        """Where the foot begins."""
        return self.seal_at - len(self.foot)

    def says(self) -> tuple[str, dict[str, Any]]:
        """Return the checksum and the foot, if head, foot and seal belong together.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: they do not.
        """
        said = parse(self.seal)
        checksum, signature = str(said["checksum"]), said.get("signature")
        if not isinstance(signature, str | None):
            msg = "no signature"
            raise TypeError(msg)
        data: dict[str, Any] = parse(self.foot)["foot"]
        is_whole = data["bytes"] == self.foot_at
        written = seal_line(self.head, self.foot, checksum, signature)
        if not is_whole or self.seal != written:
            msg = "not as it was sealed"
            raise ValueError(msg)
        return checksum, data


def seal_line(
    head: bytes, foot: bytes, checksum: str, signature: str | None = None
) -> bytes:
    """Return the last line of a plan with this head, foot, checksum and signature."""
    seal = sha256(b"".join((head, foot, checksum.encode()))).hexdigest()
    said = {"checksum": checksum, "seal": seal}
    signed = {} if signature is None else {"signature": signature}
    return canonical({**said, **signed}) + b"\n"


def read_ends(file: BinaryIO) -> Ends:
    """Read head, foot and seal, and nothing of what lies between.

    Whether they are the ends of a plan, `Ends.says` tells.

    Raises:
        ValueError: there are not so many lines.
    """
    size = os.fstat(file.fileno()).st_size
    foot, seal = _last_lines(file, size)
    head = next(lines(file), b"")
    return Ends(head, foot, seal, size - len(seal))


def checksum_of(file: BinaryIO, size: int) -> str:
    """Return the SHA-256 of the first so many bytes."""
    checksum = sha256()
    for block in read_blocks(file, 0, size):
        checksum.update(block)
    return checksum.hexdigest()


def read_blocks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes between two places."""
    while start < end:
        block = os.pread(file.fileno(), min(_BLOCK_BYTES, end - start), start)
        if not block:
            return
        start += len(block)
        yield block


def lines(file: BinaryIO, block_bytes: int = 1 << 18) -> Iterator[bytes]:
    """Yield the lines of a file.

    They are read by position, so that several readers can share one nameless file.
    """
    offset, rest = 0, b""
    while block := os.pread(file.fileno(), block_bytes, offset):
        offset += len(block)
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def refused(name: str) -> PlanRefused:
    """Say that a file is no plan, or not the one that was written."""
    return PlanRefused(
        f"{name} is no saved plan, or not as it was written: its checksum does not "
        "hold",
        hint='make it again with "ctsync plan --out FILE"',
        code="plan_tampered",
    )


def _last_lines(file: BinaryIO, size: int) -> list[bytes]:
    """Return the two last lines, or fewer where there are not so many."""
    length = _TAIL_BYTES
    while True:
        start = max(size - length, 0)
        tail = os.pread(file.fileno(), length, start)
        # The first line of a tail may be a part of one, and that of a file is its head.
        *found, _ = tail.split(b"\n")[1:]
        if len(found) > 1 or not start:
            return [line + b"\n" for line in found[-2:]]
        length *= 8
