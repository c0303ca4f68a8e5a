"""Who has one address: words about profiles, grouped by the address they have.

There may be millions, so that they go to a private file once there are many; groups are
then put together part by part, and nothing is forgotten.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator
from struct import Struct as Layout
from typing import BinaryIO, Generic, TypeVar

from msgspec import msgpack

from ctsync.model.decided_addresses import address_mark
from ctsync.plan.document.plan_file import scratch_file

REMEMBERED = 200_000  # addresses that are held in memory
_PARTS = 64  # files; one of them at a time is put together in memory
_HEAD = Layout("16sI")  # a mark, and the bytes of the words that follow

Words = TypeVar("Words")


class AddressGroups(Generic[Words]):
    """Takes words by address, and gives those of each address together."""

    def __init__(self, sort: type[Words]) -> None:
        """`sort` is the type of the words."""
        self._decoder = msgpack.Decoder(sort)
        self._held: dict[bytes, list[Words]] = {}
        self._parts: tuple[BinaryIO, ...] = ()

    def add(self, address: str, words: Words) -> None:
        """Take words in about who has an address."""
        self.add_mark(address_mark(address), words)

    def add_mark(self, mark: bytes, words: Words) -> None:
        """Take words in about who has the address that a mark stands for."""
        known = self._held.get(mark)
        if known is not None:
            known.append(words)
            return
        self._held[mark] = [words]
        if len(self._held) >= REMEMBERED:
            self._put_away()

    def marks(self) -> Iterator[bytes]:
        """Yield what stands for each address, perhaps several times."""
        yield from self._held
        for part in self._parts:
            yield from (mark for mark, _ in _words_in(part))

    def groups(self) -> Iterator[list[Words]]:
        """Yield the words of each address, in the order in which they were taken in."""
        if not self._parts:
            yield from self._held.values()
            return
        # An address that was put away may have been met again since, and its part alone
        # has all who have it.
        self._put_away()
        for part in self._parts:
            yield from self._groups_in(part)

    def _put_away(self) -> None:
        if not self._parts:
            self._parts = tuple(scratch_file() for _ in range(_PARTS))
            weakref.finalize(self, _close, self._parts)
        for mark, several in self._held.items():
            for words in several:
                data = msgpack.encode(words)
                # All who have one address are in one part: so parts are put together
                # one at a time.
                part = self._parts[mark[0] % _PARTS]
                part.write(_HEAD.pack(mark, len(data)) + data)
        self._held = {}

    def _groups_in(self, part: BinaryIO) -> Iterator[list[Words]]:
        found: dict[bytes, list[Words]] = {}
        for mark, data in _words_in(part):
            found.setdefault(mark, []).append(self._decoder.decode(data))
        yield from found.values()


def groups_by_attribute(sort: type[Words]) -> defaultdict[str, AddressGroups[Words]]:
    """Return groups for each attribute, which begin when it is first met."""
    return defaultdict(lambda: AddressGroups(sort))


def _words_in(part: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    part.seek(0)
    while head := part.read(_HEAD.size):
        mark, size = _HEAD.unpack(head)
        yield mark, part.read(size)


def _close(parts: Iterable[BinaryIO]) -> None:
    for part in parts:
        part.close()
