"""What files do to what is known: both values are possible until the platform tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from ctsync.apply.folding.state_effects import EntryWrite
from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.model.change import Change
from ctsync.model.due_import import ImportFile
from ctsync.model.entry import DueValue, Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.record import Record


class SentRecord(Struct, frozen=True):
    """What of a profile travels in files, by folded name."""

    values: tuple[tuple[str, DueValue], ...]
    cohorts: tuple[str, ...]
    run: str

    def fold_into(self, entry: Entry | None, empty: Entry) -> Entry | None:
        """Return the entry in doubt; `empty` is what a new one starts from."""
        known = {} if entry is None or entry.gone else entry.attributes
        after = {
            name: _due(known.get(name), due, self.run) for name, due in self.values
        }
        return EntryWrite(after, self.cohorts).fold_into(entry, empty)


def _due(known: KnownValue | None, due: DueValue, run: str) -> KnownValue:
    # Of one value a file is waited for at a time: what is known before it is bare.
    before = None if known is None else replace(known, due=None)
    kind = KINDS[due.operation.kind]
    after = kind.apply(before, due.operation, certain=False)
    return replace(after, since=run, due=replace(due, before=before))


def sent_record(change: Change, files: Iterable[ImportFile], run: str) -> SentRecord:
    """Return what of a change is in these files."""
    values = tuple(
        (fold_name(operation.attribute), _value(change, operation, file.name, own))
        for file in files
        for own in [operations_in(change, file)]
        for operation in own
    )
    return SentRecord(values, change.settled.cohorts, run)


def _value(
    change: Change, operation: Operation, file: str, own: tuple[Operation, ...]
) -> DueValue:
    name = fold_name(operation.attribute)
    is_last = not any(
        each.step > 1 and each.attribute == operation.attribute
        for each in change.operations
    )
    return DueValue(
        file,
        operation,
        rows=rows_of(own),
        once=is_last and name in change.once,
        forgets=is_last and name in change.settled.forget,
    )


def rows_of(operations: Iterable[Operation]) -> int:
    """Return how many rows a file has for operations: one for each value of a list."""
    operands = (operation.operand for operation in operations)
    return max(len(v) if isinstance(v, tuple) else 1 for v in operands)


def first_steps(change: Change) -> tuple[Operation, ...]:
    """Return what of a change may go in files now.

    A second step waits until the first was acknowledged.
    """
    return tuple(op for op in change.operations if op.goes_in_file and op.step == 1)


def has_later_steps(change: Change) -> bool:
    """Return whether a step of a change has to wait for another one."""
    return any(op.goes_in_file and op.step > 1 for op in change.operations)


def operations_in(change: Change, file: ImportFile) -> tuple[Operation, ...]:
    """Return what of a change stands in a file that holds the profile."""
    return tuple(
        operation
        for operation in first_steps(change)
        if (operation.attribute, operation.operator, operation.kind) in file.columns
    )


def settled_value(due: DueValue, *, accepted: bool) -> KnownValue | None:
    """Return what is known once the platform has told; None where that is nothing."""
    if not accepted:
        return due.before
    if due.forgets:
        return None
    return KINDS[due.operation.kind].apply(due.before, due.operation, certain=True)


def sent_outcomes(change: Change, files: Iterable[ImportFile]) -> Iterator[Record]:
    """Yield what of a change is in files, as records of the run."""
    for file in files:
        yield Record(change.key, operations_in(change, file), last=False)
