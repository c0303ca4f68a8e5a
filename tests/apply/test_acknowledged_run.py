"""Acknowledged changes of new profiles: told together where they are alike."""

import pytest

from ctsync.apply.folding.acknowledged_run import (
    AcknowledgedRun,
    AssignedRun,
    acknowledged_runs,
)
from ctsync.apply.folding.plain_profiles import AcknowledgedRow
from ctsync.errors import StateError
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText, text_of
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import change_line
from ctsync.plan.entries.taken_patterns import TakenPatterns
from ctsync.state.journal_file import LineGroup, StoredLine

DAMAGED = b'{"change":7,"does":[0,1]}\n'


def key(name):
    return ProfileKey("identity", name)


def line(name, value="Gold", action="create"):
    told = Operation("Plan", "string", "set", value, "unknown", after=value)
    settled = EntryAfter("f" * 32, ("table=rows",))
    places = (Origin("a.csv", None, 3, table="rows"),)
    return change_line(Change(key(name), action, (told,), places, settled=settled))


def group(*lines):
    return LineGroup(b"".join(lines), 9, "the journal")


@pytest.fixture
def patterns():
    return TakenPatterns()


def test_what_is_alike_is_told_together_and_the_rest_alone_in_its_place(patterns):
    lines = line("a"), line("b", "Silver"), line("c", 'q"q'), line("d", "Free")
    runs = [*acknowledged_runs(group(*lines), 2, patterns)]
    assert [isinstance(run, AcknowledgedRun) for run in runs] == [True, False, True]
    assert [[each.id for each, _ in run] for run in runs] == [["a", "b"], ["c"], ["d"]]
    for run in runs:
        for each, row in run:
            after = row.over(None)
            assert after.key == row.key == each
            assert after.line == text_of(row(None)).line


def test_new_and_known_profiles_that_take_turns_come_in_their_order(patterns):
    """Who is known is told by patterns of known profiles alone, wherever it stands."""
    odd = line("e", 'q"q', "update")
    known = [line(name, action="update") for name in "bcf"]
    lines = line("a"), *known[:2], line("d"), odd, known[2]
    runs = [*acknowledged_runs(group(*lines), 2, patterns)]
    new, assigned = AcknowledgedRun, AssignedRun
    assert [type(run) for run in runs] == [new, assigned, new, list, assigned]
    ids = [[each.id for each, _ in run] for run in runs]
    assert ids == [["a"], ["b", "c"], ["d"], ["e"], ["f"]]


def test_one_sort_of_profiles_is_enough_to_have_learned(patterns):
    """Else the first lines of every group were read once more."""
    assert not patterns.has_learned
    known = [line(name, action="update") for name in "ab"]
    (run,) = acknowledged_runs(group(*known), 2, patterns)
    assert patterns.has_learned
    assert isinstance(run, AssignedRun)
    assert [each.id for each, _ in run] == ["a", "b"]
    assert run.names == [("plan",), ("plan",)]


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_damage_is_told_by_its_line_whatever_was_learned_before(patterns, damaged):
    lines = [line(name) for name in "abc"]
    lines[damaged] = DAMAGED
    for known in (False, True):
        if known:
            [*acknowledged_runs(group(line("z")), 2, patterns)]
        with pytest.raises(StateError, match=f"line {7 + damaged} of the journal"):
            [*acknowledged_runs(group(*lines), 7, patterns)]


def test_a_row_that_was_not_told_teaches_what_the_next_are_like(patterns):
    assert patterns.entry(line("b")) is None
    AcknowledgedRow(StoredLine(line("a"), 2, "the journal"), 2, patterns)
    assert patterns.entry(line("b")).key == key("b")


def test_a_row_alone_says_what_comes_of_it_without_a_longer_look(patterns):
    row = AcknowledgedRow(StoredLine(line("a"), 2, "the journal"), 2, patterns)
    assert row.over(None).line == text_of(row(None)).line


def test_what_was_told_of_a_new_profile_is_not_taken_where_there_was_an_entry(patterns):
    """A state that was filled by hand, say, may know who is new to a plan."""
    stored = StoredLine(line("a"), 2, "the journal")
    new = EntryText(key("a"), b"{}\n", [], "f" * 32)
    row, alone = (AcknowledgedRow(stored, 2, patterns, each) for each in (new, None))
    before = text_of(Entry(key("a"), {}, ("vip",))).line
    assert row.over(None) is new
    assert row.over(before) == alone.over(before) != new
