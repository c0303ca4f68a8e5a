"""Working out what of a plan is still due, from what is known now.

What was acknowledged needs nothing, what is certain and was not sent is sent as
planned, and what is unknown is assigned: the kinds say so when they are asked again.
"""

from __future__ import annotations

from dataclasses import replace

from ctsync.canon import fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.base import Frame
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.target import Target


def still_due(change: Change, entry: Entry | None, frame: Frame) -> Change:
    """Give the change with the operations that are still to be sent."""
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
    """Say whether the entry shows that the whole change was acknowledged."""
    fingerprint = change.settled.fingerprint
    return fingerprint is not None and entry.fingerprint == fingerprint


def _is_done(target: Target, change: Change, entry: Entry) -> bool:
    """Say whether a target was reached by something that diff cannot see."""
    name = fold_name(target.attribute)
    if target.write == "once" and name in entry.once:
        return True
    return name in change.settled.forget and _was_forgotten(name, change, entry)


def _was_forgotten(name: str, change: Change, entry: Entry) -> bool:
    """Say whether an attribute left the entry when the change was acknowledged."""
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
