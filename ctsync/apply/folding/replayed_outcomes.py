"""What came of each change of a journal, for whoever tells of its run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import TypeAlias

from ctsync.apply.folding.plain_profiles import SpelledRow, SpelledRows
from ctsync.apply.folding.sent_files import sent_outcomes
from ctsync.apply.journal.grouped_lines import due_of, dues_of, kind_of, numbered, sends
from ctsync.apply.journal.journal_records import Line, readable
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.journal.record_marks import DOUBTED, TAKEN
from ctsync.model.change import Change
from ctsync.model.due_import import DueImport
from ctsync.model.record import Outcome, Record
from ctsync.plan.document.change_codec import CHANGE_KEY, change_from_data
from ctsync.plan.document.schedule import records_of
from ctsync.state.journal_file import LineGroup, StoredLine

Done: TypeAlias = tuple[Change, tuple[tuple[Record, Outcome], ...]]
Told: TypeAlias = "SpelledRows | tuple[Done | SpelledRow]"
"""What came of a run of changes, or of one."""


def replayed_outcomes(
    replay: JournalReplay, lines: Iterable[Line]
) -> Iterator[Done | SpelledRow]:
    """Yield the changes of lines of which anything came; `replay` is that of them.

    With each come its records that were acknowledged or whose outcome is unknown,
    in the order in which they were sent, and what was sent in files; there are none
    where it only releases. Of those of which all was acknowledged come the rows.
    """
    return chain.from_iterable(outcome_runs(replay, lines))


def outcome_runs(replay: JournalReplay, lines: Iterable[Line]) -> Iterator[Told]:
    """Yield the same, in runs where all that was sent was acknowledged."""
    outcomes = GroupOutcomes(replay)
    for number, group in numbered(lines):
        yield from outcomes.of(number, group)


class GroupOutcomes:
    """Tells the same group by group; they come in the order of the journal."""

    def __init__(self, replay: JournalReplay) -> None:
        """`replay` is that of all its lines."""
        self._replay = replay
        self._place = 0

    def of(self, number: int, group: Collection[Line]) -> Iterator[Told]:
        """Yield what came of a group, of which this is the first line's number."""
        dues = dues_of(group)
        are_taken = dues is not None and self._replay.are_taken(dues, self._place)
        if are_taken and (rows := _spelled_rows(group)) is not None:
            self._place += len(group)
            yield rows
            return
        for at, line in enumerate(group, start=number):
            if are_taken or kind_of(line) == CHANGE_KEY:
                with readable(at):
                    told = _told(self._replay, line, self._place, is_taken=are_taken)
                    self._place += are_taken or sends(line)
                if told is not None:
                    yield (told,)


def _told(
    replay: JournalReplay, line: Line, place: int, *, is_taken: bool
) -> Done | SpelledRow | None:
    """Return what came of a change; `is_taken` says that all was acknowledged."""
    if is_taken and (row := _spelled_row(line)) is not None:
        return row
    is_sent = sends(line)
    mark = replay.mark_of(place) if is_sent else 0
    files = replay.files.of(place) if is_sent else ()
    if not (mark or files or (replay.releases and not is_sent)):
        return None
    row = None
    if mark and not files and due_of(line) == mark:
        row = _spelled_row(line)
    return _done(line, mark, files) if row is None else row


def _spelled_rows(group: Collection[Line]) -> SpelledRows | None:
    return SpelledRow.of_lines(group.text) if isinstance(group, LineGroup) else None


def _spelled_row(line: Line) -> SpelledRow | None:
    return SpelledRow.of_line(line.text) if isinstance(line, StoredLine) else None


def _done(line: Line, mark: int, files: Iterable[DueImport]) -> Done:
    change = change_from_data(line["change"])
    found = sent_outcomes(change, [due.file for due in files])
    sent = ((each, Outcome.SENT) for each in found)
    return change, (*_outcomes(change, mark), *sent)


def _outcomes(change: Change, mark: int) -> Iterator[tuple[Record, Outcome]]:
    for wave, record in records_of(change):
        bits = mark >> 2 * (wave - 1)
        if bits & TAKEN:
            yield record, Outcome.ACKNOWLEDGED
        elif bits & DOUBTED:
            yield record, Outcome.UNKNOWN
