"""Changes that were decided in columns, as edits of what is known of profiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from ctsync.canonical_json import parse
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import text_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.declared_row import DeclaredRow
from ctsync.plan.document.change_codec import CHANGE_KEY, SETTLED, START
from ctsync.plan.entries.plain_entry import Taking
from ctsync.plan.entries.row_patterns import RowPatterns
from ctsync.state.edit_stream import KeyedEdit, NewEntries
from ctsync.state.entry_edits import PutText

_LEARNED = 16  # changes, so that no few that lack something tell of all


class NewProfiles(NewEntries):
    """Profiles that follow each other, and of which nothing is known."""

    def __init__(self, columns: EntryColumns) -> None:
        self.columns = columns

    def __iter__(self) -> Iterator[tuple[ProfileKey, PutText]]:
        """Give the edits one by one."""
        return ((text.key, PutText(text)) for text in self.columns.texts())


class DeclaredRows:
    """Makes edits of lines of a plan, among which entries may stand as they are to be.

    What a plan says of an entry with nothing to do makes none.
    """

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self._patterns = RowPatterns(taking)

    def runs(self, lines: Sequence[bytes]) -> Iterator[Iterable[KeyedEdit]]:
        """Yield the edits of lines that follow each other in the order of keys.

        Those of new profiles come together where a pattern tells them.
        """
        if not self._patterns.patterns:
            changes = [*filter(_is_change, lines)]
            for line in changes[:: len(changes) // _LEARNED + 1]:
                self._patterns.learn(parse(line)[CHANGE_KEY])
        found = self._patterns.columns(b"".join(lines))
        at = 0
        for columns in repeat(None, len(lines)) if found is None else found:
            if columns is None:
                yield self._alone(lines[at])
                at += 1
            else:
                yield NewProfiles(columns)
                at += len(columns)

    def _alone(self, line: bytes) -> Sequence[KeyedEdit]:
        if _is_change(line):
            row = parse(line)[CHANGE_KEY]
            self._patterns.learn(row)
            edit = DeclaredRow(row, self._taking)
            return ((edit.key, edit),)
        if line.startswith(SETTLED):
            return ()
        text = text_from_line(line)
        return ((text.key, PutText(text)),)


def _is_change(line: bytes) -> bool:
    return line.startswith(START)
