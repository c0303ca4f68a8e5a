"""Runs of new profiles of which all was acknowledged, as their lines have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ctsync.apply.folding.plain_profiles import AcknowledgedRow
from ctsync.apply.journal.journal_records import readable
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText, text_of
from ctsync.model.known_texts import KnownTexts
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import CHANGE_KEY
from ctsync.plan.entries.known_patterns import AssignedColumns
from ctsync.plan.entries.taken_patterns import TakenPatterns
from ctsync.state.edit_stream import KnownEntries, NewEntries
from ctsync.state.entry_edits import edited_line
from ctsync.state.journal_file import LineGroup, StoredLine

_LEARNED_FIRST = 16  # lines, so that no few that lack something tell of a whole group


class AcknowledgedRun(NewEntries):
    """Changes that follow each other in a group, all of which patterns told.

    `at` is where the first one's line stands in the group, `number` where in the
    journal.
    """

    def __init__(
        self,
        group: LineGroup,
        at: int,
        number: int,
        columns: EntryColumns,
        patterns: TakenPatterns,
    ) -> None:
        self._group, self._at, self._number = group, at, number
        self._patterns = patterns
        self.columns = columns

    def __iter__(self) -> Iterator[tuple[ProfileKey, AcknowledgedRow]]:
        """Give the changes one by one."""
        for at, new in enumerate(self.columns.texts()):
            line, number = self._group.line(self._at + at), self._number + at
            yield new.key, AcknowledgedRow(line, number, self._patterns, new)


class AssignedRun(KnownEntries):
    """The same of changes that assign values to profiles with entries."""

    def __init__(
        self,
        group: LineGroup,
        at: int,
        number: int,
        columns: AssignedColumns,
        patterns: TakenPatterns,
    ) -> None:
        self._group, self._at, self._number = group, at, number
        self._patterns, self._columns = patterns, columns
        self.key_type, self.ids = columns.key_type, columns.ids

    @property
    def names(self) -> Sequence[tuple[str, ...]]:
        """The folded names of all that each change is about, in order."""
        return self._columns.names

    def __iter__(self) -> Iterator[tuple[ProfileKey, AcknowledgedRow]]:
        """Give the changes one by one."""
        return map(self._alone, range(len(self._columns)))

    def over(self, before: Sequence[bytes | None]) -> list[EntryText | None]:
        """Return the entries after the changes, over the lines of those before."""
        over, odd = self._columns.over, self._odd
        return [over(at, line) or odd(at, line) for at, line in enumerate(before)]

    def over_all(self, before: KnownTexts) -> EntryColumns | None:
        """Return the same as columns; None where one of them is odd."""
        return self._columns.over_all(before)

    def _odd(self, at: int, before: bytes | None) -> EntryText | None:
        after = edited_line(self._alone(at)[1], before)
        return None if after is None else text_of(after)

    def _alone(self, at: int) -> tuple[ProfileKey, AcknowledgedRow]:
        line = self._group.line(self._at + at)
        return _alone(line, self._number + at, self._patterns)


Run: TypeAlias = (
    "AcknowledgedRun | AssignedRun | list[tuple[ProfileKey, AcknowledgedRow]]"
)


def acknowledged_runs(
    group: LineGroup, number: int, patterns: TakenPatterns
) -> Iterator[Run]:
    """Yield the changes of a group of which all was acknowledged.

    Patterns tell most of them together; the others come alone.

    Raises:
        StateError: a line is none that a run writes (code `journal_damaged`).
    """
    if not patterns.has_learned:
        for at in range(min(_LEARNED_FIRST, len(group))):
            with readable(number + at):
                patterns.learn(group.line(at)[CHANGE_KEY])
    start = 0
    for columns in patterns.columns(group):
        at, start = start, start + (1 if columns is None else len(columns))
        if columns is None:
            yield [_alone(group.line(at), number + at, patterns)]
        elif isinstance(columns, AssignedColumns):
            yield AssignedRun(group, at, number + at, columns, patterns)
        else:
            yield AcknowledgedRun(group, at, number + at, columns, patterns)


def _alone(
    line: StoredLine, number: int, patterns: TakenPatterns
) -> tuple[ProfileKey, AcknowledgedRow]:
    with readable(number):
        row = AcknowledgedRow(line, number, patterns, patterns.entry(line.text))
    return row.key, row
