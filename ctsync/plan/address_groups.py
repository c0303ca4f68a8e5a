"""Who has one address: words about profiles, grouped by the address they have.

There may be millions, so that they go to a private file once there are many; groups are
then put together part by part, and nothing is forgotten.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from struct import Struct as Layout
from typing import BinaryIO, Generic, TypeVar

from msgspec import msgpack

from ctsync.plan.plan_file import scratch_file

REMEMBERED = 200_000  # addresses that are held in memory
_PARTS = 64
_MARK_BYTES = 16
_HEAD = Layout(f"{_MARK_BYTES}sI")

Words = TypeVar("Words")


class AddressGroups(Generic[Words]):
    """Takes words by address, and gives those of each address together."""

    def __init__(self, sort: type[Words]) -> None:
        """`sort` is the type of the words."""
        self._decoder = msgpack.Decoder(sort)
        self._held: dict[str, list[Words]] = {}
        self._parts: tuple[BinaryIO, ...] = ()

    def add(self, address: str, words: Words) -> None:
        """Take words in about who has an address."""
        known = self._held.get(address)
        if known is not None:
            known.append(words)
            return
        self._held[address] = [words]
        if len(self._held) >= REMEMBERED:
            self._put_away()

    def groups(self) -> Iterator[list[Words]]:
        """Yield the words of each address, in the order in which they were taken in."""
        if not self._parts:
            yield from self._held.values()
            return
        self._put_away()
        for part in self._parts:
            yield from self._groups_in(part)

    def _put_away(self) -> None:
        if not self._parts:
            self._parts = tuple(scratch_file() for _ in range(_PARTS))
            weakref.finalize(self, _close, self._parts)
        for address, several in self._held.items():
            mark = blake2b(address.encode(), digest_size=_MARK_BYTES).digest()
            for words in several:
                data = msgpack.encode(words)
                part = self._parts[mark[0] % _PARTS]
                part.write(_HEAD.pack(mark, len(data)) + data)
        self._held = {}

    def _groups_in(self, part: BinaryIO) -> Iterator[list[Words]]:
        part.seek(0)
        found: dict[bytes, list[Words]] = {}
        while head := part.read(_HEAD.size):
            mark, size = _HEAD.unpack(head)
            words = self._decoder.decode(part.read(size))
            found.setdefault(mark, []).append(words)
        yield from found.values()


def _close(parts: Iterable[BinaryIO]) -> None:
    for part in parts:
        part.close()
