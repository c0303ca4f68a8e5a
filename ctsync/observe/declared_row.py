"""A change that was decided in columns, taken in as if it had long been so."""

from __future__ import annotations

from ctsync.canonical_json import fold_name, parse
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document.change_codec import CHANGE_KEY, change_from_data
from ctsync.plan.entries.plain_entry import Taking, entry_after
from ctsync.state.entry_edits import Edit, TextEdit


class DeclaredRow(TextEdit):
    """The change of a known profile, over whatever entry it has."""

    __slots__ = ("_row", "_taking", "key")

    def __init__(self, line: bytes, taking: Taking) -> None:
        self._row, self._taking = parse(line)[CHANGE_KEY], taking
        self.key = key_from_json({self._row[1]: self._row[2]})

    def over(self, before: bytes | None) -> EntryText | None:
        """Return the entry as text; None where that takes a longer look."""
        return entry_after(self._row, self._taking, before)

    def __call__(self, before: Entry | None) -> Entry:
        """Return the entry."""
        change = change_from_data(self._row)
        is_read = self._taking is Taking.READ
        return entry_as_declared(
            before or Entry(self.key), change, lists_in(change), is_read=is_read
        )


def lists_in(change: Change) -> frozenset[str]:
    """Return the folded names of lists; columns are sure of whole ones, and no others.

    So whoever is asked for lists that are declared whole has all of them.
    """
    return frozenset(fold_name(op.attribute) for op in change.operations if op.is_set)


def read_row(line: bytes, taking: Taking) -> tuple[ProfileKey, Edit]:
    """Return whose the line of a change is, and what it does to the entry."""
    row = DeclaredRow(line, taking)
    return row.key, row
