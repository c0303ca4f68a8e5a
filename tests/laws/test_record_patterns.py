"""What travels is the same, whether a line is read or told by a pattern."""

import pickle
from contextlib import contextmanager
from functools import partial

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.kinds import KINDS
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import membership_in
from ctsync.model.fault import Faults
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.workers import Workers
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
from ctsync.plan.document.told_records import RecordTelling, told_lines

MARK = "0123456789abcdef" * 2
NAMES = ("Home City", "Plan", "Points", "Tags", "subscriptions.email.News", "x%b")
WORDS = ["Gold", "", "$D_7", 'q"q', "a\\b", "Größe\n", "]],[[", "0042", "%b"]
VALUES = {
    "string": st.sampled_from(WORDS),
    "date": st.just("$D_1900000000"),
    "number": st.sampled_from([0, -7, 1.5, -0.0, 1e22, 12.0625, 2**60]),
    "boolean": st.booleans(),
    "counter": st.integers(0, 9),
    "subscription": st.booleans(),
}
texts = st.lists(st.sampled_from(WORDS), min_size=1).map(tuple)
priors = st.sampled_from(["unknown", "known", "uncertain"])
origins = st.lists(
    st.builds(
        Origin,
        st.just("a.csv"),
        line=st.sampled_from([None, 4]),
        row=st.sampled_from([None, 3]),
        cohort=st.sampled_from([None, None, "vip"]),
        table=st.sampled_from([None, "rows", "more"]),
    ),
    max_size=2,
).map(tuple)


def single(draw, name):
    """An operation that assigns, as most do."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    value, prior = draw(VALUES[kind]), draw(priors)
    before = draw(VALUES[kind]) if prior == "known" else None
    how = {"sensitive": draw(st.booleans())}
    return [Operation(name, kind, "set", value, prior, before, value, **how)]


def of_list(draw, name):
    operator = draw(st.sampled_from(["$add", "$remove"]))
    certain, held = draw(st.booleans()), draw(st.sampled_from([(), ("a",)]))
    operand = draw(texts)
    gone, there = set(held) - set(operand), set(held) | set(operand)
    after = tuple(sorted(there if operator == "$add" else gone))
    return [
        Operation(name, "list", operator, operand, "known", held, after, 1, certain)
    ]


def of_kind(lab, draw, name):
    """What a kind makes of what is known, two steps and counters among it."""
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    known = draw(lab.beginnings(kind)).known
    try:
        found = kind.diff(known, draw(lab.targets_for(kind)), lab.FRAME)
    except Faults:
        return []
    return [replace(each, attribute=name) for each in found]


def change_of(lab, draw, identifier):
    found = []
    for name in sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1))):
        way = draw(st.sampled_from(["single"] * 4 + ["list", "kind"]))
        if way == "kind":
            found += of_kind(lab, draw, name)
        else:
            found += (single if way == "single" else of_list)(draw, name)
    places = draw(origins)
    tables = {place.table for place in places} - {None}
    cohorts = draw(
        st.just(tuple(sorted(map(membership_in, tables)))) | st.just(("vip",))
    )
    kind = draw(st.sampled_from(["identity", "objectId"]))
    action = draw(st.sampled_from(["create", "update"])) if found else "release"
    released = draw(st.sampled_from([(), (), (), ("City",)])) if found else ("City",)
    settled = EntryAfter(draw(st.sampled_from([MARK, MARK, None])), cohorts)
    return Change(
        ProfileKey(kind, identifier), action, tuple(found), places, released, settled
    )


def lines_of(lab, draw):
    for number in range(draw(st.integers(1, 8))):
        identifier = draw(st.sampled_from(["u", " U", "É", 'q"', "%b"])) + f"{number}"
        if draw(st.integers(0, 9)) == 0:
            key = ProfileKey("identity", identifier)
            yield settled_line(key, EntryAfter(MARK))
        else:
            yield change_line(change_of(lab, draw, identifier))


def read_one_by_one(lines, wave, places):
    """The records of lines as they are made of changes."""
    changes = [
        (line, change_from_line(line)) for line in lines if line.startswith(START)
    ]
    sent = [each for each in changes if each[1].operations]
    for place, (line, change) in enumerate(sent):
        for own, record in records_of(change):
            if own == wave and place in places:
                yield PlannedRecord(
                    place,
                    folded_key(change.key),
                    canonical(record.as_wire()),
                    line,
                    record.last,
                    record.has_counters,
                )


canaries_and_all = st.sampled_from([range(1), range(1, 2), range(1, 99), range(99)])


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_records_are_the_same_however_lines_are_cut_and_told(lab, data):
    lines = [*lines_of(lab, data.draw)]
    places = data.draw(canaries_and_all)
    for wave in WAVES:
        reader, found, rest = RecordReader(wave, places), [], [*lines]
        while rest:
            count = data.draw(st.integers(1, len(rest)))
            found += reader.records(b"".join(rest[:count]))
            rest = rest[count:]
        assert found == [*read_one_by_one(lines, wave, places)]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_records_are_the_same_wherever_lines_are_told(lab, data):
    """What tells them is pickled on its way, and learns in another order."""
    lines = [*lines_of(lab, data.draw)]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(lines)))) | {len(lines)})
    pieces = [b"".join(lines[a:b]) for a, b in zip([0, *cuts[:-1]], cuts, strict=True)]
    tell = pickle.loads(pickle.dumps(RecordTelling()))
    workers = Workers(never, partial(told_by, tell), worth=0, pieces=1)
    places = data.draw(canaries_and_all)
    for wave in WAVES:
        reader, found = RecordReader(wave, places), []
        with told_lines(pieces, workers) as told:
            for some, records in told:
                event(f"told: {records is not None}")
                found += reader.records(some, records)
        assert found == [*read_one_by_one(lines, wave, places)]


@contextmanager
def told_by(tell, task, pieces):
    assert isinstance(task, RecordTelling)
    yield ((piece, tell(piece)) for piece in pieces)


def never(*_):
    pytest.fail("nobody is to be asked")


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_pattern_makes_of_a_line_what_reading_it_does(lab, data):
    patterns = RecordPatterns()
    lines = [change_line(change_of(lab, data.draw, f"u{n}")) for n in range(4)]
    for line in lines[1:]:
        patterns.learn(parse(line)["change"])
    told = patterns.record(lines[0])
    event(f"told: {told is not None}")
    if told is not None:
        change = change_from_line(lines[0])
        ((wave, record),) = records_of(change)
        assert (wave, record.last, record.has_counters) == (1, True, False)
        assert told == (folded_key(change.key), canonical(record.as_wire()))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_line_in_which_something_is_wrong_sends_nothing_else(lab, data):
    """Of a line that is spoiled somewhere a pattern tells what reading it does."""
    patterns = RecordPatterns()
    line = change_line(change_of(lab, data.draw, "u1"))
    patterns.learn(parse(line)["change"])
    at = data.draw(st.integers(0, len(line) - 1))
    other = bytes([data.draw(st.sampled_from(b'"[],:\\0 a\n{}'))])
    line = line[:at] + data.draw(st.sampled_from([b"", other])) + line[at + 1 :]
    told = patterns.record(line)
    if told is not None:
        ((_, record),) = records_of(change_from_line(line))
        assert told[-1] == canonical(record.as_wire())
    if line.endswith(b"\n") and line.count(b"\n") == 1:
        assert [*patterns.records(line + line)] == [told, told]


def plain_lines():
    place = (Origin("a.csv", None, 7, table="rows"),)
    for number in range(100):
        value, before = f"v{number}", f"w{number}"
        new = number % 2
        held = ("unknown",) if new else ("known", before)
        operation = Operation("Plan", "string", "set", value, *held, after=value)
        key = ProfileKey("identity", f"u{number:03}")
        settled = EntryAfter(MARK, (membership_in("rows"),))
        action = "create" if new else "update"
        yield change_line(Change(key, action, (operation,), place, (), settled))


def test_of_most_lines_no_change_is_made(monkeypatch):
    """One is read to learn from; all others are told."""
    read = []

    def noted(line):
        read.append(line)
        return change_from_line(line)

    monkeypatch.setattr("ctsync.plan.document.record_reader.change_from_line", noted)
    reader, lines = RecordReader(1, range(100)), [*plain_lines()]
    found = [*reader.records(lines[0]), *reader.records(b"".join(lines[1:]))]
    assert [record.line for record in found] == lines
    assert read == lines[:1]


def told_after(learned, operation):
    """What a pattern that was learned of one operation tells of another."""
    patterns, key = RecordPatterns(), ProfileKey("identity", "u1")
    patterns.learn(parse(change_line(Change(key, "update", (learned,))))["change"])
    return patterns.record(change_line(Change(key, "update", (operation,))))


def test_a_form_is_not_taken_for_a_value_before():
    """Of a form that says something else no pattern tells, whatever it looks like."""
    plain = Operation("Level", "number", "set", 1, "unknown", after=1)
    assert told_after(plain, replace(plain, operand=2, after=2)) is not None
    gone = replace(plain, operator="$delete", after=None)
    counter = replace(plain, kind="counter")
    assert told_after(plain, gone) is told_after(plain, counter) is None
