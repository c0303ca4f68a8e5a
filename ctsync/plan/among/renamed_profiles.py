"""Profiles that may have got another id: one leaves, a new one has its address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Origin
from ctsync.model.decided_addresses import ADDRESSES, SharedAddress
from ctsync.model.entry import Entry
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.among.address_groups import AddressGroups, groups_by_attribute
from ctsync.plan.profile.merge_contributions import SourcedValue


class _Seen(NamedTuple):
    """A profile with an address; who leaves stands nowhere."""

    key: ProfileKey
    origin: Origin | None
    attribute: str


_KEY = attrgetter("key")


class RenamedProfiles(Struct):
    """Sees candidates, and tells of those who leave and come with one address."""

    _seen: dict[str, AddressGroups[_Seen]] = field(
        default_factory=partial(groups_by_attribute, _Seen)
    )
    _someone_leaves: bool = False

    def new_seen(
        self, key: ProfileKey, origin: Origin, declared: Mapping[str, SourcedValue]
    ) -> None:
        """Note the addresses of a profile that is new."""
        for name in ADDRESSES:
            found = declared.get(name)
            if found is not None and isinstance(found.target.value, str):
                words = _Seen(key, origin, found.target.attribute)
                self._seen[name].add(found.target.value, words)

    def decided_seen(self, attribute: str, row: SharedAddress) -> None:
        """Note that of a row that was decided in columns, if it is new."""
        if row.is_new:
            self._seen[row.name].add_mark(
                row.mark, _Seen(row.key, row.origin, attribute)
            )

    def marks(self) -> Iterator[tuple[str, bytes]]:
        """Yield what stands for the addresses, with the folded names of attributes."""
        # Where nobody leaves, no new profile can be one that left under another id.
        for name, groups in self._seen.items() if self._someone_leaves else ():
            yield from ((name, mark) for mark in groups.marks())

    def leaving_seen(self, entry: Entry) -> None:
        """Note the addresses of a profile that leaves."""
        for name in ADDRESSES:
            known = entry.attributes.get(name)
            if known is not None and known.certain and isinstance(known.value, str):
                self._someone_leaves = True
                self._seen[name].add(known.value, _Seen(entry.key, None, known.name))

    def notes(self, mask: Mask) -> Iterator[Diagnostic]:
        """Yield a warning for each new profile with the address of one that left."""
        told: set[int] = set()
        for name in ADDRESSES if self._someone_leaves else ():
            pairs = _pairs(self._seen[name].groups())
            for left, new in sorted(pairs, key=lambda pair: pair[0].key):
                if _is_first(new.key, told):
                    yield _note(mask, left.key, *new)


def _pairs(groups: Iterable[list[_Seen]]) -> Iterator[tuple[_Seen, _Seen]]:
    """Yield the first who leaves of each group and the first who is new, if any."""
    for group in groups:
        left = [each for each in group if each.origin is None]
        new = [each for each in group if each.origin is not None]
        if left and new:
            yield min(left, key=_KEY), min(new, key=_KEY)


def _is_first(key: ProfileKey, told: set[int]) -> bool:
    """Return whether a profile was not told before, and remember it by eight bytes."""
    digest = blake2b(f"{key.type}={key.id}".encode(), digest_size=8).digest()
    mark = int.from_bytes(digest)
    is_first = mark not in told
    told.add(mark)
    return is_first


def _note(
    mask: Mask, left: ProfileKey, key: ProfileKey, origin: Origin | None, attribute: str
) -> Diagnostic:
    at = origin or Origin("")
    return Diagnostic(
        "warning",
        "CT409",
        f"{mask.key_text(left)} leaves, and this profile is new with the same "
        f"{attribute}",
        'if they are one person: "ctsync state rename OLD NEW"',
        file=at.file,
        line=at.line,
        row=at.row,
        key=mask.key_at(key, at),
    )
