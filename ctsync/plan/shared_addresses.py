"""Profiles of one plan that have the same e-mail address or phone number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.plan.address_groups import AddressGroups
from ctsync.plan.merge_contributions import MergedContributions

_ADDRESSES = ("email", "phone")


class _Seen(NamedTuple):
    """Which profile by number, of all with an address, and where it stands."""

    number: int
    origin: Origin


class SharedAddresses(Struct):
    """Sees candidates, and counts those with an address that another has."""

    _seen: dict[str, AddressGroups[_Seen]] = field(default_factory=dict)
    _count: int = 0

    def record_seen(self, candidate: Candidate, found: MergedContributions) -> None:
        """Note the addresses that a profile is to have."""
        for name in _ADDRESSES:
            declared = found.declared.get(name)
            if declared is None or not isinstance(declared.target.value, str):
                continue
            self._count += 1
            groups = self._seen.get(declared.target.attribute)
            if groups is None:
                groups = self._seen[declared.target.attribute] = AddressGroups(_Seen)
            origin = candidate.contributions[0].origin
            groups.add(declared.target.value, _Seen(self._count, origin))

    def notes(self) -> Iterator[Diagnostic]:
        """Yield a warning for each attribute that several profiles share a value of."""
        for attribute, groups in sorted(self._seen.items()):
            shared, found = 0, None
            for one, *others in groups.groups():
                shared += len(others)
                if others and (found is None or others[0].number < found[0].number):
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
