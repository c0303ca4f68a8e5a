"""The inverse of what a run did to one profile, as far as it can be undone.

A value goes back only where the snapshot still has what the run left: whoever changed
it since meant something. What was not known before has nothing to go back to.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.kinds.known_list import held_of
from ctsync.kinds.subscription import is_opt_in
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, EntryAfter
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.fault import Faults
from ctsync.model.kind_shape import holds_sets
from ctsync.model.operation import Operation, changes_value
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome
from ctsync.model.run import RunChange, RunOperation
from ctsync.plan.profile.diff_profile import IN_FILES

CREATED = "the run created the profile, and the upload API deletes none"
FORGOTTEN = "the state does not know the profile any more"
RELEASED = "it was released, so nothing was sent: declare it again"
CHANGED = "it changed since"
WAITS = "it is in a file of which the platform may still tell"
NOT_KNOWN = "its value before is not known"
REMOVED = "it is not known whether the values that were removed were there"
STAYS = "the upload API cannot remove it"
OPTS_IN = "that would opt in to messages"
ONCE = "it is written once"


class Revert(Struct):
    """What undoes a run on one profile, and what of it stays, with the reason.

    The name of what stays is None where that is all of it.
    """

    change: Change | None = None
    stays: list[tuple[str | None, str]] = field(default_factory=list)


class _CannotRevert(Exception):
    """One attribute stays as it is; the message says why."""


def revert_profile(
    done: RunChange,
    entry: Entry | None,
    rule_for: Callable[[str], Attribute],
    context: ValueContext,
    files: Container[str] = frozenset(),
) -> Revert:
    """Return what undoes a run on a profile of which `entry` is known now.

    What is in one of the `files` stays: the platform may still tell of it.
    """
    if done.is_new:
        return Revert(stays=[(None, CREATED)])
    if entry is None or entry.gone:
        return Revert(stays=[(None, FORGOTTEN)])
    return _Reverter(done, entry, rule_for, context, files).revert()


class _Reverter:
    def __init__(
        self,
        done: RunChange,
        entry: Entry,
        rule_for: Callable[[str], Attribute],
        context: ValueContext,
        files: Container[str],
    ) -> None:
        self._done, self._entry, self._files = done, entry, files
        self._rule_for, self._context = rule_for, context
        self._operations: list[Operation] = []
        self._locked: list[str] = []
        self._forget: list[str] = []

    def revert(self) -> Revert:
        stays: list[tuple[str | None, str]] = [
            (name, RELEASED) for name in self._done.released
        ]
        stays += [(name, REMOVED) for name in self._removed_blindly()]
        for name, operations in _by_attribute(self._done.operations):
            try:
                self._undo(name, operations)
            except _CannotRevert as why:
                stays.append((name, str(why)))
        change = self._change(is_whole=not stays) if self._operations else None
        return Revert(change, stays)

    def _removed_blindly(self) -> Iterator[str]:
        """Yield lists of which values went that nobody knew to be there, or not."""
        for name, operations in _by_attribute(self._done.operations):
            held = held_of(self._done.known.get(fold_name(name)), None)
            removed = _operands(operations, "$remove")
            if not all(value in held.present or held.lacks(value) for value in removed):
                yield name

    def _undo(self, name: str, operations: tuple[RunOperation, ...]) -> None:
        folded, rule = fold_name(name), self._rule_for(name)
        before = self._done.known.get(folded)
        current = self._entry.attributes.get(folded)
        if current is not None and current.waits_for(self._files):
            raise _CannotRevert(WAITS)
        if not self._is_as_left(folded, before, operations):
            raise _CannotRevert(CHANGED)
        if rule.write == "once":
            raise _CannotRevert(ONCE)
        target = _target(name, before, operations, rule)
        if not target.is_set and target.value is None:
            _see_the_way(target.kind, name, self._entry.key, self._context)
        try:
            undoing = KINDS[target.kind].diff(current, target, self._context)
        except Faults as wrong:
            raise _CannotRevert(wrong.faults[0].message) from wrong
        if any(map(is_opt_in, undoing)):
            raise _CannotRevert(OPTS_IN)
        self._take(target, [_as_before(op, before) for op in undoing], rule)

    def _is_as_left(
        self,
        folded: str,
        before: KnownValue | None,
        operations: tuple[RunOperation, ...],
    ) -> bool:
        """Return whether the state has what the run left, or what came of that.

        What was sent in a file is acknowledged later, if it is.
        """
        current = self._entry.attributes.get(folded)
        if folded in self._done.forgotten:
            return current is None
        ways = (_ACKNOWLEDGED, (Outcome.ACKNOWLEDGED, Outcome.SENT))
        return any(_is_same(current, _after(before, operations, way)) for way in ways)

    def _take(
        self, target: DesiredValue, undoing: list[Operation], rule: Attribute
    ) -> None:
        if rule.write == "locked" and changes_value(undoing):
            self._locked.append(target.attribute)
        if target.leaving:
            self._forget.append(fold_name(target.attribute))
        self._operations.extend(undoing)

    def _change(self, *, is_whole: bool) -> Change:
        cohorts = self._done.cohorts if is_whole else self._entry.cohorts
        return Change(
            key=self._done.key,
            action="update",
            operations=tuple(
                sorted(self._operations, key=lambda op: (op.attribute, op.step))
            ),
            settled=EntryAfter(cohorts=cohorts, forget=tuple(sorted(self._forget))),
            locked=tuple(sorted(self._locked)),
        )


def _by_attribute(
    operations: Iterable[RunOperation],
) -> Iterator[tuple[str, tuple[RunOperation, ...]]]:
    found: dict[str, list[RunOperation]] = {}
    for each in operations:
        found.setdefault(each.operation.attribute, []).append(each)
    for name, own in found.items():
        yield name, tuple(own)


def _operands(operations: Iterable[RunOperation], operator: str) -> Iterator[str]:
    for operation in (each.operation for each in operations):
        if operation.operator == operator and isinstance(operation.operand, tuple):
            yield from operation.operand


def _after(
    known: KnownValue | None,
    operations: Iterable[RunOperation],
    certain: Container[Outcome],
) -> KnownValue | None:
    """Return what the run left behind, where some outcomes make values certain."""
    for each in operations:
        operation, is_certain = each.operation, each.outcome in certain
        known = KINDS[operation.kind].apply(known, operation, certain=is_certain)
    return known


def _is_same(current: KnownValue | None, after: KnownValue | None) -> bool:
    if current is None or after is None:
        return False  # whatever a run sent, something is known of it afterwards
    # The fold of a journal notes the run, and the file, in what it left in doubt.
    plain = [replace(each, since=None, due=None) for each in (current, after)]
    return plain[0] == plain[1]


_ACKNOWLEDGED = (Outcome.ACKNOWLEDGED,)


def _target(
    name: str,
    before: KnownValue | None,
    operations: tuple[RunOperation, ...],
    rule: Attribute,
) -> DesiredValue:
    """Return what the attribute was before.

    Raises:
        _CannotRevert: that is not known.
    """
    sensitive = rule.sensitive or any(each.operation.sensitive for each in operations)
    kind = operations[0].operation.kind
    if before is None and holds_sets(kind):
        # Nothing was known of it: what the run added goes, and nothing is known again.
        return DesiredValue(name, kind, exact=(), sensitive=sensitive, leaving=True)
    if before is None or not before.certain or before.maybe:
        raise _CannotRevert(NOT_KNOWN)
    if before.is_set:
        return DesiredValue(
            name, before.kind, exact=before.present, sensitive=sensitive
        )
    return DesiredValue(name, before.kind, before.value, sensitive=sensitive)


def _see_the_way(kind: str, name: str, key: ProfileKey, context: ValueContext) -> None:
    """See that the attribute can be taken away again.

    Raises:
        _CannotRevert: the API cannot, and no file may or can name the profile.
    """
    is_api = KINDS[kind].can_remove(name)
    if not (
        is_api or (key.type in IN_FILES and KINDS[kind].is_removable(name, context))
    ):
        raise _CannotRevert(STAYS)


def _as_before(operation: Operation, before: KnownValue | None) -> Operation:
    """Return an operation on a list that gives back whose values are whose."""
    if before is None or not isinstance(operation.operand, tuple):
        return operation
    values = operation.operand
    if operation.operator == "$add":
        ours = tuple(value for value in values if value in before.ours)
        return replace(operation, ours=ours)
    absent = tuple(value for value in values if value in before.absent)
    return replace(operation, excluded=absent)
