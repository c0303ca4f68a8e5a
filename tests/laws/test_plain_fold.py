"""What is folded at a look is what the long way makes of it, byte by byte."""

from random import Random

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from left_runs import cut_from
from msgspec.structs import replace

from ctsync.apply.folding.fold import fold_edits, fold_effects
from ctsync.apply.folding.plain_profiles import AcknowledgedRow
from ctsync.canonical_json import canonical, fold_name, parse
from ctsync.kinds import KINDS
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue, entry_line, membership_in
from ctsync.model.entry_text import text_from_line, text_of
from ctsync.model.fault import Faults
from ctsync.model.known_texts import KnownTexts
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.spelled_entry import spelled_entry
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document import line_patterns
from ctsync.plan.document.change_codec import change_from_line, change_line
from ctsync.plan.entries.known_patterns import KnownPatterns
from ctsync.plan.entries.plain_entry import Taking, entry_after
from ctsync.plan.entries.row_patterns import RowPatterns

NAMES = ("Plan", "Home City", "Größe", "x")
ACKNOWLEDGED = Taking.ACKNOWLEDGED
MARK = "0123456789abcdef" * 2
names = st.sampled_from(NAMES)
keys = st.builds(
    ProfileKey, st.sampled_from(["identity", "objectId"]), st.sampled_from(["u1", "é"])
)
origins = st.lists(
    st.builds(
        Origin,
        st.just("a.csv"),
        row=st.none() | st.just(7),
        table=st.sampled_from([None, "rows", "more"]),
    ),
    max_size=3,
).map(tuple)


def operations(lab, draw):
    """Operations on one attribute of a profile of which nothing is known."""
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    found = kind.diff(None, draw(lab.targets_for(kind)), lab.FRAME)
    sensitive = draw(st.booleans())
    return [replace(each, sensitive=sensitive) for each in found]


def new_profile(lab, draw):
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    found = [
        replace(each, attribute=name)
        for name in sorted(names)
        for each in operations(lab, draw)
    ]
    places = draw(origins)
    tables = {place.table for place in places} - {None}
    cohorts = draw(
        st.just(tuple(sorted(map(membership_in, tables)))) | st.just(("vip",))
    )
    once = draw(st.just(()) | st.just(("plan",)))
    mark = draw(st.sampled_from([MARK, None, "odd"]))
    return Change(
        draw(keys), "create", tuple(found), places, (), EntryAfter(mark, cohorts),
        once=once,
    )  # fmt: skip


def known_of(lab, draw, name):
    """What may be known of an attribute, certain or not, sent by us or only read."""
    kind, known = KINDS[draw(st.sampled_from(sorted(KINDS)))], None
    for _ in range(draw(st.integers(1, 2))):
        target = draw(lab.targets_for(kind))
        for operation in kind.diff(known, target, lab.FRAME):
            known = kind.apply(known, operation, certain=draw(st.booleans()))
    if known is None:
        return None
    return replace(known, name=name, owned=draw(st.booleans()))


def entry_of(lab, draw, key):
    known = {name: known_of(lab, draw, name) for name in draw(st.sets(names))}
    found = {fold_name(name): each for name, each in known.items() if each is not None}
    return Entry(
        key,
        dict(sorted(found.items())),
        draw(st.sampled_from([(), ("vip",)])),
        draw(st.sampled_from([(), ("plan", "x")])),
        draw(st.sampled_from([MARK, None])),
        draw(st.booleans()) and draw(st.booleans()),
    )


def due_of(lab, draw, entry, name):
    """Operations that lead on from what is known of an attribute, if any can."""
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    known = None if entry.gone else entry.attributes.get(fold_name(name))
    try:
        found = kind.diff(known, draw(lab.targets_for(kind)), lab.FRAME)
    except Faults:
        return []
    return [replace(each, attribute=name) for each in found]


def known_profile(lab, draw):
    """An entry, and a change of it."""
    key = draw(keys)
    entry = entry_of(lab, draw, key)
    found = [
        each
        for name in sorted(draw(st.sets(names, min_size=1)))
        for each in due_of(lab, draw, entry, name)
    ]
    settled = EntryAfter(
        draw(st.sampled_from([MARK, None])),
        draw(st.sampled_from([(), ("vip",)])),
        draw(st.sampled_from([(), ("plan",)])),
    )
    action = draw(st.sampled_from(["create", "update"]))
    return entry, Change(key, action, tuple(found), draw(origins), settled=settled)


def told(change):
    return AcknowledgedRow(parse(change_line(change)), 2, RowPatterns(ACKNOWLEDGED))


def both_ways(row, before=None):
    """Give what a store keeps of a profile, at a look and by the long way."""
    ((_, edit),) = fold_edits([(row.key, row)])
    at_a_look = edit.over(None if before is None else entry_line(before))
    return at_a_look, text_of(fold_effects(row.key, row, before))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_declared_profile_is_taken_in_the_same_either_way(lab, data):
    change = new_profile(lab, data.draw)
    taking = data.draw(st.sampled_from([Taking.DECLARED, Taking.SAID, Taking.READ]))
    text = entry_after(parse(change_line(change))["change"], taking)
    if text is not None:
        lists = {fold_name(op.attribute) for op in change.operations if op.is_set}
        whole = () if taking is Taking.SAID else lists
        after = entry_as_declared(
            Entry(change.key), change, whole, is_read=taking is Taking.READ
        )
        long_way = text_of(after)
        assert text.line == long_way.line
        assert text == replace(long_way, names=[*long_way.names])
        assert text_from_line(text.line) == text


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_declared_of_a_known_profile_is_taken_in_the_same_either_way(lab, data):
    before, change = known_profile(lab, data.draw)
    row = parse(change_line(change))["change"]
    taking = data.draw(st.sampled_from([Taking.DECLARED, Taking.READ]))
    text = entry_after(row, taking, entry_line(before))
    if text is not None:
        lists = {fold_name(op.attribute) for op in change.operations if op.is_set}
        is_read = taking is Taking.READ
        long_way = text_of(entry_as_declared(before, change, lists, is_read=is_read))
        assert text == replace(long_way, names=[*long_way.names])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_new_profile_is_known_the_same_either_way(lab, data):
    change = new_profile(lab, data.draw)
    assume(change.operations)
    at_a_look, long_way = both_ways(told(change))
    if at_a_look is not None:
        assert at_a_look == replace(long_way, names=[*long_way.names])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_known_profile_is_known_the_same_either_way(lab, data):
    before, change = known_profile(lab, data.draw)
    assume(change.operations)
    at_a_look, long_way = both_ways(told(change), before)
    if at_a_look is not None:
        assert at_a_look == replace(long_way, names=[*long_way.names])


KNOWN = {
    "plan": KnownValue("Plan", "string", "Free"),
    "tags": KnownValue("Tags", "list", present=("a", "b"), complete=True, owned=True),
}
PLAIN = [
    ("Plan", "string", "set", "Gold"),
    ("Plan", "date", "set", "$D_1900000000"),
    ("Plan", "number", "set", 1.5),
    ("Plan", "number", "set", 0),
    ("Plan", "boolean", "set", False),
    ("Plan", "counter", "set", 3),
    ("Tags", "list", "$add", ("c", "d")),
]


def assigned_change(lab, draw):
    """An entry, and a change that mostly does what patterns tell of known ones."""
    entry, change = known_profile(lab, draw)
    if draw(st.booleans()):
        found = [each for each in change.operations if each.operator == "set"]
        places = (Origin("a.csv", None, draw(st.integers(1, 9)), table="rows"),)
        change = replace(
            change,
            action="update",
            operations=tuple(found),
            origins=places,
            settled=EntryAfter(MARK, (membership_in("rows"),)),
        )
    return entry, change


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_assigned_to_a_known_profile_is_known_the_same_either_way(lab, data):
    before, change = assigned_change(lab, data.draw)
    assume(change.operations)
    patterns, line = KnownPatterns(), change_line(change)
    for other in data.draw(st.lists(st.just(change), max_size=1)):
        patterns.learn(parse(change_line(other))["change"])
    patterns.learn(parse(change_line(assigned_change(lab, data.draw)[1]))["change"])
    told = (patterns.columns(line) or [None])[0]
    text = told and told.over(0, entry_line(before))
    event(f"told: {text is not None}")
    if told is not None:
        names = tuple(before.attributes)
        with cut_from(data.draw(st.sampled_from([1, 2]))):
            columns = told.over_all(KnownTexts([entry_line(before)], [names]))
        assert (columns is None) == (text is None)
    if text is not None:
        assert [*columns.texts()] == [replace(text, names=tuple(text.names))]
        row = AcknowledgedRow(parse(line), 2, patterns)
        _, long_way = both_ways(row, before)
        assert text == replace(long_way, names=[*long_way.names])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_entry_that_is_taken_apart_is_spelled_as_it_was(lab, data):
    entry = entry_of(lab, data.draw, data.draw(keys))
    assert spelled_entry(entry_line(entry)).line() == entry_line(entry)


def test_odd_names_are_spelled_as_they_were():
    names = ('q"q', "a\\b", "\x01\x7f", "größe", "\u2028", "😀")
    known = {name: KnownValue(name, "string", name) for name in sorted(names)}
    entry = Entry(ProfileKey("identity", "u1"), known, names, names, MARK)
    assert spelled_entry(entry_line(entry)).line() == entry_line(entry)
    parted = spelled_entry(entry_line(replace(entry, attributes={})))
    parted.assign(spelled_entry(entry_line(entry)).attributes)
    assert parted.line() == entry_line(entry)


@pytest.mark.parametrize("known", [None, KNOWN], ids=["new", "known"])
@pytest.mark.parametrize(("name", "kind", "operator", "value"), PLAIN)
def test_what_most_profiles_get_takes_no_longer_look(
    known, name, kind, operator, value
):
    operation = Operation(name, kind, operator, value, "unknown", after=value)
    key = ProfileKey("identity", "u1")
    row = told(Change(key, "create", (operation,), settled=EntryAfter(MARK)))
    at_a_look, long_way = both_ways(row, known and Entry(key, known, once=("plan",)))
    assert at_a_look.line == long_way.line


MOVES = [
    Operation("Points", "counter", "$incr", 3, "known", 4, 7),
    Operation("Plan", "string", "$delete", 1, "known", "Free"),
    Operation("Tags", "list", "$remove", ("a",), "known", ("a", "b"), ("b",)),
]


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.operator)
def test_what_is_moved_or_taken_away_takes_no_longer_look(move):
    key = ProfileKey("identity", "u1")
    row = told(Change(key, "update", (move,), settled=EntryAfter(MARK)))
    at_a_look, long_way = both_ways(row, Entry(key, KNOWN))
    assert at_a_look.line == long_way.line


@pytest.mark.parametrize(
    "row",
    [
        [],
        ["create"],
        ["create", "identity", 7, [["Plan", "x"]]],
        ["create", "nobody", "u1", [["Plan", "x"]]],
        ["create", "identity", "u1", []],
        ["create", "identity", "u1", 5],
        ["create", "identity", "u1", [[["Plan"], "x"]]],
        ["create", "identity", "u1", [[7, "x"]]],
        ["create", "identity", "u1", [["Plan", "x", "=!?"]]],
        ["create", "identity", "u1", [["Plan", {}]]],
        ["create", "identity", "u1", [["Plan", ["x", 1], "+?"]]],
        ["create", "identity", "u1", [["Plan", [], "+?"]]],
        ["create", "identity", "u1", [["Plan", ["x"], "-?"]]],
        ["create", "identity", "u1", [["Plan", 1, ">counter", "x"]]],
        ["create", "identity", "u1", [["Plan", "x"], ["plan", "y"]]],
        ["create", "identity", "u1", [["Plan", ["x"], "+?2"], ["plan", ["y"], "+?"]]],
        ["create", "identity", "u1", [["Plan", "x"]], 7],
        ["create", "identity", "u1", [["Plan", "x"]], [["f", 1, 7]]],
        ["create", "identity", "u1", [["Plan", "x"]], [], 7],
        ["create", "identity", "u1", [["Plan", "x"]], [], None, "vip"],
        ["update", "identity", "u1", [["Plan", "x", "=", None, "run"]]],
        ["release", "identity", "u1", [["Plan", "x"]]],
    ],
)
def test_what_is_not_so_plain_takes_the_long_way(row):
    assert entry_after(row, ACKNOWLEDGED) is None


DOUBTED = [
    KnownValue("Tags", "list", present=("a",), maybe=("b",)),
    KnownValue("Tags", "list", present=("a",), absent=("b",)),
    KnownValue("Tags", "list", present=("a",), ours=("a",)),
    KnownValue("Tags", "string", "a"),
]


@pytest.mark.parametrize("known", DOUBTED)
def test_a_list_of_which_more_is_to_say_takes_the_long_way(known):
    before = Entry(ProfileKey("identity", "u1"), {"tags": known})
    row = ["update", "identity", "u1", [["Tags", ["c"], "+"]]]
    assert entry_after(row, ACKNOWLEDGED, entry_line(before)) is None


WORDS = ["Gold", "", "$D_7", 'q"q', "a\\b", "Größe\n", "a\tb", "]],[[", "0042"]
NUMBERS = [0, -7, 1.5, -0.0, 1e22, 1e-5, 12.0625, 2**60]
USUAL = {
    "Plan": ("string", "set", st.sampled_from(WORDS)),
    "Home City": ("number", "set", st.sampled_from(NUMBERS)),
    "Größe": ("list", "$add", st.lists(st.sampled_from(WORDS), min_size=1).map(tuple)),
    "VIP": ("boolean", "set", st.booleans()),
    "x": ("date", "set", st.just("$D_1900000000")),
    "Points": ("counter", "set", st.integers(0, 9)),
    "odd]": ("subscription", "set", st.booleans()),
}  # fmt: skip


def usual_line(draw):
    """The line of a change as most are of a first load, values and all."""
    chosen = sorted(draw(st.sets(st.sampled_from(sorted(USUAL)), min_size=1)))
    found = []
    for name in chosen:
        kind, operator, values = USUAL[name]
        value = draw(values)
        found.append(Operation(name, kind, operator, value, "unknown", after=value))
    place = Origin("a.csv", draw(st.sampled_from([None, 3])), draw(st.integers(1, 9)))
    places = (replace(place, table=draw(st.sampled_from(["rows", None]))),)
    cohorts = (membership_in("rows"),) if places[0].table else ()
    settled = EntryAfter(draw(st.sampled_from([MARK, MARK, "odd"])), cohorts)
    return change_line(Change(draw(keys), "create", tuple(found), places, (), settled))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_pattern_tells_of_a_line_what_reading_it_does(data):
    taking = data.draw(st.sampled_from(Taking))
    patterns = RowPatterns(taking)
    for _ in range(data.draw(st.integers(1, 4))):
        patterns.learn(parse(usual_line(data.draw))["change"])
    line = usual_line(data.draw)
    told = patterns.entry(line)
    if told is not None:
        assert told == entry_after(parse(line)["change"], taking)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_line_in_which_something_is_wrong_has_no_pattern_that_reads_it_otherwise(
    data,
):
    patterns = RowPatterns(ACKNOWLEDGED)
    line = usual_line(data.draw)
    patterns.learn(parse(line)["change"])
    at = data.draw(st.integers(0, len(line) - 1))
    other = bytes([data.draw(st.sampled_from(b'"[],:\\0 a\n'))])
    line = line[:at] + data.draw(st.sampled_from([b"", other])) + line[at + 1 :]
    told = patterns.entry(line)
    if told is not None:
        assert told == entry_after(parse(line)["change"], ACKNOWLEDGED)


def test_what_was_learned_of_several_rows_tells_any_of_their_attributes():
    place = (Origin("a.csv", None, 7, table="rows"),)
    settled = EntryAfter(MARK, (membership_in("rows"),))
    key = ProfileKey("identity", "u1")
    gold, vip, tags = (
        Operation("Plan", "string", "set", "Gold", "unknown", after="Gold"),
        Operation("VIP", "boolean", "set", True, "unknown", after=True),
        Operation("Tags", "list", "$add", ("a", "b"), "unknown", after=("a", "b")),
    )
    lines = [
        change_line(Change(key, "create", each, place, (), settled))
        for each in ((gold,), (tags, vip), (gold, tags, vip), (vip,))
    ]  # fmt: skip
    patterns = RowPatterns(ACKNOWLEDGED)
    for line in lines[:2]:
        patterns.learn(parse(line)["change"])
    assert [len(patterns.entry(line).names) for line in lines] == [1, 2, 3, 1]
    assert patterns.entry(lines[0].replace(b'"Gold"', b'"$D_7"')) is None
    assert patterns.entry(lines[1].replace(b'["a","b"]', b'["b","a"]')) is None


def test_as_many_patterns_are_made_as_are_worth_it(monkeypatch):
    monkeypatch.setattr(line_patterns, "MOST_LEARNED", 1)
    patterns = RowPatterns(ACKNOWLEDGED)
    rows = [
        ["create", "identity", "u1", [[name, "x"]], [["a", 1, "t"]], MARK]
        for name in "ab"
    ]
    for row in rows:
        patterns.learn(row)
    lines = [canonical({"change": row, "does": [0, 1]}) + b"\n" for row in rows]
    assert [patterns.entry(line) is None for line in lines] == [False, True]


def plain_line(name, value, places=(("a", 1, "t"),), identifier="u1"):
    row = ["create", "identity", identifier, [[name, value]], places, MARK]
    return canonical({"change": row, "does": [0, 1]}) + b"\n"


def test_hundreds_of_rare_attributes_are_learned_with_a_handful_of_patterns():
    """Nearly each of the first rows has one that none had before it."""
    chance, patterns, told = Random(1), RowPatterns(ACKNOWLEDGED), 0
    names = [f"Attribute {n:03}" for n in range(200)]
    for number in range(1000):
        said = [[name, "x"] for name in sorted(chance.sample(names, 8))]
        row = ["create", "identity", f"u{number}", said, [["a", number, "t"]], MARK]
        line = canonical({"change": row, "does": [0, 1]}) + b"\n"
        if patterns.entry(line) is not None:
            told += 1
        else:
            patterns.learn(row)
    assert patterns._learned < 10
    assert told > 800


def test_rows_that_no_pattern_tells_teach_none():
    patterns = RowPatterns(ACKNOWLEDGED)
    line = plain_line("a", "x")
    patterns.learn(
        parse(plain_line("a", "x", [["a", 1, "t"], ["b", 2, "u"]]))["change"]
    )
    assert patterns.entry(line) is None
    patterns.learn(parse(line)["change"])
    assert patterns.entry(line) is not None


def test_as_many_patterns_are_tried_as_are_worth_it(monkeypatch):
    monkeypatch.setattr(line_patterns, "MOST_TRIED", 1)
    patterns = RowPatterns(ACKNOWLEDGED)
    lines = [plain_line("a", value) for value in ("x", 7)]
    for line in lines:
        patterns.learn(parse(line)["change"])
    assert [patterns.entry(line) is None for line in lines] == [True, False]


@pytest.mark.parametrize(
    "places",
    [
        [["a", 1, 7]],
        [["a", 1, 7], ["b", 2, 5]],
        [["a", 1, True]],
        [["a", 1, "t"], ["b", 2, 5]],
        [["a", 1, ["t"]]],
        [["a", 1, {"t": 1}]],
        ["abc"],
        "abc",
        {"a": 1},
        7,
        None,
    ],
)
def test_who_forges_where_a_row_is_from_joins_nothing(places):
    """Such a row is none that is written, so what the long way refuses is refused."""
    line = plain_line("a", "x", places)
    row, patterns = parse(line)["change"], RowPatterns(ACKNOWLEDGED)
    with pytest.raises(ValueError, match="Expected"):
        change_from_line(line)
    assert entry_after(row, ACKNOWLEDGED) is None
    patterns.learn(parse(plain_line("a", "x"))["change"])
    assert patterns.entry(line) is None


def test_a_line_that_is_no_text_matches_no_pattern():
    patterns = RowPatterns(ACKNOWLEDGED)
    line = plain_line("a", "x")
    patterns.learn(parse(line)["change"])
    assert patterns.entry(line.replace(b'"u1"', b'"\xff"')) is None
