"""What runs leave in a state has the same bytes, folded at a look or the long way.

Runs meet with everything: records that are refused, replies that are lost, calls that
never left, a kill in between, and the same plan gone on with afterwards.
"""

import json
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from left_runs import (
    ACCOUNT,
    KEYS,
    begin,
    changes_of,
    cut_from,
    leave_journal,
    note_call,
    opened,
    packed_from,
    plan_of,
)
from msgspec import to_builtins
from msgspec.structs import replace

from ctsync.apply.folding import plain_profiles
from ctsync.apply.folding.history import run_change_from
from ctsync.apply.folding.plain_profiles import AcknowledgedRow
from ctsync.apply.journal.journal_records import JournalHead
from ctsync.apply.recover import recover
from ctsync.apply.remainder import remainder
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import membership_in
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.entries.known_patterns import KnownPatterns
from ctsync.plan.entries.row_patterns import RowPatterns
from ctsync.state.manifest import Compaction
from ctsync.state.parquet_store import _Writing

LOCATIONS = ("state/", "state.jsonl")


def nothing(*_):
    """Know nothing at a look."""


@contextmanager
def the_long_way():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_profiles, "entry_after", nothing)
        patch.setattr(plain_profiles.SpelledRow, "of_line", nothing)
        patch.setattr(plain_profiles.SpelledRow, "of_lines", nothing)
        patch.setattr(RowPatterns, "told", lambda *_: iter(()))
        patch.setattr(RowPatterns, "learn", nothing)
        patch.setattr(KnownPatterns, "learn", nothing)
        yield


def stored(folder):
    """All that a state says, byte by byte, but for when its files were written."""
    manifest = folder / "state" / "manifest.json"
    if not manifest.exists():
        return [path.read_bytes() for path in folder.glob("state.jsonl")]
    said = json.loads(manifest.read_bytes())
    files = (said["base"], *said["segments"])
    found = [(manifest.parent / file["name"]).read_bytes() for file in files]
    for file in files:
        del file["inode"], file["changed_ns"]
    return [{**said, "seal": None}, *found]


def kept_runs(store):
    return [
        (run.record, [run_change_from(line) for line in run.changes()])
        for run in store.runs()
    ]


def fold_both_ways(location, folder, compaction):
    """Fold what a run left; hold the state against that of the long way."""
    with tempfile.TemporaryDirectory() as other:
        shutil.copytree(folder, other, dirs_exist_ok=True)
        copy = opened(location, Path(other), compaction)
        with the_long_way():
            recover(copy)
        store = opened(location, folder, compaction)
        present = recover(store)
        assert stored(folder) == stored(Path(other))
        assert kept_runs(store) == kept_runs(copy)
    return present


@pytest.mark.parametrize("location", LOCATIONS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_state_has_the_same_bytes_whatever_runs_met_with(lab, location, data):
    draw = data.draw
    compaction = draw(st.sampled_from([Compaction(), Compaction(0), Compaction(0, 1)]))
    with ExitStack() as stack:
        stack.enter_context(packed_from(1))
        stack.enter_context(cut_from(draw(st.sampled_from([1, 64]))))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = opened(location, folder, compaction)
        entries = begin(lab, draw, store, KEYS)
        plan = stack.enter_context(plan_of(*changes_of(lab, draw, entries)))
        for run in ("first", "second", "third"):
            leave_journal(draw, store, plan, run)
            present = fold_both_ways(location, folder, compaction)
            due = stack.enter_context(remainder(plan, present, lab.FRAME).plan)
            event(f"{run}: {due.foot.places} of {plan.foot.places} left")
            if not due.foot.places:
                break
            plan = due


def usual(number):
    """A new profile as most are; now and then one is odd, or lacks something."""
    name = 'q"q' if number % 997 == 7 else f"n{number}"
    tags = ("a", f"t{number % 3}")
    found = (
        Operation("Home City", "string", "set", name, "unknown", after=name),
        Operation("Tags", "list", "$add", tags, "unknown", after=tags),
    )
    kind = "identity" if number < 4_000 else "objectId"
    return Change(
        ProfileKey(kind, f"u{number:05}"),
        "create",
        found[number % 11 == 0 :],
        (Origin("a.csv", None, number, table="rows"),),
        (),
        EntryAfter(f"{number:032x}", (membership_in("rows"),)),
    )


def note_all_taken(store, plan, serial=0):
    head = JournalHead(
        "lineage",
        serial,
        ACCOUNT,
        "run",
        plan.checksum,
        plan.foot.digest,
        0.0,
        None,
        "law",
    )
    with store.open_journal(to_builtins(head)) as writer:
        writer.append_plan(plan.pieces())
        everyone = range(plan.foot.places)
        note_call(writer, 1, 1, everyone, ["acknowledged"] * len(everyone))


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_first_load_has_the_same_bytes_either_way(tmp_path, monkeypatch, location):
    made = []

    def counted(*given):
        made.append(given)
        return AcknowledgedRow(*given)

    monkeypatch.setattr(
        "ctsync.apply.folding.acknowledged_run.AcknowledgedRow", counted
    )
    changes = {change.key: change for change in map(usual, range(5_000))}
    with plan_of(changes, {}) as plan, packed_from(1):
        store = opened(location, tmp_path, Compaction())
        note_all_taken(store, plan)
        present = fold_both_ways(location, tmp_path, Compaction())
    assert present.header.entries == len(changes)
    if location == "state/":
        # The long way makes each; only what is odd is made beside that.
        assert len(made) < len(changes) + 2_000


def moved(number):
    """Another town for someone of whom only that is known to be another."""
    change = usual(number)
    town = Operation("Home City", "string", "set", "Goa", "known", f"n{number}", "Goa")
    return replace(change, action="update", operations=(town,))


def written(monkeypatch):
    """What sheets are written from now on, by their kinds."""
    kinds, write = [], _Writing.parquet_file

    def noted(self, kind, tables):
        kinds.append(kind)
        return write(self, kind, tables)

    monkeypatch.setattr(_Writing, "parquet_file", noted)
    return kinds


def changed(number):
    """Values for someone who is known, or as good as new where others were lost."""
    made = usual(number)
    town, points = f"t{number}", number % 5
    found = (
        Operation("Home City", "string", "set", town, "known", f"n{number}", town),
        # Of this nothing is known yet.
        Operation("Plan", "string", "set", "Gold", "unknown", after="Gold"),
        Operation("Points", "number", "set", points, "known", 7, points),
    )
    is_known = number % 13 > 0
    return replace(
        made if number % 17 == 3 else replace(made, action="update"),
        operations=found[number % 5 == 0 : 2 + (number % 4 == 0)],
        settled=replace(made.settled, cohorts=made.settled.cohorts * is_known),
    )


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("compaction", [Compaction(0), Compaction(0, 1), Compaction()])
def test_changes_of_known_profiles_have_the_same_bytes_either_way(
    tmp_path, monkeypatch, location, compaction
):
    made = []

    def counted(*given):
        made.append(given)
        return AcknowledgedRow(*given)

    people = {each.key: each for each in map(usual, range(0, 6_000, 2))}
    # Some that are told as known are not, and new ones stand between them.
    changes = {each.key: each for each in map(changed, range(0, 6_000, 3))}
    with plan_of(people, {}) as plan, plan_of(changes, {}) as moves, packed_from(1):
        store = opened(location, tmp_path, compaction)
        note_all_taken(store, plan)
        recover(store)
        note_all_taken(store, moves, store.read().header.serial)
        monkeypatch.setattr(
            "ctsync.apply.folding.acknowledged_run.AcknowledgedRow", counted
        )
        present = fold_both_ways(location, tmp_path, compaction)
        assert present.header.entries == len(people.keys() | changes.keys())
    if location == "state/" and compaction != Compaction():
        # The long way makes each; only what is odd is made beside that.
        assert len(made) < len(changes) * 1.8


@pytest.mark.parametrize(("every", "sheets"), [(2, ["base"]), (60, ["segment"])])
def test_as_many_changes_as_fill_a_base_are_written_once(
    tmp_path, monkeypatch, every, sheets
):
    people = [*map(usual, range(800))]
    with plan_of({each.key: each for each in people}, {}) as plan, packed_from(1):
        store = opened("state/", tmp_path, Compaction(0))
        note_all_taken(store, plan)
        recover(store)
        serial = store.read().header.serial
        changes = {each.key: each for each in map(moved, range(0, 800, every))}
        with plan_of(changes, {}) as moves:
            note_all_taken(store, moves, serial)
            kinds = written(monkeypatch)
            fold_both_ways("state/", tmp_path, Compaction(0))
    assert kinds == sheets * 2  # both ways
