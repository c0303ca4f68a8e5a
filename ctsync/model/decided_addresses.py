"""Addresses of rows that are decided in columns: who has one that somebody else has.

There may be millions of them, of which nearly all are one person's alone. So they stay
beside the database, which tells those apart that are not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ctsync.model.change import Origin
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey

ADDRESSES = ("email", "phone")
"""Attributes, by folded name, that one person has and no other."""
_NAMES = {"Email": "email", "Phone": "phone"}


class SharedAddress(NamedTuple):
    """A decided row with an address that somebody else has, too.

    `name` is the folded name of the attribute; `mark` is that of `address_mark`.
    """

    name: str
    mark: bytes
    key: ProfileKey
    origin: Origin
    is_new: bool


class DecidedAddresses(NamedTuple):
    """What decided rows share; comes after all candidates.

    `attributes` are spelled as they are declared, by folded name. `shared` gives the
    rows with an address that another of them has, or that is among others.
    """

    attributes: Mapping[str, str]
    shared: Callable[[Iterable[tuple[str, bytes]]], Iterable[SharedAddress]]


def addresses_in(operations: Iterable[Operation]) -> Iterator[tuple[str, str, str]]:
    """Yield the addresses that operations set: folded name, attribute and address."""
    for operation in operations:
        # No system attribute may be spelled in another way, so nothing is folded.
        name = _NAMES.get(operation.attribute)
        if name is not None and isinstance(operation.operand, str):
            yield name, operation.attribute, operation.operand


def address_mark(address: str) -> bytes:
    """Return what stands for an address: the MD5 of it, which SQL can take, too."""
    return hashlib.md5(address.encode(), usedforsecurity=False).digest()
