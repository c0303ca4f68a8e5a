"""Folding a run while its record is kept: what both read is read once.

Both go over the whole journal, and over the entries before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctsync.apply.folding.acknowledged_run import AssignedRun
from ctsync.apply.folding.fold import Folding, edit_runs
from ctsync.apply.folding.plain_profiles import SpelledRows
from ctsync.apply.folding.replayed_effects import effect_runs
from ctsync.apply.folding.replayed_outcomes import GroupOutcomes, Told
from ctsync.apply.folding.run_keeping import RunKeeping
from ctsync.apply.journal.grouped_lines import numbered_groups
from ctsync.apply.journal.journal_records import head_from_json
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.beside import Handing, handed
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.known_texts import KnownTexts
from ctsync.model.profile_key import ProfileKey
from ctsync.state.base import Journal, Store
from ctsync.state.edit_stream import EditStream, KeyedEdit, KnownEntries
from ctsync.state.entry_edits import Edit
from ctsync.state.journal_file import LineGroup, StoredLines
from ctsync.state.segmented_store import SegmentedStore

WORTH_CHANGES = 4096  # with fewer it takes longer to begin a thread


def fold_kept(
    store: Store,
    folding: Folding,
    journal: Journal,
    replay: JournalReplay,
    keeping: RunKeeping,
) -> None:
    """Keep the record of a run, and fold it into the state that it extends.

    The record lies there before the state that comes of it is published.

    Raises:
        StateError: one could not be written; the last snapshot stands.
    """
    lines = journal.lines()
    is_worth = isinstance(store, SegmentedStore) and replay.changed >= WORTH_CHANGES
    if is_worth and isinstance(lines, StoredLines):
        with handed(keeping.keep_told) as handing:
            if handing is not None:
                told = _ToldEdits(lines.groups, replay, handing)
                runs = told.runs(head_from_json(journal.head).run)
                store.amend(folding.header, EditStream(runs, replay.changed))
                return
    keeping.keep()
    store.amend(folding.header, folding.edits())


class _ToldEdits:
    """Edits of a journal, of which is told what they are and what stood before them."""

    def __init__(
        self,
        groups: Iterator[LineGroup],
        replay: JournalReplay,
        handing: Handing[Told],
    ) -> None:
        self._groups, self._replay, self._handing = groups, replay, handing
        self._outcomes = GroupOutcomes(replay)
        self._waiting: Iterator[Told] = iter(())

    def runs(self, run: str) -> Iterator[Iterable[KeyedEdit]]:
        """Yield those of a run as they come; all is kept of them when they end.

        Raises:
            StateError: the journal is damaged, or what is told could not be kept.
        """
        lines = StoredLines(self._told_groups())
        for edits in edit_runs(effect_runs(self._replay, lines, run)):
            yield _ToldRun(edits, self) if isinstance(edits, AssignedRun) else edits
        # Who takes edits publishes what came of them only after the last.
        self._handing.end()

    def tell(self, run: AssignedRun, before: Sequence[bytes | None]) -> None:
        """Tell what comes next of a group, over these entries if it is the same run."""
        told = next(self._waiting, None)
        if isinstance(told, SpelledRows) and told.are_of(run.key_type, run.ids):
            told = told.over(before, run.names)
        if told is not None:
            self._handing.hand(told)

    def _told_groups(self) -> Iterator[LineGroup]:
        """Yield groups; before the next comes, all is told of one."""
        for number, group in numbered_groups(self._groups):
            self._waiting = self._outcomes.of(number, group)
            yield group
            for told in self._waiting:
                self._handing.hand(told)


class _ToldRun(KnownEntries):
    """A run that is told of as soon as it is known what stood before it."""

    def __init__(self, run: AssignedRun, edits: _ToldEdits) -> None:
        self._run, self._edits = run, edits
        self.key_type, self.ids = run.key_type, run.ids

    def __iter__(self) -> Iterator[tuple[ProfileKey, Edit]]:
        return iter(self._run)

    def over(self, before: Sequence[bytes | None]) -> list[EntryText | None]:
        return self._run.over(before)

    def over_all(self, before: KnownTexts) -> EntryColumns | None:
        self._edits.tell(self._run, before.lines)
        return self._run.over_all(before)
