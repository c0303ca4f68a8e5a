"""Candidates that were weighed where they were found: what came of them, as text.

Here are those alone of whom nothing is to be told but their change. What needs to see
all of them, in order, is left to whoever writes the plan: keys that look alike,
addresses that several have, calls, the digest. For that each says just enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.json import Decoder, encode

from ctsync.model.change import Origin
from ctsync.model.decided_addresses import SharedAddress
from ctsync.model.profile_key import ProfileKey


class WeighedAddress(NamedTuple):
    """An address that the profile at a `place` of a run is to have.

    `name` is folded, `attribute` as it is spelled; `mark` is that of `address_mark`, in
    hexadecimal.
    """

    place: int
    name: str
    attribute: str
    mark: str
    is_new: bool


class WeighedRun(Struct, frozen=True, array_like=True):
    """Candidates that follow each other in the order of keys, with the first origins.

    `lines` are those of the plan, and `effects` those that the digest takes in. `sizes`
    are the bytes of the records of each wave, None where a candidate has none; of
    records that go in files there are only the number and that of their operations.
    `operations`, `traits` and `flows` are as `ChangeStatistics` has them, but for the
    bound on flows, which is one of a whole plan. `still` are known profiles with
    nothing to do. `gone` and `added` are rows by their tables.
    """

    keys: list[ProfileKey]
    origins: list[Origin]
    lines: str
    effects: str
    sizes: tuple[list[int | None], ...]
    in_files: tuple[int, int]
    operations: list[tuple[str, str, int]]
    traits: dict[int, int]
    flows: list[list[Any]]
    still: int
    gone: dict[str, int]
    added: dict[str, int]
    addresses: list[WeighedAddress]

    @property
    def changes(self) -> int:
        """How many candidates have a change."""
        return sum(self.traits.values())

    def shared_addresses(self) -> Iterator[tuple[str, SharedAddress]]:
        """Yield the attributes that are addresses, with who is to have them."""
        for place, name, attribute, mark, is_new in self.addresses:
            key, origin = self.keys[place], self.origins[place]
            row = SharedAddress(name, bytes.fromhex(mark), key, origin, is_new)
            yield attribute, row

    def as_text(self) -> str:
        """Return the run as JSON."""
        return encode(self).decode()


_RUNS = Decoder(WeighedRun)


def run_from_text(text: str) -> WeighedRun:
    """Read what `as_text` gave."""
    return _RUNS.decode(text)
