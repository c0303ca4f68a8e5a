"""What is folded at a look is what the long way makes of it, byte by byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.apply.fold import fold_edits
from ctsync.apply.new_profiles import NewProfile
from ctsync.canonical_json import fold_name, parse
from ctsync.kinds import KINDS
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, membership_in
from ctsync.model.entry_text import EntryText, text_from_line, text_of
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.import_spec import entry_as_declared
from ctsync.plan.change_codec import change_line
from ctsync.plan.plain_entry import Taking, new_entry
from ctsync.plan.schedule import records_of
from ctsync.state.entry_edits import edited

NAMES = ("Plan", "Home City", "Größe", "x")
MARK = "0123456789abcdef" * 2
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


def told(change):
    return NewProfile.of_row(parse(change_line(change))["change"])


def both_ways(new):
    """Give what a store keeps of a new profile, at a look and by the long way."""
    ((_, edit),) = fold_edits([(new.text.key, new)])
    at_a_look = edited(edit, None)
    assert isinstance(at_a_look, EntryText)
    return at_a_look, text_of(edit(None))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_declared_profile_is_taken_in_the_same_either_way(lab, data):
    change = new_profile(lab, data.draw)
    text = new_entry(parse(change_line(change))["change"], Taking.DECLARED)
    if text is not None:
        lists = {fold_name(op.attribute) for op in change.operations if op.is_set}
        long_way = text_of(entry_as_declared(Entry(change.key), change, lists))
        assert text.line == long_way.line
        assert text == replace(long_way, names=[*long_way.names])
        assert text_from_line(text.line) == text


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_new_profile_is_known_the_same_either_way(lab, data):
    change = new_profile(lab, data.draw)
    new = told(change) if len(records_of(change)) == 1 else None
    if new is not None:
        at_a_look, long_way = both_ways(new)
        assert at_a_look.line == long_way.line
        assert at_a_look == replace(long_way, names=[*long_way.names])


PLAIN = [
    ("string", "set", "Gold"),
    ("date", "set", "$D_1900000000"),
    ("number", "set", 1.5),
    ("number", "set", 0),
    ("boolean", "set", False),
    ("counter", "set", 3),
    ("list", "$add", ("a", "b")),
]


@pytest.mark.parametrize(("kind", "operator", "value"), PLAIN)
def test_what_most_profiles_get_takes_no_longer_look(kind, operator, value):
    operation = Operation("Plan", kind, operator, value, "unknown", after=value)
    key = ProfileKey("identity", "u1")
    new = told(Change(key, "create", (operation,), settled=EntryAfter(MARK)))
    assert new is not None
    at_a_look, long_way = both_ways(new)
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
        ["create", "identity", "u1", [["Plan", "x", "=!?"]]],
        ["create", "identity", "u1", [["Plan", {}]]],
        ["create", "identity", "u1", [["Plan", ["x", 1], "+?"]]],
        ["create", "identity", "u1", [["Plan", [], "+?"]]],
        ["create", "identity", "u1", [["Plan", "x"], ["plan", "y"]]],
        ["create", "identity", "u1", [["Plan", "x"]], 7],
        ["create", "identity", "u1", [["Plan", "x"]], [["f", 1, 7]]],
        ["create", "identity", "u1", [["Plan", "x"]], [], 7],
        ["create", "identity", "u1", [["Plan", "x"]], [], None, "vip"],
        ["update", "identity", "u1", [["Plan", "x"]]],
    ],
)
def test_what_is_not_so_plain_takes_the_long_way(row):
    assert NewProfile.of_row(row) is None
