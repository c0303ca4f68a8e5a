"""What is shown of a change, as rows: read from a saved plan with no value built.

Building an object for each operation costs more than showing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from ctsync.model.change import Action, Change, EntryAfter, Origin
from ctsync.model.operation import Operation
from ctsync.model.row import Row, RowForm

OPERATION_FORM = RowForm(Operation)
ORIGIN_FORM = RowForm(Origin)
SETTLED_FORM = RowForm(EntryAfter)


class ChangeRows(TypedDict):
    """A change with its operations and origins as rows."""

    key: Mapping[str, str]
    action: Action
    operations: Sequence[Row]
    origins: Sequence[Row]
    released: Sequence[str]
    settled: Row
    locked: NotRequired[Sequence[str]]


def change_rows(change: Change) -> ChangeRows:
    """Return the rows of a change that is at hand."""
    return {
        "key": change.key.as_json(),
        "action": change.action,
        "operations": OPERATION_FORM.rows(change.operations),
        "origins": ORIGIN_FORM.rows(change.origins),
        "released": change.released,
        "settled": SETTLED_FORM.row(change.settled),
        "locked": change.locked,
    }
