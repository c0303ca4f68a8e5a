"""From what is desired and what is known of one profile to its change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.engines.base import Candidate
from ctsync.kinds import KINDS
from ctsync.kinds.base import Kind, ValueContext
from ctsync.kinds.subscription import is_opt_in
from ctsync.kinds.type_faults import not_in_files
from ctsync.model.attribute import Attribute
from ctsync.model.change import Action, Change, EntryAfter
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue, cohorts_in
from ctsync.model.fault import Fault, Faults
from ctsync.model.operation import Operation, changes_value
from ctsync.plan.profile.planned_profile import DesiredProfile, PlannedProfile


def build_change(
    candidate: Candidate,
    wanted: DesiredProfile,
    frame: ValueContext,
    rule_for: Callable[[str], Attribute],
) -> PlannedProfile:
    """Return the change of a candidate; `rule_for` tells of an attribute by name."""
    return _Builder(candidate, wanted, frame, rule_for).build()


class _Builder:
    def __init__(
        self,
        candidate: Candidate,
        wanted: DesiredProfile,
        frame: ValueContext,
        rule_for: Callable[[str], Attribute],
    ) -> None:
        self._rule_for = rule_for
        self._candidate = candidate
        self._wanted = wanted
        self._frame = frame
        entry = candidate.entry
        # An entry that a read found gone counts as none: its upload creates again.
        self._entry = entry if entry is not None and not entry.gone else None
        self._known = self._entry.attributes if self._entry is not None else {}
        self._built = PlannedProfile()
        self._operations: list[Operation] = []
        self._targets: list[DesiredValue] = []
        self._locked: list[str] = []
        self._released: list[str] = []
        self._forget: list[str] = []
        self._ours: list[tuple[str, tuple[str, ...] | None]] = []

    def build(self) -> PlannedProfile:
        declared, leaving = self._wanted.declared, self._wanted.leaving
        standing, waiting = self._wanted.standing, self._wanted.waiting
        for folded, target in declared.items():
            if folded not in waiting:
                self._reach(folded, target)
        for folded, target in leaving.items():
            if folded not in waiting:
                self._forget.append(folded)
                self._reach(folded, target)
        for folded in self._known:
            if folded in waiting:
                self._wait(self._known[folded])
            elif not (folded in declared or folded in leaving or folded in standing):
                self._let_go(folded, self._known[folded])
        return self._finish()

    def _wait(self, known: KnownValue) -> None:
        """Leave alone what nobody knows until the platform has told."""
        if known.due is not None:
            self._built.waiting.append((known.name, known.due.file))

    def _reach(self, folded: str, target: DesiredValue) -> tuple[Operation, ...]:
        known = self._known.get(folded)
        # A table that keeps the attribute may be what included such values.
        if target.is_set and folded not in self._wanted.shields.kept:
            target = _with_take_back(target, known)
        try:
            operations = KINDS[target.kind].diff(known, target, self._frame)
            self._see_the_way(operations)
        except Faults as wrong:
            self._built.faults.extend((target.attribute, f) for f in wrong.faults)
            return ()
        is_held = bool(operations) and self._is_held(folded, target, known)
        if target.is_set and not (is_held or target.leaving):
            self._note_ours(folded, target, operations)
        if not operations:
            return ()
        self._check_count(target, operations)
        if is_held:
            self._built.held.append(target.attribute)
            return ()
        if target.write == "locked" and changes_value(operations):
            self._locked.append(target.attribute)
        self._targets.append(target)
        self._operations.extend(operations)
        return operations

    def _see_the_way(self, operations: tuple[Operation, ...]) -> None:
        """See that the profile can be named where operations are to travel.

        Raises:
            Faults: it cannot.
        """
        id_type = self._candidate.key.type
        for operation in operations:
            if operation.goes_in_file and id_type not in IN_FILES:
                raise Faults(not_in_files(operation.attribute, id_type))

    def _note_ours(
        self, folded: str, target: DesiredValue, operations: tuple[Operation, ...]
    ) -> None:
        """Note what of a list is ours in the end, where its operations do not say so.

        A list that was declared exactly is ours as a whole. Declared in part now, its
        included values are, and the rest is nobody's.
        """
        known = after = self._known.get(folded)
        for operation in operations:
            after = KINDS[target.kind].apply(after, operation)
        if after is None or not after.is_set:
            return
        ours = after.ours
        if target.exact is not None:
            # Operations that only take values away leave a list that nobody here has
            # made.
            if ours or (operations and not after.owned):
                self._ours.append((folded, None))
            return
        if known is not None and _is_ours_as_a_whole(known):
            ours = target.include
            if frozenset((*after.present, *after.maybe)).difference(ours):
                self._released.append(known.name)
        elif folded not in self._wanted.shields.kept:
            ours = tuple(value for value in ours if value in target.include)
        if (after.owned, after.ours) != (bool(ours), ours):
            self._ours.append((folded, ours))

    def _check_count(
        self, target: DesiredValue, operations: tuple[Operation, ...]
    ) -> None:
        # The platform takes more and silently drops the oldest (public docs), so that
        # what is known here would no longer be so.
        limit = self._frame.limits.list_values
        after = operations[-1].after
        if isinstance(after, tuple) and len(after) > limit:
            fault = Fault(
                "CT209",
                f"{target.attribute} would hold {len(after)} values, the platform "
                f"keeps {limit} and drops the oldest",
                "exclude some, or declare fewer",
            )
            self._built.faults.append((target.attribute, fault))

    def _is_held(
        self, folded: str, target: DesiredValue, known: KnownValue | None
    ) -> bool:
        if target.write != "once":
            return False
        marked = self._entry is not None and folded in self._entry.once
        return marked or (known is not None and _is_certain_value(known))

    def _let_go(self, folded: str, known: KnownValue) -> None:
        """Deal with an attribute that no place declares any more."""
        if folded in self._wanted.shields.kept:
            return
        # Under `keep`, too: a value that a place included was never there but for it.
        if known.ours:
            self._take_back(folded, known)
        # Only what ctsync itself sent: what was read there may be somebody else's.
        elif self._removes(folded) and known.owned:
            self._remove(folded, known)
        elif self._wanted.is_named:
            self._release(folded, known)

    def _removes(self, folded: str) -> bool:
        return self._wanted.removes or folded in self._wanted.shields.swept

    def _take_back(self, folded: str, known: KnownValue) -> None:
        self._reach(folded, self._parting(known, known.kind, take_back=known.ours))
        stays = frozenset((*known.present, *known.maybe)) - frozenset(known.ours)
        if not stays:
            self._forget.append(folded)
        elif self._wanted.is_named or self._removes(folded):
            self._release(folded, known)

    def _remove(self, folded: str, known: KnownValue) -> None:
        kind = KINDS[known.kind]
        if not self._can_remove(kind, known.name):
            self._built.stuck.append(known.name)
            self._release(folded, known)
            return
        exact = () if known.is_set else None
        if self._reach(folded, self._parting(known, known.kind, exact=exact)):
            self._forget.append(folded)
        else:
            # It is known to be absent: there is nothing to send, and it is forgotten.
            self._release(folded, known)

    def _can_remove(self, kind: Kind, name: str) -> bool:
        if not kind.is_removable(name, self._frame):
            return False
        return kind.can_remove(name) or self._candidate.key.type in IN_FILES

    def _parting(
        self,
        known: KnownValue,
        kind: str,
        *,
        exact: tuple[str, ...] | None = None,
        take_back: tuple[str, ...] = (),
    ) -> DesiredValue:
        rule = self._rule_for(known.name)
        return DesiredValue(
            known.name,
            kind,
            exact=exact,
            take_back=take_back,
            # A value written once may still part; a locked one may not.
            write="locked" if rule.write == "locked" else "free",
            sensitive=rule.sensitive,
            leaving=True,
        )

    def _release(self, folded: str, known: KnownValue) -> None:
        self._released.append(known.name)
        self._forget.append(folded)

    def _finish(self) -> PlannedProfile:
        settled = self._settled()
        if self._operations or self._released:
            self._built.change = self._change(settled)
            self._built.targets = tuple(self._targets)
        elif self._entry is not None and _differs(settled, self._entry):
            self._built.settled = settled
        return self._built

    def _settled(self) -> EntryAfter:
        wanted, built = self._wanted, self._built
        reached = wanted.is_named and wanted.settles
        # Neither is as desired, and a fingerprint would hide the profile from the next
        # plan.
        reached = reached and not (built.held or built.waiting)
        return EntryAfter(
            fingerprint=self._candidate.fingerprint if reached else None,
            cohorts=self._cohorts(),
            forget=tuple(sorted(self._forget)),
            ours=tuple(sorted(self._ours)),
        )

    def _cohorts(self) -> tuple[str, ...]:
        """Return the membership; nobody leaves while what is given then may fail."""
        if self._wanted.leaving.keys().isdisjoint(self._wanted.waiting):
            return self._wanted.cohorts
        before = () if self._entry is None else self._entry.cohorts
        return tuple(sorted({*self._wanted.cohorts, *before}))

    def _change(self, settled: EntryAfter) -> Change:
        operations = sorted(self._operations, key=_BY_STEP)
        return Change(
            key=self._candidate.key,
            action=self._action(),
            operations=tuple(operations),
            origins=self._wanted.origins,
            released=tuple(sorted(self._released)),
            settled=settled,
            opt_in=any(map(is_opt_in, operations)),
            once=tuple(sorted(self._once())),
            locked=tuple(sorted(self._locked)),
            left=self._left(),
        )

    def _left(self) -> tuple[str, ...]:
        before = () if self._entry is None else cohorts_in(self._entry.cohorts)
        return tuple(name for name in before if name not in self._wanted.cohorts)

    def _once(self) -> Iterator[str]:
        for target in self._targets:
            if target.write == "once":
                yield fold_name(target.attribute)

    def _action(self) -> Action:
        if not self._operations:
            return "release"
        return "create" if self._entry is None else "update"


_BY_STEP = attrgetter("attribute", "step")
IN_FILES = frozenset({"identity"})
"""Id types by which an import of a file finds profiles (public docs)."""


def _with_take_back(target: DesiredValue, known: KnownValue | None) -> DesiredValue:
    if known is None or target.exact is not None:
        return target
    extra = frozenset((*target.take_back, *known.ours)) - frozenset(target.include)
    return replace(target, take_back=tuple(sorted(extra)))


def _is_ours_as_a_whole(known: KnownValue) -> bool:
    return known.is_set and known.owned and not known.ours


def _is_certain_value(known: KnownValue) -> bool:
    is_clear = known.certain and not known.maybe
    return is_clear and (known.value is not None or bool(known.present))


def _differs(settled: EntryAfter, entry: Entry) -> bool:
    has_news = settled.fingerprint not in (None, entry.fingerprint)
    left = bool(frozenset(settled.forget) & entry.attributes.keys())
    return has_news or left or bool(settled.ours) or settled.cohorts != entry.cohorts
