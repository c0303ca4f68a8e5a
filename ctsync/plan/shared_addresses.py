"""Profiles of one plan that have the same e-mail address or phone number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.model.decided_rows import ADDRESSES, DecidedRows
from ctsync.plan.address_groups import AddressGroups
from ctsync.plan.merge_contributions import MergedContributions


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
        for name in ADDRESSES:
            declared = found.declared.get(name)
            if declared is None or not isinstance(declared.target.value, str):
                continue
            origin = candidate.contributions[0].origin
            self._see(declared.target.attribute, declared.target.value, origin)

    def decided_seen(self, decided: DecidedRows) -> None:
        """Note the same of rows that were decided in columns."""
        for row, name, value in decided.addresses():
            self._see(name, value, decided.origin(row))

    def _see(self, attribute: str, value: str, origin: Origin) -> None:
        self._count += 1
        groups = self._seen.get(attribute)
        if groups is None:
            groups = self._seen[attribute] = AddressGroups(_Seen)
        groups.add(value, _Seen(self._count, origin))

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
