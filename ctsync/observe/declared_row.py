"""A change that was decided in columns, taken in as if it had long been so."""

from __future__ import annotations

from ctsync.canonical_json import fold_name
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import key_from_json
from ctsync.model.row import Row
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document.change_codec import change_from_data
from ctsync.plan.entries.plain_entry import Taking, entry_after
from ctsync.state.entry_edits import TextEdit


class DeclaredRow(TextEdit):
    """The row of a change, over whatever entry the profile has."""

    __slots__ = ("_row", "_taking", "key")

    def __init__(self, row: Row, taking: Taking) -> None:
        self._row, self._taking = row, taking
        self.key = key_from_json({row[1]: row[2]})

    def over(self, before: bytes | None) -> EntryText | None:
        """Return the entry as text; None where that takes a longer look."""
        return entry_after(self._row, self._taking, before)

    def __call__(self, before: Entry | None) -> Entry:
        """Return the entry."""
        change = change_from_data(self._row)
        whole = () if self._taking is Taking.SAID else lists_in(change)
        is_read = self._taking is Taking.READ
        return entry_as_declared(
            before or Entry(self.key), change, whole, is_read=is_read
        )


def lists_in(change: Change) -> frozenset[str]:
    """Return the folded names of lists; columns are sure of whole ones, and no others.

    So whoever is asked for lists that are declared whole has all of them.
    """
    return frozenset(fold_name(op.attribute) for op in change.operations if op.is_set)
