"""Records as they travel, told from the lines of changes by patterns."""

from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.workers import Workers
from ctsync.plan.document import record_reader
from ctsync.plan.document.batches import PlannedRecord
from ctsync.plan.document.change_codec import (
    START,
    change_from_line,
    change_line,
    settled_line,
)
from ctsync.plan.document.record_patterns import RecordPatterns
from ctsync.plan.document.record_reader import RecordReader
from ctsync.plan.document.schedule import WAVES, folded_key, records_of
from ctsync.plan.document.told_records import told_lines

SETTLED = EntryAfter("0f" * 16, ("table=rows",))
ROWS = Origin("a.csv", row=7, table="rows")
PLAN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
KNOWN = replace(PLAN, prior="known", before="Free")
TAGS = Operation("Tags", "list", "$add", ("b",), "known", ("a",), ("a", "b"))
LESS = Operation("Tags", "list", "$remove", ("b",), "known", ("a", "b"), ("a",))
VIP = Operation("VIP", "boolean", "set", True, "known", False, True)
RISE = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
NEWS = Operation(
    "subscriptions.email.News", "subscription", "set", True, "unknown", after=True
)


def change(*operations, key="u1", action="update", origins=(ROWS,), **more):
    key = ProfileKey("identity", key)
    return Change(key, action, operations, origins, settled=SETTLED, **more)


def told_after(learned, line):
    patterns = RecordPatterns()
    patterns.learn(parse(change_line(learned))["change"])
    return patterns.record(line)


LIKE = {
    "another value": (PLAN, replace(PLAN, operand="Free", after="Free")),
    "what was known": (PLAN, KNOWN),
    "what was known and is not shown": (PLAN, replace(KNOWN, sensitive=True)),
    "what is in doubt": (KNOWN, replace(KNOWN, prior="uncertain", before=None)),
    "no value that is known": (KNOWN, replace(KNOWN, before=None)),
    "a number that is known": (KNOWN, replace(KNOWN, before=-1.5)),
    "a switch that is known": (KNOWN, replace(KNOWN, before=True)),
    "a list that is known": (TAGS, replace(TAGS, before=(), after=("b",))),
    "more of a list": (TAGS, replace(TAGS, operand=("b", "c"), after=("a", "b", "c"))),
    "a list that is not whole": (TAGS, replace(TAGS, certain=False)),
    "a list that loses": (LESS, replace(LESS, before=("b",), after=())),
    "off": (VIP, replace(VIP, operand=False, before=True, after=False)),
}


@pytest.mark.parametrize(("learned", "other"), LIKE.values(), ids=LIKE)
def test_a_line_that_is_like_another_sends_what_its_change_does(learned, other):
    found = change(other, key="É 1", action="create")
    told = told_after(change(learned), change_line(found))
    ((_, record),) = records_of(found)
    assert told == (folded_key(found.key), canonical(record.as_wire()))


PLACES = {
    "none": (),
    "a line": (Origin("a.yaml", 3),),
    "a cohort": (Origin("a.yaml", cohort="vip"),),
    "a file of a cohort": (Origin("a.csv", 4, 3, "vip"),),
    "a row with its line": (Origin("a.csv", 4, 3, table="rows"),),
    "several": (ROWS, Origin("a.yaml", 3)),
}


@pytest.mark.parametrize("origins", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("settled", [SETTLED, EntryAfter(None, ("vip",)), EntryAfter()])
def test_wherever_a_profile_stands_its_line_is_told(origins, settled):
    found = replace(change(PLAN, origins=origins), settled=settled)
    assert told_after(change(PLAN), change_line(found)) is not None


UNLIKE = {
    "another attribute": (PLAN, VIP),
    "another kind of value": (PLAN, replace(PLAN, kind="number", operand=1, after=1)),
    "the other way": (TAGS, LESS),
    "a word with an escape": (PLAN, replace(PLAN, operand='"', after='"')),
}


@pytest.mark.parametrize(("learned", "other"), UNLIKE.values(), ids=UNLIKE)
def test_a_line_that_is_unlike_is_not_told(learned, other):
    assert told_after(change(learned), change_line(change(other))) is None


READ = {
    "a counter": (RISE,),
    "a counter that is assigned": (
        Operation("Points", "counter", "set", 5, "unknown", after=5),
    ),
    "a group": (NEWS,),
    "a second step": (LESS, replace(TAGS, before=("a",), step=2)),
    "a way by file": (replace(PLAN, channel="sftp"),),
    "a second step alone": (replace(TAGS, step=2),),
    "a difference": (replace(RISE, kind="number"),),
    "what a run left in doubt": (replace(PLAN, prior="uncertain", since="r1"),),
    "two steps of one attribute": (LESS, TAGS),
    "no operation": (),
}


@pytest.mark.parametrize("operations", READ.values(), ids=READ)
def test_of_what_follows_from_more_than_its_line_nothing_is_learned(operations):
    patterns = RecordPatterns()
    patterns.learn(parse(change_line(change(*operations)))["change"])
    assert patterns.patterns == []


def test_a_list_is_told_by_what_is_done_to_it():
    """Only of a value that is set the form may be left out."""
    line = change_line(change(TAGS))
    assert told_after(change(TAGS), line) is not None
    bare = line.replace(b',"+",["a"]', b"")
    assert bare != line
    assert told_after(change(TAGS), bare) is None


LINES = [
    *(change_line(change(PLAN, key=f"u{number}")) for number in range(4)),
    settled_line(ProfileKey("identity", "u4"), SETTLED),
    change_line(change(KNOWN, RISE, key="u5")),
    change_line(change(key="u6", action="release", released=("City",))),
    change_line(change(RISE, key="u7")),
    change_line(change(VIP, key="u8")),
    *(change_line(change(KNOWN, key=f"u9{number}")) for number in range(3)),
]


def made_one_by_one(lines, wave, places):
    found = [change_from_line(line) for line in lines if line.startswith(START)]
    sending = (each for each in found if each.operations)
    for place, each in enumerate(sending):
        for own, record in records_of(each):
            if own == wave and place in places:
                wire, line = canonical(record.as_wire()), change_line(each)
                folded = folded_key(each.key)
                yield PlannedRecord(
                    place, folded, wire, line, record.last, record.has_counters
                )


@pytest.mark.parametrize("size", [1, 2, 3, 4, len(LINES)])
@pytest.mark.parametrize("places", [range(99), range(2, 8), range(3, 4), range(9, 9)])
@pytest.mark.parametrize("wave", WAVES)
def test_records_are_those_of_the_changes_however_lines_come(wave, places, size):
    reader, found = RecordReader(wave, places), []
    for start in range(0, len(LINES), size):
        found += reader.records(b"".join(LINES[start : start + size]))
    assert found == [*made_one_by_one(LINES, wave, places)]


@pytest.mark.parametrize("wave", WAVES)
def test_only_what_no_pattern_tells_is_read(monkeypatch, wave):
    read = []

    def noted(line):
        read.append(line)
        return change_from_line(line)

    monkeypatch.setattr(record_reader, "change_from_line", noted)
    reader = RecordReader(wave, range(99))
    for _ in range(2):
        assert [*reader.records(b"".join(LINES))] != [] or wave not in {1, 3}
    counting = [LINES[5], LINES[7]]
    first = [LINES[0], LINES[5], LINES[8], LINES[5]]
    assert read == {1: first, 3: counting * 2}.get(wave, [])


@pytest.mark.parametrize(
    ("wave", "places"), [(2, range(9)), (3, range(9)), (1, range(9, 12))]
)
def test_of_lines_without_anything_that_is_asked_for_none_is_read(
    monkeypatch, wave, places
):
    monkeypatch.setattr(record_reader, "change_from_line", lambda _: 1 / 0)
    assert [*RecordReader(wave, places).records(b"".join(LINES[:4]))] == []


def test_what_is_no_change_is_refused():
    with pytest.raises(ValueError, match="change"):
        [*RecordReader(1, range(9)).records(b'{"change":[],"does":[0,1]}\n')]


@contextmanager
def here(task, pieces):
    """Do a task as other processes would."""
    yield ((piece, bytes(task(piece))) for piece in pieces)


def test_workers_tell_what_each_line_sends_but_those_that_they_learn_of():
    other = [change_line(change(TAGS, key=f"v{number}")) for number in range(2)]
    pieces = [b"".join(LINES[:2]), LINES[2], b"".join([*LINES[:2], *other]), LINES[3]]
    with told_lines(iter(pieces), Workers(None, here, 0, 1)) as found:
        lines, told = zip(*found, strict=True)
    assert [*lines] == pieces
    zero, one, two, three = (sent_by(each) for each in LINES[:4])
    tags = sent_by(other[1])
    assert [*told] == [[None, one], [two], [zero, one, None, tags], [three]]


def sent_by(line):
    (record,) = made_one_by_one([line], 1, range(1))
    return record.folded, record.wire


@pytest.mark.parametrize("line", [LINES[4], LINES[5], LINES[7]])
def test_of_pieces_that_send_in_another_wave_workers_tell_nothing(line):
    pieces = [b"".join([LINES[0], line]), line, LINES[1]]
    with told_lines(iter(pieces), Workers(None, here, 0, 1)) as found:
        assert [told for _, told in found] == [None, None, [None]]


def test_without_workers_nothing_is_told():
    with told_lines(iter(LINES[:2]), None) as found:
        assert [*found] == [(LINES[0], None), (LINES[1], None)]
