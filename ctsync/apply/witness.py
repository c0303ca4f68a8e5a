"""What a plan from a file is held against: state, catalog, and today's plan.

Whoever can write the file can write anything into it, and checksum and digest to match.
So nothing in it is believed that can be known otherwise: what was there before and what
would be sent follows from the state, of which kind an attribute is and how often it may
be written from the catalog. What is left, such as fingerprints, is taken only from a
plan that says the same today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from ctsync.apply.recover import CurrentSnapshot
from ctsync.canonical_json import fold_name
from ctsync.errors import PlanRefused
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, EntryAfter
from ctsync.model.entry import Entry
from ctsync.model.kind_shape import LIST
from ctsync.model.operation import Operation, changes_value
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import DATE_PREFIX, Value
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.plan.document.plan_file import SavedPlan


class Witness(Struct, frozen=True):
    """What a plan from a file is held against.

    `rule_for` is the catalog's word on an attribute. `today` is the plan that would be
    made now, if one can be made. `view` gives the state with what was read just now,
    for a plan that was made so.
    """

    rule_for: Callable[[str], Attribute]
    today: SavedPlan | None = None
    view: Callable[[CurrentSnapshot], CurrentSnapshot] = lambda present: present

    def made(self, plan: SavedPlan) -> bool:
        """Return whether a plan is today's, so that nothing in it is to be doubted."""
        return self.today is not None and plan.is_same(self.today)

    def memory(self) -> Memory:
        """Return what today's plan says; to be asked in the order of keys."""
        return Memory(iter(()) if self.today is None else self.today.keyed_lines())

    def doubts(self, change: Change, entry: Entry | None) -> str | None:
        """The first attribute of which a change says what the catalog does not."""
        name: str
        for name, group in groupby(change.operations, key=attrgetter("attribute")):
            own = tuple(group)
            if not self._bears_out(fold_name(name), own, change, entry):
                return name
        moved = {fold_name(op.attribute) for op in change.operations}
        released = {fold_name(name) for name in change.released}
        strays = {*change.once} - moved
        strays |= {
            name
            for name in {*change.settled.forget} - moved - released
            if not _may_forget(name, change, entry)
        }
        return min(strays, default=None)

    def _bears_out(
        self,
        folded: str,
        operations: tuple[Operation, ...],
        change: Change,
        entry: Entry | None,
    ) -> bool:
        rule, last = self.rule_for(operations[0].attribute), operations[-1]
        known = None if entry is None else entry.attributes.get(folded)
        parts = folded in change.settled.forget or last.operator == "$remove"
        kinds = {rule.kind or _kind_of(last)}
        # What leaves may be of another kind by now: it is taken away as what it was.
        if parts and known is not None:
            kinds.add(known.kind)
        is_once = folded in change.once
        return (
            kinds.issuperset(op.kind for op in operations)
            and (is_once if rule.write == "once" and not parts else True)
            and (rule.write == "once" or not is_once)
            and all(op.sensitive or not rule.sensitive for op in operations)
            and not (
                rule.write == "locked"
                and changes_value(operations)
                and last.attribute not in change.locked
            )
        )


class Memory:
    """What today's plan says of each profile, asked in the order of keys."""

    def __init__(self, lines: Iterator[tuple[ProfileKey, bytes]]) -> None:
        self._lines = lines
        self._next = next(lines, None)

    def confirmed(self, change: Change, entry: Entry | None) -> Change:
        """Return a change with no more than it shows, unless today's is the same.

        A membership that the entry has is not dropped on the file's word alone: who
        loses it so would never get the cohort's `leave:`.
        """
        if self._says(change.key) == change_line(change):
            return change
        held = () if entry is None else entry.cohorts
        cohorts = tuple(sorted({*held, *change.settled.cohorts}))
        settled = EntryAfter(None, cohorts, change.settled.forget)
        return replace(change, settled=settled)

    def confirms(self, key: ProfileKey, settled: EntryAfter) -> bool:
        """Return whether an entry gets the same today."""
        return self._says(key) == settled_line(key, settled)

    def _says(self, key: ProfileKey) -> bytes | None:
        while self._next is not None and self._next[0] < key:
            self._next = next(self._lines, None)
        if self._next is None or self._next[0] != key:
            return None
        return self._next[1]


def _may_forget(folded: str, change: Change, entry: Entry | None) -> bool:
    """Return whether an attribute may leave an entry though nothing is done to it.

    It does if it has no value any more, or is what a cohort gives at parting.
    """
    known = None if entry is None else entry.attributes.get(folded)
    if entry is None or known is None:
        return True
    is_empty = known.is_set and not (known.present or known.maybe)
    return is_empty or not {*entry.cohorts}.issubset(change.settled.cohorts)


def not_borne_out(name: str, place: int, attribute: str | None) -> PlanRefused:
    """Say that a change is not what state and catalog make of it."""
    what = f"change {place}" if attribute is None else f"change {place} ({attribute})"
    return PlanRefused(
        f"{what} of {name} is not borne out by the state and the catalog: the file was "
        "edited, or the catalog has changed since",
        hint='run "ctsync plan --out FILE" again',
        code="plan_tampered",
    )


def _kind_of(operation: Operation) -> str:
    """Return the kind that follows from a value which nothing else declares."""
    if operation.operator in {"$add", "$remove"}:
        return LIST
    return _kind_of_value(operation.after)


def _kind_of_value(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    is_date = isinstance(value, str) and value.startswith(DATE_PREFIX)
    return "date" if is_date else "string"
