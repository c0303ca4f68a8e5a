"""Taking up what a run left: for readers in memory, for the lock holder for good."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from ctsync.apply.folding.fold import Folding, fold_journal
from ctsync.apply.folding.history import keep_run
from ctsync.apply.folding.kept_fold import fold_kept
from ctsync.apply.folding.run_keeping import RunKeeping
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.errors import StateError
from ctsync.model.run import KEPT_RUNS
from ctsync.model.snapshot import Base
from ctsync.state.base import Journal, Snapshot, Store
from ctsync.state.entry_edits import changed_entry, replaced_entries
from ctsync.state.lineage_checks import relation
from ctsync.state.snapshot_codec import with_changed_digest

_TRIES = 3


class CurrentSnapshot(Snapshot, frozen=True):
    """What is known now: a snapshot, with what a journal beside it adds."""

    @property
    def base(self) -> Base:
        """What a plan made now would be made from."""
        if self.header is None:
            return Base()
        return Base(self.header.lineage, self.header.serial, self.header.digest)


def folded_view(store: Store) -> CurrentSnapshot:
    """Return snapshot and journal as one; takes no lock and writes nothing.

    Raises:
        StateError: either cannot be read, or they do not belong together.
    """
    for _ in range(_TRIES - 1):
        try:
            return _view(store)
        except StateError as error:
            # Another run may have folded and begun anew between the two reads.
            if error.code != "journal_mismatch":
                raise
    return _view(store)


def edited_view(store: Store) -> CurrentSnapshot:
    """Return what is known with what a hand changed; takes no lock and writes nothing.

    What a journal adds is in it, so that the version after it may take their place; of
    one that is gone nothing is known.

    Raises:
        StateError: either holds what cannot be read, or they do not belong together.
    """
    journal = _journal_if_there(store)
    snapshot = store.read_unverified()
    folding = None if journal is None else _folding(store, snapshot, journal)
    if folding is None:
        return CurrentSnapshot(snapshot.header, snapshot.entries)
    header = replace(folding.header, serial=folding.header.serial - 1)
    return CurrentSnapshot(
        header, lambda: changed_entry(snapshot.entries(), folding.edits())
    )


def _journal_if_there(store: Store) -> Journal | None:
    try:
        return store.journal()
    except StateError as error:
        if error.code != "journal_gone":
            raise
        return None


def _view(store: Store) -> CurrentSnapshot:
    # The journal comes first: a fold in between then shows as a folded journal.
    journal = store.journal()
    snapshot = store.read()
    folding = None if journal is None else _folding(store, snapshot, journal)
    if folding is None:
        return _as_it_is(snapshot)
    return _folded_in_memory(snapshot, folding)


def _as_it_is(snapshot: Snapshot) -> CurrentSnapshot:
    return CurrentSnapshot(
        snapshot.header,
        snapshot.read,
        snapshot.columns,
        snapshot.find,
        snapshot.known_lines,
    )


def _folded_in_memory(snapshot: Snapshot, folding: Folding) -> CurrentSnapshot:
    changes = replaced_entries(snapshot.pick, folding.edits())
    header = with_changed_digest(snapshot.header, folding.header, changes)
    return CurrentSnapshot(
        header, lambda: changed_entry(snapshot.entries(), folding.edits())
    )


def recover(store: Store, *, history_runs: int = KEPT_RUNS) -> CurrentSnapshot:
    """Fold what a run left that was cut off, and keep its record, under the lock.

    What it left unanswered may still be written: who sends waits for that.

    Raises:
        StateError: the journal belongs to another snapshot, or cannot be folded.
    """
    journal = store.journal()
    snapshot = store.read()
    if journal is not None:
        is_due = _extends(store, snapshot, journal)
        if is_due and _keep_and_fold(store, snapshot, journal, history_runs):
            snapshot = store.read()
        store.discard_journal()
    return _as_it_is(snapshot)


def _keep_and_fold(
    store: Store, snapshot: Snapshot, journal: Journal, history_runs: int
) -> bool:
    """Return whether there is another snapshot now."""
    replay = JournalReplay(journal.lines())
    # Record, state, journal, in this order. Whatever a crash leaves undone is done by
    # the next run: a record of the same run is written over, and a journal whose state
    # is there already is told by its serial.
    run = (store, snapshot, journal, replay)
    keeping = RunKeeping(partial(keep_run, *run, keep=history_runs))
    folding = fold_journal(snapshot.header, journal, replay)
    if folding is None:
        keeping.keep()
    else:
        fold_kept(store, folding, journal, replay, keeping)
    return folding is not None


def _folding(store: Store, snapshot: Snapshot, journal: Journal) -> Folding | None:
    if not _extends(store, snapshot, journal):
        return None
    return fold_journal(snapshot.header, journal, JournalReplay(journal.lines()))


def _extends(store: Store, snapshot: Snapshot, journal: Journal) -> bool:
    standing = relation(snapshot.header, journal.head, location=store.location)
    return standing == "extends"
