"""Blocks that reach other people: `MSG-dnd*` in both directions on one address.

`MSG-dndEmail` and `MSG-dndPhone` act on every profile that shares the address
(founding document); what wins on contradiction is documented nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from ctsync.canonical_json import fold_id, fold_name
from ctsync.kinds.system_attributes import BLOCKS
from ctsync.model.entry import Entry
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Value
from ctsync.plan.findings.value_diagnostics import Place
from ctsync.plan.profile.merge_contributions import SourcedValue

_REACH = {name: name.removeprefix("MSG-dnd") for name in BLOCKS}
BLOCK_NAMES = frozenset(map(fold_name, BLOCKS))


class DndConflict(Struct, frozen=True):
    """A block that another profile with the same address declares the other way."""

    attribute: str
    place: Place
    other: str

    @property
    def fault(self) -> Fault:
        """Return it as a fault."""
        return Fault(
            "CT316",
            f"{self.attribute} reaches every profile with this "
            f"{_REACH[self.attribute]}, and {self.other} says the opposite",
            "give all profiles with the address the same value",
        )


class DndConflicts:
    """Sees every profile of a project and finds contradictions."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[Value, Place | None]] = {}
        self._found: list[DndConflict] = []

    def declare(
        self, declared: Mapping[str, SourcedValue], entry: Entry | None
    ) -> None:
        """See a profile's targets; an address may also be known from its entry."""
        if BLOCK_NAMES.isdisjoint(declared):
            return
        for block, address_name in _REACH.items():
            found = declared.get(fold_name(block))
            if found is not None:
                address = _address(declared, entry, address_name)
                self._say(block, address, found.target.value, found.place)

    def pass_entry(self, entry: Entry) -> None:
        """See a profile that is as it was."""
        for block, address_name in _REACH.items():
            folded = fold_name(block)
            if folded in entry.attributes:
                address = _address({}, entry, address_name)
                self._say(block, address, entry.attributes[folded].value, None)

    def contradictions(self) -> Iterator[DndConflict]:
        """Yield what was found since the last time."""
        found, self._found = self._found, []
        yield from found

    def _say(
        self, block: str, address: Value, value: Value, place: Place | None
    ) -> None:
        if not isinstance(address, str):
            return
        slot = (block, fold_id(address))
        first, first_place = self._said.setdefault(slot, (value, place))
        if first == value:
            return
        # Of two profiles that were passed over nothing is known to point at.
        here, other = (place, first_place) if place else (first_place, None)
        if here is not None:
            where = other.origin.place if other else "another profile"
            self._found.append(DndConflict(block, here, where))


def _address(
    declared: Mapping[str, SourcedValue], entry: Entry | None, name: str
) -> Value:
    found = declared.get(fold_name(name))
    if found is not None:
        return found.target.value
    known = entry.attributes.get(fold_name(name)) if entry is not None else None
    return known.value if known is not None else None
