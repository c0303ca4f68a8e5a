"""Folding a large journal with others' help; without it where that fails.

Whoever sends remains the one who publishes. Others write files, of a range of keys
each, and what they wrote counts only once it was looked at here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from logging import getLogger

from msgspec import Struct, json

from ctsync.apply.folding.fold import Folding
from ctsync.apply.folding.kept_fold import fold_kept
from ctsync.apply.folding.range_fold import RangeFold, written_range
from ctsync.apply.folding.run_keeping import RunKeeping
from ctsync.apply.journal.journal_records import head_from_json
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.journal.journal_slices import JournalSlice, cut_journal
from ctsync.errors import CtsyncError, Interrupted
from ctsync.files.own_folder import OwnFolder
from ctsync.model.workers import Workers
from ctsync.state.base import Journal, Store
from ctsync.state.range_writing import OddRanges, RangeTerms, WrittenRange
from ctsync.state.segmented_store import SegmentedStore

SLICE_LINES = 65_536  # with fewer in each, more slices gain nothing
# Each becomes a file, and all files of a state are open while it is read. Of segments
# there may be several.
MOST_SLICES = {"base": 64, "segment": 16}


def fold_by_workers(
    workers: Workers,
    store: Store,
    folding: Folding,
    journal: Journal,
    replay: JournalReplay,
    keeping: RunKeeping,
) -> None:
    """Fold a journal into the state that it extends, by workers where that pays.

    The record of the run is kept meanwhile, and lies there before the state that comes
    of it.

    Raises:
        StateError: it could not be written; the last snapshot stands.
    """
    if isinstance(store, SegmentedStore) and replay.changed >= workers.worth:
        shared = _SharedFold(workers, journal, replay, keeping)
        try:
            store.amend_by_ranges(folding.header, replay.changed, shared.write)
        except OddRanges as odd:
            why = str(odd)  # the error itself holds files of the version before
            getLogger(__name__).info("%s, so this machine folds by itself", why)
        else:
            return
    fold_kept(store, folding, journal, replay, keeping)


class _SharedFold(Struct, frozen=True):
    """A journal that workers fold, each a slice of it."""

    workers: Workers
    journal: Journal
    replay: JournalReplay
    keeping: RunKeeping

    def write(self, terms: RangeTerms) -> list[WrittenRange]:
        """Have all ranges written, and keep the record of the run.

        Raises:
            OddRanges: they were not.
            StateError: the journal is damaged, or the record could not be kept.
        """
        task = RangeFold(terms, head_from_json(self.journal.head).run)
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(OwnFolder()).path
                most = self._most(terms.kind)
                slices = cut_journal(self.journal, self.replay, folder, most=most)
            except OSError as error:
                raise OddRanges("there is no room for slices of the journal") from error
            with self.keeping.kept_meanwhile():
                said = self._said(task, slices)
            return [*map(written_range, said)]

    def _most(self, kind: str) -> int:
        """Return how many slices to make."""
        enough = -(-self.replay.lines // SLICE_LINES)
        return min(MOST_SLICES[kind], self.workers.pieces, enough)

    def _said(self, task: RangeFold, slices: Sequence[JournalSlice]) -> Sequence[bytes]:
        try:
            return self.workers.run(task, [*map(json.encode, slices)])
        except Interrupted:
            raise
        # Whatever a cluster dies of: what was sent is known here, and is folded.
        except Exception as error:
            words = "workers gave up"
            if isinstance(error, CtsyncError):
                words = error.message
            raise OddRanges(words) from error
