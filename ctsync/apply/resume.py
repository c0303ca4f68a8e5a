"""Working out what of a plan is still due, from what is known now.

It is written down as a plan of its own, which is then sent like any other. What was
acknowledged needs nothing, what is certain and was not sent is sent as planned, and
what is unknown is assigned: the kinds say so when they are asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from operator import itemgetter
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.change import Change, EntryAfter
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.plan_file import SavedPlan, scratch_file
from ctsync.plan.plan_header import PlanFoot
from ctsync.plan.plan_writer import PlanWriter


class Due(Struct, frozen=True):
    """What of a plan is to be sent, as a plan; `done` are places in the whole one."""

    plan: SavedPlan
    done: tuple[int, ...] = ()


def remainder(plan: SavedPlan, entries: Iterable[Entry], frame: ValueContext) -> Due:
    """Return what of a plan is still due, with what entries get at the next fold."""
    done: list[int] = []
    with ExitStack() as stack:
        file = stack.enter_context(scratch_file())
        writer = PlanWriter(file, plan.head)
        settled: Iterator[_Found] = ((key, None, each) for key, each in plan.settled())
        found = merge(_still_due(plan, entries, frame), settled, key=itemgetter(0))
        for key, place, each in found:
            if isinstance(each, EntryAfter):
                writer.add_settled(key, each)
                continue
            if place is not None and not each.operations:
                done.append(place)
            if each.operations or each.released:
                writer.add_change(each)
            elif place is not None:
                writer.add_settled(key, each.settled)
        writer.close(PlanFoot())
        due = Due(SavedPlan(file, plan.name), tuple(done))
        stack.pop_all()
    return due


_Found: TypeAlias = "tuple[ProfileKey, int | None, Change | EntryAfter]"


def _still_due(
    plan: SavedPlan, entries: Iterable[Entry], frame: ValueContext
) -> Iterator[_Found]:
    """Yield each change as far as it is due, with its place if it sent anything."""
    waiting = iter(entries)
    entry, place = next(waiting, None), 0
    for change in plan.changes():
        while entry is not None and entry.key < change.key:
            entry = next(waiting, None)
        own = entry if entry is not None and entry.key == change.key else None
        is_release = change.action == "release"
        due = still_due(change, own, frame)
        yield change.key, None if is_release else place, due
        place += not is_release


def still_due(change: Change, entry: Entry | None, frame: ValueContext) -> Change:
    """Return the change with the operations that are still to be sent."""
    if entry is None or entry.gone:
        return change
    if is_settled(change, entry):
        return replace(change, operations=(), released=())
    due = (target for target in change.targets if not _is_done(target, change, entry))
    operations = [
        operation
        for target in due
        for operation in KINDS[target.kind].diff(
            entry.attributes.get(fold_name(target.attribute)), target, frame
        )
    ]
    return replace(
        change,
        operations=tuple(sorted(operations, key=lambda op: (op.attribute, op.step))),
        released=tuple(n for n in change.released if fold_name(n) in entry.attributes),
    )


def is_settled(change: Change, entry: Entry) -> bool:
    """Return whether the entry shows that the whole change was acknowledged."""
    fingerprint = change.settled.fingerprint
    return fingerprint is not None and entry.fingerprint == fingerprint


def _is_done(target: DesiredValue, change: Change, entry: Entry) -> bool:
    """Return whether a target was reached by something that diff cannot see."""
    name = fold_name(target.attribute)
    if target.write == "once" and name in entry.once:
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
