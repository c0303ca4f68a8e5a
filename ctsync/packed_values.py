"""Values in a private file, one after another, each packed by MessagePack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from msgspec import msgpack

_SIZE_BYTES = 8


def write_packed(file: BinaryIO, value: Any) -> None:
    """Add a value; what it is made of has to be what MessagePack knows."""
    data = msgpack.encode(value)
    file.write(len(data).to_bytes(_SIZE_BYTES) + data)


def read_packed(file: BinaryIO, type_: Any = Any) -> Iterator[Any]:
    """Yield what was written, from the beginning."""
    decode = msgpack.Decoder(type_).decode
    file.seek(0)
    while size := file.read(_SIZE_BYTES):
        yield decode(file.read(int.from_bytes(size)))
