"""Working out what of each change is still due, from what is known now.

What was acknowledged needs nothing, what is certain and was not sent is sent as
planned, and what is unknown is assigned: the kinds say so when they are asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from ctsync.apply.witness import Witness, not_borne_out
from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.change import Action, Change, EntryAfter
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.fault import Faults
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import change_line
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.state.base import Snapshot

NOTHING: Container[str] = frozenset()


class DueChange(NamedTuple):
    """What of a change is due, beside the entry of its profile.

    `place` is that among the changes that sent anything, None of one that released.
    Something of it is in files that are waited for if it `waits`.
    """

    key: ProfileKey
    place: int | None
    change: Change
    entry: Entry | None
    waits: bool


def due_changes(
    plan: SavedPlan,
    present: Snapshot,
    frame: ValueContext,
    witness: Witness | None,
    files: Container[str],
) -> Iterator[DueChange]:
    """Yield each change as far as it is due.

    Raises:
        PlanRefused: one is not what a witness makes of it.
    """
    waiting = present.pick(change.key for change in plan.changes())
    entry, place = next(waiting, None), 0
    for number, change in enumerate(plan.changes(), start=1):
        while entry is not None and entry.key < change.key:
            entry = next(waiting, None)
        own = entry if entry is not None and entry.key == change.key else None
        if witness is None:
            due = still_due(change, own, frame, files)
        else:
            due = _whole(change, own, frame)
            doubt = witness.doubts(change, own)
            # As bytes: for Python true equals 1.
            if doubt is not None or change_line(due) != change_line(change):
                raise not_borne_out(plan.name, number, doubt)
        is_release, is_waiting = change.action == "release", waits(change, own, files)
        if is_waiting and own is not None:
            due = _unsettled(due, own)
        at = None if is_release else place
        yield DueChange(change.key, at, due, own, is_waiting)
        place += not is_release


def _unsettled(change: Change, entry: Entry) -> Change:
    """Return a change that settles nothing, since a part of it is still to be told.

    A fingerprint would hide the profile from every plan until then, and from those
    after it where no report comes. Nobody leaves a cohort either while what is given
    then may fail, as in `diff_profile`.
    """
    cohorts = tuple(sorted({*entry.cohorts, *change.settled.cohorts}))
    return replace(change, settled=EntryAfter(None, cohorts))


def _whole(change: Change, entry: Entry | None, frame: ValueContext) -> Change:
    """Return what a change comes to where nothing of it has been sent."""
    is_known = entry is not None and not entry.gone
    before = entry if entry is not None and is_known else Entry(change.key)
    due = _due(change, before, frame, lambda _: False)
    return replace(due, action=_action(due, is_known=is_known))


def _action(change: Change, *, is_known: bool) -> Action:
    if not change.operations:
        return "release"
    return "update" if is_known else "create"


def waits(change: Change, entry: Entry | None, files: Container[str]) -> bool:
    """Return whether one of the files sends something that a change is about."""
    if files is NOTHING or entry is None or entry.gone:
        return False
    found = (
        entry.attributes.get(fold_name(operation.attribute))
        for operation in change.operations
    )
    return any(known is not None and known.waits_for(files) for known in found)


def still_due(
    change: Change,
    entry: Entry | None,
    frame: ValueContext,
    files: Container[str] = NOTHING,
) -> Change:
    """Return the change with the operations that are still to be sent."""
    # Whom no entry knows nothing was done to; who is gone is made anew, by all of it.
    if entry is None or entry.gone:
        return change
    if is_settled(change, entry):
        return replace(change, operations=(), released=())
    known = entry.attributes
    return _due(
        change,
        entry,
        frame,
        lambda name: (
            (name in known and known[name].waits_for(files))
            or _is_done(name, change, entry)
        ),
    )


def _due(
    change: Change, entry: Entry, frame: ValueContext, is_done: Callable[[str], bool]
) -> Change:
    return replace(
        change,
        operations=tuple(
            operation
            for name, own in _by_name(change.operations)
            if not is_done(name)
            for operation in _towards(own, entry.attributes.get(name), frame)
        ),
        released=tuple(n for n in change.released if fold_name(n) in entry.attributes),
    )


def _by_name(
    operations: Iterable[Operation],
) -> Iterator[tuple[str, tuple[Operation, ...]]]:
    for attribute, own in groupby(operations, key=attrgetter("attribute")):
        yield fold_name(attribute), tuple(own)


def _towards(
    operations: tuple[Operation, ...], known: KnownValue | None, frame: ValueContext
) -> tuple[Operation, ...]:
    kind = KINDS[operations[0].kind]
    try:
        due = kind.diff(known, kind.target_of(operations), frame)
    except Faults:
        return ()  # what is known now admits none of them
    if operations[0].goes_in_file:
        # Whoever planned it found it too much for the API.
        return tuple(replace(each, channel=operations[0].channel) for each in due)
    return due


def is_settled(change: Change, entry: Entry) -> bool:
    """Return whether the entry shows that the whole change was acknowledged."""
    fingerprint = change.settled.fingerprint
    return fingerprint is not None and entry.fingerprint == fingerprint


def _is_done(name: str, change: Change, entry: Entry) -> bool:
    """Return whether an attribute came where it is to be, in a way diff cannot see."""
    if name in change.once and name in entry.once:
        return True
    return name in change.settled.forget and _was_forgotten(name, change, entry)


def _was_forgotten(name: str, change: Change, entry: Entry) -> bool:
    """Return whether an attribute left the entry when the change was acknowledged."""
    if name in entry.attributes:
        return False
    if any(
        fold_name(operation.attribute) == name and operation.prior != "unknown"
        for operation in change.operations
    ):
        return True
    # Nothing was known of it before either; but whoever gets `leave:` was a member
    # until then, and is none since.
    return entry.cohorts == tuple(sorted(change.settled.cohorts))
