"""What one table says, of changes that may be what other places say as well."""

from __future__ import annotations

from collections.abc import Container

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.model.change import Change
from ctsync.model.row import Row

_OPERATIONS, _FINGERPRINT = 3, 5  # where the row of a change has them


class TablePart(Struct, frozen=True):
    """The name of a table, and the folded names of the attributes that it says."""

    table: str
    attributes: Container[str]

    def of_change(self, change: Change) -> Change:
        """Return what of a change the table says; nothing is settled by less."""
        kept = tuple(op for op in change.operations if self._says(op.attribute))
        if len(kept) == len(change.operations):
            return change
        settled = replace(change.settled, fingerprint=None)
        return replace(change, operations=kept, settled=settled)

    def of_row(self, row: Row) -> Row:
        """Return the same of the row of a change."""
        operations = row[_OPERATIONS]
        kept = [operation for operation in operations if self._says(operation[0])]
        if len(kept) == len(operations):
            return row
        before, between = row[:_OPERATIONS], row[_OPERATIONS + 1 : _FINGERPRINT]
        return [*before, kept, *between, None, *row[_FINGERPRINT + 1 :]]

    def _says(self, attribute: str) -> bool:
        return fold_name(attribute) in self.attributes
