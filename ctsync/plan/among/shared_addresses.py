"""Profiles of one plan that have the same e-mail address or phone number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, field

from ctsync.canonical_json import fold_name
from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Change, Origin
from ctsync.model.decided_addresses import SharedAddress, addresses_in
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.among.address_groups import AddressGroups, groups_by_attribute


class _Seen(NamedTuple):
    """A profile with an address, and where it stands."""

    key: ProfileKey
    origin: Origin


_KEY = attrgetter("key")


class SharedAddresses(Struct):
    """Sees candidates, and counts those that get an address that another gets."""

    _seen: dict[str, AddressGroups[_Seen]] = field(
        default_factory=partial(groups_by_attribute, _Seen)
    )

    def change_seen(self, change: Change, origin: Origin) -> None:
        """Note the addresses that a change sets of a profile that stands there.

        Whoever has one already has none of it set, and may be no candidate at all.
        """
        for _, attribute, address in addresses_in(change.operations):
            self._seen[attribute].add(address, _Seen(change.key, origin))

    def decided_seen(self, attribute: str, row: SharedAddress) -> None:
        """Note the same of a row that was decided in columns."""
        self._seen[attribute].add_mark(row.mark, _Seen(row.key, row.origin))

    def marks(self) -> Iterator[tuple[str, bytes]]:
        """Yield what stands for the addresses, with the folded names of attributes."""
        for attribute, groups in self._seen.items():
            name = fold_name(attribute)
            yield from ((name, mark) for mark in groups.marks())

    def notes(self) -> Iterator[Diagnostic]:
        """Yield a warning for each attribute that several profiles share a value of."""
        for attribute, groups in sorted(self._seen.items()):
            shared, found = 0, None
            for group in groups.groups():
                one, *others = sorted(group, key=_KEY)
                shared += len(others)
                if others and (found is None or others[0].key < found[0].key):
                    found = others[0], one.origin
            if found is not None:
                yield _note(attribute, shared, found[0].origin, found[1])


def _note(attribute: str, count: int, here: Origin, first: Origin) -> Diagnostic:
    profiles = "1 profile has" if count == 1 else f"{count:,} profiles have"
    return Diagnostic(
        "warning",
        "CT632",
        f"{profiles} the {attribute} of another, this one of {first.place}",
        "correct it, unless two people share it",
        file=here.file,
        line=here.line,
        row=here.row,
        attribute=attribute,
    )
