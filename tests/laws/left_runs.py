"""Runs that were cut off before they were folded, and met with everything."""

from contextlib import contextmanager

import pytest
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from ctsync.apply.journal.journal_records import JournalHead, end_line
from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.model import cut_entries
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, membership_in
from ctsync.model.fault import Faults
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base, Header
from ctsync.plan.document.batches import spans
from ctsync.plan.document.plan_file import SavedPlan, scratch_file
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.plan.document.schedule import WAVES
from ctsync.state import journal_file, open_store, packed_lines, run_files

ACCOUNT = Account("A", "in1")
MARK = "0123456789abcdef"
NAMES = ("Home City", "Plan", "Points", "Tags")
KEYS = [ProfileKey("identity", f"u{number:02}") for number in range(14)]
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


@contextmanager
def cut_from(lines):
    """Have so many lines of entries cut together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut_entries, "WORTH_LINES", lines)
        yield


@contextmanager
def packed_from(size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_lines, "WORTH_BYTES", size)
        # What is read and written by several threads is so from there on, too.
        patch.setattr(journal_file, "WORTH_BYTES", size)
        patch.setattr(run_files, "_AT_ONCE", size)
        yield
