"""The lines of a journal: which outlive what, and how short they are."""

import pytest
from msgspec.structs import replace

from ctsync.apply.folding.fold import fold_edits
from ctsync.apply.folding.replayed_effects import replayed_effects
from ctsync.apply.folding.replayed_outcomes import replayed_outcomes
from ctsync.apply.journal import journal_writer
from ctsync.apply.journal.journal_records import (
    CallIntent,
    end_line,
    file_line,
    head_from_json,
    intent_line,
    later_line,
    put_line,
    receipt_line,
    rows_line,
)
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.journal.journal_writer import NoRunJournal, StoredRunJournal
from ctsync.canonical_json import parse
from ctsync.errors import StateError
from ctsync.model.change import Change
from ctsync.model.due_import import DueImport, ImportFile
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, RecordOutcome
from ctsync.plan.document.change_codec import change_line
from ctsync.state.entry_edits import changed_entry

TAKEN = RecordOutcome(Outcome.ACKNOWLEDGED)
UNKNOWN = RecordOutcome(Outcome.UNKNOWN)
REFUSED = RecordOutcome(Outcome.REJECTED, 516, "no phone")
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
DUE = DueImport(ImportFile("a.csv", "a.json", (), 2, 10, "0" * 64), "run1", 0.0, 60.0)


@pytest.fixture
def records(cargo_of):
    keys = [ProfileKey("identity", f"u{n}") for n in range(6)]
    return cargo_of(*(Change(key, "update", (GOLD,)) for key in keys))


class Disk:
    """What is written, and whether it has reached the disk when that returns."""

    def __init__(self):
        self.lines = []

    def append(self, line, *, sync):
        self.lines.append((line, sync))

    def check_lock(self):
        self.lines.append(("lock", False))


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def journal(disk):
    return StoredRunJournal(disk, 60.0, lambda: 7.0, is_far=False)


def kinds_of(disk):
    return [
        (line if isinstance(line, str) else next(iter(line)), sync)
        for line, sync in disk.lines
    ]


def test_calls_that_leave_together_reach_the_disk_together(disk, journal, records):
    """With the last of them; each could be told from the others."""
    calls = [(number, records[number : number + 1]) for number in range(3)]
    journal.write_intent(calls)
    assert [sync for _, sync in disk.lines] == [False, False, True]
    noted = [line["intent"] for line, _ in disk.lines]
    assert [(each["call"], each["spans"]) for each in noted] == [
        (0, [(0, 1)]),
        (1, [(1, 1)]),
        (2, [(2, 1)]),
    ]
    assert {(each["at"], each["timeout_seconds"]) for each in noted} == {(7.0, 60.0)}


def test_only_what_a_power_cut_may_not_take_waits_for_the_disk(disk, journal, records):
    """The rest is made good by reading: what is not noted is in doubt, or not done."""
    journal.wait_for([(0, 2)])
    journal.write_intent([(1, records)])
    journal.check_lock()
    journal.leave(1)
    journal.write_receipt(1, [TAKEN] * 6, is_answered=True)
    journal.list_file(1, DUE, [(0, 2)])
    journal.leave_for_later([(0, 1)])
    journal.intend("a.csv")
    journal.put("a.csv", 0.0)
    journal.leave_unsent(["b.csv"])
    journal.release()
    journal.end(is_open=False, may_land=False, seconds=1.0, stopped=None)
    assert kinds_of(disk) == [
        ("waiting", False),
        ("intent", True),
        ("lock", False),
        ("left", False),
        ("receipt", False),
        ("rows", False),
        ("file", False),
        ("later", False),
        ("intended", True),
        ("lock", False),
        ("put", True),
        ("unsent", False),
        ("release", False),
        ("end", True),
    ]


def test_many_places_take_many_lines_and_the_file_comes_after_them(
    disk, journal, monkeypatch
):
    monkeypatch.setattr(journal_writer, "SPANS_A_LINE", 2)
    whom = [(place, 1) for place in (0, 2, 4, 6, 8)]
    journal.list_file(3, DUE, whom)
    journal.leave_for_later(whom)
    journal.wait_for(whom)
    assert [kind for kind, _ in kinds_of(disk)] == [
        *["rows"] * 3, "file", *["later"] * 3, *["waiting"] * 3,
    ]  # fmt: skip
    for kind in ("rows", "later", "waiting"):
        told = [line[kind]["spans"] for line, _ in disk.lines if kind in line]
        assert told == [whom[:2], whom[2:4], whom[4:]]


def test_where_nothing_is_written_nothing_is_far():
    assert NoRunJournal().is_far is False
    assert StoredRunJournal(Disk(), 1.0, lambda: 0.0, is_far=True).is_far is True


def test_places_that_follow_each_other_are_told_by_the_first_and_how_many(records):
    sent = CallIntent(4, 10.0, 60.0)
    assert sent.over_at == 70.0
    line = intent_line(sent, records.only((0, 1, 2, 5)))
    assert line["intent"] == {
        "call": 4, "at": 10.0, "timeout_seconds": 60.0, "wave": 1,
        "spans": [(0, 3), (5, 1)],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "outcomes", "more"),
    [
        ([TAKEN] * 3, [(3, "acknowledged")], {}),
        ([UNKNOWN] * 2, [(2, "unknown")], {"codes": []}),
        (
            [TAKEN, TAKEN, REFUSED, UNKNOWN, TAKEN],
            [(2, "acknowledged"), (1, "rejected"), (1, "unknown"), (1, "acknowledged")],
            {"codes": [(2, 516)]},
        ),
    ],
)
def test_a_receipt_tells_runs_of_outcomes_and_the_codes_of_those_that_have_one(
    verdicts, outcomes, more
):
    told = receipt_line(9, tuple(verdicts))["receipt"]
    assert told == {"call": 9, "outcomes": outcomes, **more}
    lost = receipt_line(9, tuple(verdicts), is_answered=False)["receipt"]
    assert lost == {**told, "answered": False}


def lines_of(*more):
    keys = [ProfileKey("identity", f"u{n}") for n in range(3)]
    rows = [parse(change_line(Change(key, "update", (GOLD,)))) for key in keys]
    return [*rows, *more]


def intent(spans):
    sent = {"call": 1, "at": 0.0, "timeout_seconds": 9.0, "wave": 1, "spans": spans}
    return {"intent": sent}


@pytest.mark.parametrize("spans", [[[0, 1], [2, 1]], [[0, 1], [1, 2]], [[0, 3]]])
def test_a_call_is_of_ascending_places_however_near(spans):
    assert JournalReplay(lines_of(intent(spans))).counts()["unknown"] in (2, 3)


@pytest.mark.parametrize(("later", "outcome"), [([], "sent"), ([(0, 1)], "not_sent")])
def test_whoever_has_a_second_step_to_come_does_not_count_as_sent(later, outcome):
    gone = Operation("City", "string", "$delete", 1, "unknown", channel="sftp")
    change = Change(ProfileKey("identity", "u1"), "update", (gone,))
    replay = JournalReplay(
        [
            parse(change_line(change)),
            rows_line(1, [(0, 1)]),
            later_line(later),
            file_line(1, DUE),
            put_line(DUE.file.name, 1.0, 1.0),
        ]
    )
    assert replay.counts()[outcome] == 1


def test_what_a_file_holds_is_told_as_sent_and_of_nobody_else():
    """A change that only releases has no place among those that are sent."""
    freed = Change(ProfileKey("identity", "u0"), "release", released=("Plan",))
    gone = Operation("City", "string", "$delete", 1, "unknown", channel="sftp")
    change = Change(ProfileKey("identity", "u1"), "update", (gone,))
    due = replace(DUE, file=replace(DUE.file, columns=(("City", "$delete", "string"),)))
    lines = [
        parse(change_line(freed)),
        parse(change_line(change)),
        rows_line(1, [(0, 1)]),
        file_line(1, due),
        put_line(due.file.name, 1.0, 1.0),
    ]
    ((told, records),) = replayed_outcomes(JournalReplay(lines), lines)
    assert told == change
    assert [(record.operations, outcome) for record, outcome in records] == [
        ((gone,), Outcome.SENT)
    ]


def test_of_a_new_profile_nothing_is_known_that_waits_for_a_file(cargo_of):
    """Its call was acknowledged; the rest was never put."""
    town = Operation("City", "string", "set", "Oslo", "unknown", after="Oslo")
    whole = (replace(town, channel="sftp"), GOLD)
    change = Change(ProfileKey("identity", "u1"), "create", whole)
    lines = [
        parse(change_line(change)),
        intent_line(CallIntent(1, 0.0, 60.0), cargo_of(change)),
        receipt_line(1, [TAKEN]),
    ]
    (entry,) = changed_entry(
        [], fold_edits(replayed_effects(JournalReplay(lines), lines, "run"))
    )
    assert [*entry.attributes] == ["plan"]


def test_damage_is_told_by_its_line():
    """The first line is the head's."""
    with pytest.raises(StateError, match="line 5 of the journal"):
        JournalReplay(lines_of({"odd": 1}))
    replay, lines = JournalReplay(lines_of(intent([[0, 3]]))), lines_of()
    lines[1]["change"] = {}
    with pytest.raises(StateError, match="line 3 of the journal"):
        list(replayed_effects(replay, lines, "run"))
    with pytest.raises(StateError, match="line 3 of the journal"):
        list(replayed_outcomes(replay, lines))


def test_the_end_of_a_run_of_which_nothing_more_is_said():
    said = {"open": True, "may_land": False, "seconds": 0.0, "stopped": None}
    assert end_line(is_open=True) == {"end": said}


@pytest.mark.parametrize("line", [{}, {"format": "ctsync.journal/1"}, {"serial": "x"}])
def test_a_first_line_that_no_run_writes_is_damage(line):
    with pytest.raises(StateError, match="first line of the journal") as refused:
        head_from_json(line)
    assert refused.value.code == "journal_damaged"
