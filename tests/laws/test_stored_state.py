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
from msgspec import to_builtins
from msgspec.structs import replace

from ctsync.apply import plain_profiles
from ctsync.apply.history import run_change_from
from ctsync.apply.journal_records import JournalHead, end_line
from ctsync.apply.plain_profiles import AcknowledgedRow
from ctsync.apply.recover import recover
from ctsync.apply.remainder import remainder
from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, membership_in
from ctsync.model.fault import Faults
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base, Header
from ctsync.plan.batches import spans
from ctsync.plan.plan_file import SavedPlan, scratch_file
from ctsync.plan.plan_writer import PlanWriter
from ctsync.plan.row_patterns import RowPatterns
from ctsync.plan.schedule import WAVES
from ctsync.state import journal_file, open_store, packed_lines, run_files
from ctsync.state.manifest import Compaction
from ctsync.state.parquet_store import _Writing

ACCOUNT = Account("A", "in1")
MARK = "0123456789abcdef"
NAMES = ("Home City", "Plan", "Points", "Tags")
KEYS = [ProfileKey("identity", f"u{number:02}") for number in range(14)]
LOCATIONS = ("state/", "state.jsonl")
FATES = ("acknowledged",) * 6 + ("rejected", "unknown", "not_sent", "lost", "unsent")


def kind_for(draw, name):
    """Mostly what most have, and sometimes any kind."""
    usual = {"Points": "counter", "Tags": "list"}.get(name, "string")
    return KINDS[draw(st.sampled_from([usual] * 5 + sorted(KINDS)))]


def known_of(lab, draw, name):
    kind, known = kind_for(draw, name), None
    for _ in range(draw(st.integers(1, 2))):
        target = draw(lab.targets_for(kind))
        for operation in kind.diff(known, target, lab.FRAME):
            known = kind.apply(known, operation, certain=draw(st.booleans()))
    return None if known is None else replace(known, name=name, owned=True)


def entry_of(lab, draw, key):
    names = draw(st.sets(st.sampled_from(NAMES)))
    found = {fold_name(name): known_of(lab, draw, name) for name in sorted(names)}
    return Entry(
        key,
        {name: known for name, known in sorted(found.items()) if known is not None},
        draw(st.sampled_from([(), (membership_in("rows"),), ("vip",)])),
        draw(st.sampled_from([(), ("plan",)])),
        draw(st.sampled_from([None, MARK * 2])),
        draw(st.sampled_from([False] * 9 + [True])),
    )


def operations_of(lab, draw, entry):
    known = {} if entry is None or entry.gone else entry.attributes
    for name in sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1))):
        kind = kind_for(draw, name)
        try:
            found = kind.diff(
                known.get(fold_name(name)), draw(lab.targets_for(kind)), lab.FRAME
            )
        except Faults:
            continue
        yield from (replace(each, attribute=name) for each in found)


def change_of(lab, draw, key, entry, number):
    """A change as a table of which most rows are alike makes it."""
    found = tuple(operations_of(lab, draw, entry))
    is_new = entry is None or entry.gone
    released = () if found else ("Home City",)
    mark = draw(st.sampled_from([f"{number:032x}"] * 4 + [None]))
    return Change(
        key,
        ("create" if is_new else "update") if found else "release",
        found,
        (Origin("a.csv", None, number, table="rows"),),
        released,
        EntryAfter(mark, (membership_in("rows"),)),
    )


def plan_of(changes, settled):
    file = scratch_file()
    writer = PlanWriter(file, PlanHead(ACCOUNT, Base()))
    lines = {**changes, **settled}
    for key in sorted(lines):
        if isinstance(lines[key], Change):
            writer.add_change(lines[key])
        else:
            writer.add_settled(key, lines[key])
    writer.close(PlanFoot())
    return SavedPlan(file, "this plan")


def pieces_of(draw, plan):
    """The lines of a plan, some together, as larger plans are read."""
    lines = b"".join(plan.pieces()).splitlines(keepends=True)
    while lines:
        count = draw(st.sampled_from([1, 3, len(lines), len(lines)]))
        yield b"".join(lines[:count])
        lines = lines[count:]


def fates_of(draw, plan):
    """The calls of a plan with the fate of each of their records.

    A record goes only where the earlier ones of its profile were taken.
    """
    failed, fates = set(), draw(st.sampled_from([FATES[:1], FATES]))
    per_call = draw(st.integers(1, 5))
    for wave in WAVES:
        for load in plan.loads(wave, range(plan.foot.places)):
            places = [
                place for place in load.records_slice().places if place not in failed
            ]
            for start in range(0, len(places), per_call):
                own = places[start : start + per_call]
                fate = [draw(st.sampled_from(fates)) for _ in own]
                failed |= {
                    place
                    for place, each in zip(own, fate, strict=True)
                    if each != "acknowledged"
                }
                yield wave, own, fate


def note_call(writer, call, wave, places, fate):
    """Write a call down; of one that was lost or never left there is no receipt."""
    if "unsent" in fate:
        return
    at = {"at": 0.0, "timeout_seconds": 60.0}
    whom = {"wave": wave, "spans": spans(places)}
    writer.append({"intent": {"call": call, **at, **whom}}, sync=False)
    if "lost" not in fate:
        said = {"call": call, "outcomes": [(1, each) for each in fate]}
        writer.append({"receipt": said}, sync=False)


def leave_journal(draw, store, plan, run):
    """Leave what a run leaves that was cut off before it was folded."""
    header = store.read().header
    head = JournalHead(
        lineage="lineage" if header is None else header.lineage,
        serial=0 if header is None else header.serial,
        account=ACCOUNT,
        run=run,
        plan=plan.checksum,
        digest=plan.foot.digest,
        started=0.0,
        boot=None,
        tool_version="law",
    )
    with store.open_journal(to_builtins(head)) as writer:
        writer.append_plan(pieces_of(draw, plan))
        for call, each in enumerate(fates_of(draw, plan), start=1):
            note_call(writer, call, *each)
        if draw(st.booleans()):
            writer.append({"release": True}, sync=False)
        if draw(st.booleans()):
            writer.append(end_line(is_open=draw(st.booleans())), sync=False)


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


def opened(location, folder, compaction):
    store = open_store(location, folder=folder)
    if location.endswith("/"):
        store.compaction = compaction
    return store


def begin(lab, draw, store, keys):
    """Fill a state, or leave it empty; give the entries."""
    entries = {key: entry_of(lab, draw, key) for key in keys if draw(st.booleans())}
    if entries or draw(st.booleans()):
        header = Header("lineage", 1, ACCOUNT)
        store.replace(header, [entries[key] for key in sorted(entries)])
    return entries


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


def changes_of(lab, draw, entries):
    keys = draw(st.sets(st.sampled_from(KEYS), min_size=1))
    changes = {
        key: change_of(lab, draw, key, entries.get(key), number)
        for number, key in enumerate(sorted(keys))
    }
    settled = {
        key: EntryAfter(MARK * 2, (membership_in("rows"),))
        for key in sorted(entries.keys() - keys)
        if draw(st.integers(0, 4)) == 0
    }
    return changes, settled


@pytest.mark.parametrize("location", LOCATIONS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_state_has_the_same_bytes_whatever_runs_met_with(lab, location, data):
    draw = data.draw
    compaction = draw(st.sampled_from([Compaction(), Compaction(0), Compaction(0, 1)]))
    with ExitStack() as stack:
        stack.enter_context(packed_from(1))
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


@contextmanager
def packed_from(size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_lines, "WORTH_BYTES", size)
        # What is read and written by several threads is so from there on, too.
        patch.setattr(journal_file, "WORTH_BYTES", size)
        patch.setattr(run_files, "_AT_ONCE", size)
        yield


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

    monkeypatch.setattr("ctsync.apply.acknowledged_run.AcknowledgedRow", counted)
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
