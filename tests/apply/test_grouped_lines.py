"""Lines of a journal that were packed as one: what is due of them is told together."""

import pytest

from ctsync.apply.folding.plain_profiles import SpelledRow
from ctsync.apply.folding.replayed_outcomes import replayed_outcomes
from ctsync.apply.journal import grouped_lines
from ctsync.apply.journal.grouped_lines import dues_of, numbered
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.journal.record_marks import TAKEN
from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.state.journal_file import LineGroup, StoredLines

KEY = ProfileKey("identity", "u1")
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
MOVED = Operation("Points", "counter", "$incr", 3, "known", 4, 7)
PLACE = (Origin("a.csv", None, 3, table="rows"),)
SETTLED = EntryAfter("f" * 32, ("table=rows",))


def line(action, *operations, key=KEY):
    return change_line(Change(key, action, operations, PLACE, settled=SETTLED))


SET, BOTH = line("create", GOLD), line("update", GOLD, MOVED)
FREED = change_line(Change(KEY, "release", released=("City",)))
IN_BOTH = TAKEN | TAKEN << 4  # what moves travels in the third wave


def group(*lines):
    return LineGroup(b"".join(lines), 2, "journal")


@pytest.mark.parametrize(
    ("lines", "dues"),
    [
        ((SET, SET), (TAKEN, TAKEN)),
        ((SET, BOTH), (TAKEN, IN_BOTH)),
        ((FREED, SET, BOTH), (0, TAKEN, IN_BOTH)),
    ],
)
def test_what_is_due_of_changes_is_told_together(lines, dues):
    assert dues_of(group(*lines)) == bytes(dues)


def test_where_all_goes_in_the_first_wave_no_line_is_looked_at_alone(monkeypatch):
    """So it is of most plans, of which one count then tells thousands."""
    monkeypatch.setattr(grouped_lines, "waves_in", lambda _: pytest.fail("a look"))
    assert dues_of(group(SET, SET, SET)) == bytes([TAKEN] * 3)


# The last ones end as a change does, and are none.
OTHERS = [
    settled_line(KEY, SETTLED),
    b'{"release":true}\n',
    b'{"odd":1,"does":[0,1]}\n',
    b'{"odd":1,"does":[0,1,3]}\n',
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_lines_among_which_is_no_change_are_read_one_by_one(other, place):
    lines = [SET, BOTH]
    lines.insert(place, other)
    assert dues_of(group(*lines)) is None


def test_lines_that_were_never_packed_are_read_one_by_one():
    assert dues_of((parse(SET), parse(SET))) is None


@pytest.mark.parametrize("odd", OTHERS[2:])
def test_a_line_that_is_no_change_is_damage_however_it_ends(odd):
    with pytest.raises(StateError, match="line 4 of the journal"):
        JournalReplay(StoredLines(iter([group(SET, SET, odd)])))


def test_groups_are_numbered_by_their_first_line_after_the_head():
    groups = [group(SET, SET), group(BOTH), group(FREED, SET)]
    assert [*numbered(StoredLines(iter(groups)))] == [
        (2, groups[0]),
        (4, groups[1]),
        (5, groups[2]),
    ]
    rows = [parse(SET), parse(BOTH)]
    assert [*numbered(rows)] == [(2, (rows[0],)), (3, (rows[1],))]


# Whole groups of which all was acknowledged


def replay(*groups, taken):
    """A journal of these, in whose only call records at some places were taken."""
    spans = [(place, 1) for place in taken]
    call = {"call": 1, "at": 0.0, "timeout_seconds": 60.0, "wave": 1, "spans": spans}
    receipt = {"call": 1, "outcomes": [(len(taken), "acknowledged")]}
    noted = [
        canonical(each) + b"\n" for each in ({"intent": call}, {"receipt": receipt})
    ]
    return JournalReplay(StoredLines(iter([*groups, *map(group, noted)])))


def test_all_was_taken_where_every_record_was():
    told = replay(group(SET, SET), group(SET, BOTH, SET), taken=(0, 1, 2, 3, 4))
    assert told.are_taken(bytes([TAKEN] * 2), 0)
    assert told.are_taken(bytes([TAKEN]), 4)
    assert not told.are_taken(bytes([TAKEN, IN_BOTH]), 2)  # its counter did not move


def test_a_change_that_sends_nothing_hides_no_other_that_was_not_sent():
    """It has no place among the records: those of a later group stand there."""
    groups = group(SET, FREED, SET), group(SET)
    told = replay(*groups, taken=(0, 2))
    assert not told.are_taken(dues_of(groups[0]), 0)
    found = replayed_outcomes(told, StoredLines(iter(groups)))
    assert len([*found]) == 2


def test_rows_of_which_all_was_taken_are_told_without_a_look_at_each(monkeypatch):
    lines = group(SET, SET)
    told, rows = replay(lines, taken=(0, 1)), [*SpelledRow.of_lines(lines.text)]
    monkeypatch.setattr(SpelledRow, "of_line", lambda _: pytest.fail("a look at each"))
    assert [*replayed_outcomes(told, StoredLines(iter([lines])))] == rows


def test_an_odd_row_among_others_is_told_in_its_place():
    odd = ProfileKey("identity", 'q"q')
    lines = group(SET, line("create", GOLD, key=odd), SET)
    told = replay(lines, taken=(0, 1, 2))
    plain = SpelledRow.of_line(SET)
    first, (change, records), last = replayed_outcomes(told, StoredLines(iter([lines])))
    assert (first, change.key, last) == (plain, odd, plain)
    assert [outcome for _, outcome in records] == [Outcome.ACKNOWLEDGED]
