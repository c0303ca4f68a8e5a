"""What a plan does to one profile, row by row: in words, before any layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from msgspec import Struct

from ctsync.model.change import Change
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.render.text_width import escape
from ctsync.render.value_text import (
    STAYS,
    operator_words,
    sides_of,
    symbol_of,
    uncertain_words,
)

LOCKED = "locked by the catalog: this blocks the plan"


class OperationRow(Struct, frozen=True):
    """One operation in words, masked and escaped.

    `sides` are before and after, or one of them where it says all. `notes` say what
    is not known of a list, with the last of its operations, and what is locked.
    """

    operation: Operation
    symbol: str
    attribute: str
    sides: tuple[str, ...]
    operator: str
    notes: tuple[str, ...]


def operation_rows(change: Change, mask: Mask) -> Iterator[OperationRow]:
    """Yield a row for each operation of a change."""
    creates = change.action == "create"
    return rows_of_operations(
        change.operations, mask, creates=creates, locked=change.locked
    )


def rows_of_operations(
    operations: Sequence[Operation],
    mask: Mask,
    *,
    creates: bool,
    locked: Container[str] = (),
) -> Iterator[OperationRow]:
    """Yield a row for each operation on one profile."""
    steps = Counter(op.attribute for op in operations)
    for number, operation in enumerate(operations):
        # Operations on one attribute follow each other.
        following = operations[number + 1 : number + 2]
        is_last = not any(op.attribute == operation.attribute for op in following)
        in_steps = steps[operation.attribute] > 1
        yield OperationRow(
            operation=operation,
            symbol=symbol_of(operation, creates=creates),
            attribute=escape(operation.attribute),
            sides=sides_of(operation, mask, creates=creates),
            operator=operator_words(operation, mask, in_steps=in_steps),
            notes=tuple(_notes(operation, locked)) if is_last else (),
        )


def _notes(operation: Operation, locked: Container[str]) -> Iterator[str]:
    """Yield what is not known of a list, and that an attribute is locked."""
    if operation.operator in {"$add", "$remove"}:
        if operation.prior == "uncertain":
            yield uncertain_words(operation.since)
        if not operation.certain:
            yield STAYS
    if operation.attribute in locked:
        yield LOCKED
