"""Runs of new profiles of which all was acknowledged, as their lines have them."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.apply.journal_records import readable
from ctsync.apply.plain_profiles import AcknowledgedRow
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.change_codec import CHANGE_KEY
from ctsync.plan.row_patterns import RowPatterns
from ctsync.state.edit_stream import NewEntries
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
        patterns: RowPatterns,
    ) -> None:
        self._group, self._at, self._number = group, at, number
        self._patterns = patterns
        self.columns = columns

    def __iter__(self) -> Iterator[tuple[ProfileKey, AcknowledgedRow]]:
        """Give the changes one by one."""
        for at, new in enumerate(self.columns.texts()):
            line, number = self._group.line(self._at + at), self._number + at
            yield new.key, AcknowledgedRow(line, number, self._patterns, new)


def acknowledged_runs(
    group: LineGroup, number: int, patterns: RowPatterns
) -> Iterator[AcknowledgedRun | list[tuple[ProfileKey, AcknowledgedRow]]]:
    """Yield the changes of a group of which all was acknowledged.

    Patterns tell most of them together; the others come alone.

    Raises:
        StateError: a line is none that a run writes (code `journal_damaged`).
    """
    if not patterns.patterns:
        for at in range(min(_LEARNED_FIRST, len(group))):
            with readable(number + at):
                patterns.learn(group.line(at)[CHANGE_KEY])
    told = patterns.columns(group.text) or [None] * len(group)
    start = 0
    for columns in told:
        at, start = start, start + (1 if columns is None else len(columns))
        if columns is None:
            yield [_alone(group.line(at), number + at, patterns)]
        else:
            yield AcknowledgedRun(group, at, number + at, columns, patterns)


def _alone(
    line: StoredLine, number: int, patterns: RowPatterns
) -> tuple[ProfileKey, AcknowledgedRow]:
    with readable(number):
        row = AcknowledgedRow(line, number, patterns, patterns.entry(line.text))
    return row.key, row
