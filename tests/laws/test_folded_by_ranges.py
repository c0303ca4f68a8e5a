"""A state says the same, whoever folded what runs left: one machine, or executors.

What is folded by executors stands on what one machine folded, and the other way round.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from left_runs import (
    KEYS,
    begin,
    changes_of,
    leave_journal,
    opened,
    packed_from,
    plan_of,
)
from memory_bucket import MemoryBucket

from ctsync.apply.folding import fold_elsewhere
from ctsync.apply.folding.fold import fold_journal
from ctsync.apply.folding.run_keeping import RunKeeping
from ctsync.apply.journal.grouped_lines import kind_of
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.recover import recover
from ctsync.apply.remainder import remainder
from ctsync.bucket_address import Address
from ctsync.duckdb_connection import open_connection
from ctsync.engines.own_processes import made_ahead
from ctsync.engines.spark_workers import run_on_executors
from ctsync.model.profile_key import ProfileKey
from ctsync.model.workers import Workers
from ctsync.state.manifest import Compaction
from ctsync.state.object_store.store import ObjectStore


@pytest.mark.parametrize("home", ["folder", "bucket"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_executors_leave_the_same_state_as_one_machine(lab, home, data):
    draw = data.draw
    compaction = draw(st.sampled_from([Compaction(), Compaction(0), Compaction(0, 1)]))
    with ExitStack() as stack:
        stack.enter_context(packed_from(draw(st.sampled_from([1, 1 << 19]))))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(fold_elsewhere, "SLICE_LINES", draw(st.integers(1, 5)))
        alone, shared = stores(stack, home, compaction)
        entries = begin(lab, draw, alone, KEYS)
        if alone.read().header is not None:
            shared.replace(alone.read().header, alone.read().entries())
        plan = stack.enter_context(plan_of(*changes_of(lab, draw, entries)))
        for run in ("first", "second", "third"):
            leave_journal(draw, alone, plan, run)
            copy_journal(alone, shared)
            present = recover(alone)
            if draw(st.sampled_from([True, True, False])):
                fold_by_executors(shared)
            else:
                recover(shared)
            assert said_by(shared) == said_by(alone)
            due = stack.enter_context(remainder(plan, present, lab.FRAME).plan)
            if not due.foot.places:
                break
            plan = due
        hold_columns(shared)


def stores(stack, home, compaction):
    """A state that one machine folds, and one that executors fold now and then."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    alone = opened("state/", folder, compaction)
    if home == "folder":
        return alone, opened("other/", folder, compaction)
    shared = ObjectStore(Address("s3", "bucket", "crm"))
    shared._bucket, shared.compaction = MemoryBucket(), compaction
    return alone, shared


def copy_journal(alone, shared):
    """Leave the same journal beside the other state."""
    journal = alone.journal()
    with shared.open_journal(journal.head) as writer:
        for group in journal.lines().groups:
            if kind_of(group.first) in {"change", "settled"}:
                writer.append_plan([group.text])
            else:
                writer.append(dict(group.first), sync=False)


def fold_by_executors(store):
    """Fold what a run left as a run does at its end; nobody falls back."""
    journal, header = store.journal(), store.read().header
    replay = JournalReplay(journal.lines())
    folding = fold_journal(header, journal, replay)
    if folding is not None:
        with pytest.MonkeyPatch.context() as patch:
            if replay.changed:
                patch.setattr(store, "amend", None)
            workers = Workers(run_on_executors, made_ahead, worth=0, pieces=64)
            run = (folding, journal, replay, RunKeeping(lambda **_: None))
            fold_elsewhere.fold_by_workers(workers, store, *run)
        for sheet in store._version().manifest.sheets:
            event(f"a sheet of {len(sheet.files)} files")
    store.discard_journal()


def said_by(store):
    """All that a state says, and what it finds by keys."""
    snapshot = store.read()
    entries = [*snapshot.entries()]
    keys = [*KEYS, ProfileKey("objectId", "z")]
    assert [*snapshot.pick(keys)] == entries
    return snapshot.header, entries


def hold_columns(store):
    """The columns have the same entries."""
    snapshot = store.read()
    if snapshot.columns is not None:
        query = f"SELECT type, id FROM ({snapshot.columns.sql}) ORDER BY ALL"
        with open_connection(files=snapshot.columns.files) as connection:
            rows = connection.execute(query).fetchall()
        assert rows == [entry.key for entry in snapshot.entries()]
