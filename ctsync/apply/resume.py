"""Working out what of a plan is still due, from what is known now.

It is written down as a plan of its own, which is then sent like any other. What was
acknowledged needs nothing, what is certain and was not sent is sent as planned, and
what is unknown is assigned: the kinds say so when they are asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.apply.witness import Witness, not_borne_out
from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.change import Action, Change, EntryAfter
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.fault import Faults
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.change_codec import change_line
from ctsync.plan.plan_file import SavedPlan, scratch_file
from ctsync.plan.plan_writer import PlanWriter
from ctsync.state.base import Snapshot

NOTHING: Container[str] = frozenset()


class Due(Struct, frozen=True):
    """What of a plan is to be sent, as a plan.

    `done` are places in the whole one, and so are `sent`: all that is left of those is
    in files of which the platform has not told yet. Something of those that `wait`,
    places in the plan that is to be sent, is in such files, too.
    """

    plan: SavedPlan
    done: tuple[int, ...] = ()
    sent: tuple[int, ...] = ()
    wait: tuple[int, ...] = ()


def remainder(
    plan: SavedPlan,
    present: Snapshot,
    frame: ValueContext,
    *,
    files: Container[str] = NOTHING,
    is_fresh: bool = False,
    witness: Witness | None = None,
) -> Due:
    """Return what of a plan is still due, with what entries get at the next fold.

    What stands in one of the `files`, of which the platform may still tell, is not.

    Raises:
        PlanRefused: a plan that was not begun is not what its witness makes of it.
    """
    done: list[int] = []
    sent: list[int] = []
    wait: list[int] = []
    sending = 0
    memory = None if witness is None else witness.memory()
    with ExitStack() as stack:
        file = stack.enter_context(scratch_file())
        writer = PlanWriter(file, plan.head)
        settled: Iterator[_Found] = (
            (key, None, each, None, False) for key, each in plan.settled()
        )
        due_now = _still_due(plan, present, frame, witness if is_fresh else None, files)
        for key, place, each, entry, waits in merge(
            due_now, settled, key=itemgetter(0)
        ):
            if isinstance(each, EntryAfter):
                if memory is None or memory.confirms(key, each):
                    writer.add_settled(key, each)
                continue
            if place is not None and not each.operations:
                (sent if waits else done).append(place)
            if each.operations:
                wait += [sending] if waits else []
                sending += 1
            if each.operations or each.released:
                due = each if memory is None else memory.confirmed(each, entry)
                writer.add_change(_still_sending(due))
            elif (
                place is not None
                and not waits
                and (memory is None or memory.confirms(key, each.settled))
            ):
                writer.add_settled(key, each.settled)
        writer.close(PlanFoot())
        rest = Due(SavedPlan(file, plan.name), tuple(done), tuple(sent), tuple(wait))
        stack.pop_all()
    return rest


def done_so_far(
    plan: SavedPlan,
    present: Snapshot,
    frame: ValueContext,
    files: Container[str] = NOTHING,
) -> int:
    """Count the changes of a plan of which nothing is to be sent any more."""
    due = _still_due(plan, present, frame, None, files)
    return sum(
        place is not None and isinstance(change, Change) and not change.operations
        for _, place, change, *_ in due
    )


_Found: TypeAlias = (
    "tuple[ProfileKey, int | None, Change | EntryAfter, Entry | None, bool]"
)


def _still_due(
    plan: SavedPlan,
    present: Snapshot,
    frame: ValueContext,
    witness: Witness | None,
    files: Container[str],
) -> Iterator[_Found]:
    """Yield each change as far as it is due, with its place if it sent anything.

    At last stands whether something of it is in files that are waited for.
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
        yield change.key, None if is_release else place, due, own, is_waiting
        place += not is_release


def _unsettled(change: Change, entry: Entry) -> Change:
    """Return a change that settles nothing, since a part of it is still to be told.

    A fingerprint would hide the profile from every plan until then, and from those
    after it where no report comes. Nobody leaves a cohort either while what is given
    then may fail, as in `diff_profile`.
    """
    cohorts = tuple(sorted({*entry.cohorts, *change.settled.cohorts}))
    return replace(change, settled=EntryAfter(None, cohorts))


def _still_sending(change: Change) -> Change:
    return change if change.operations else replace(change, action="release")


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
