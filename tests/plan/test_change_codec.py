"""How a saved plan writes changes, and which of them a wave has to read."""

import tempfile

import pytest
from descriptors import open_below
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.kinds import KINDS
from ctsync.kinds.subscription import is_opt_in
from ctsync.model.change import ACTIONS, Change, EntryAfter, Origin
from ctsync.model.change_rows import OPERATION_FORM, ORIGIN_FORM, SETTLED_FORM
from ctsync.model.operation import API, FILES, OPERATORS, Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.row import RowForm
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.change_codec import (
    ChangeLine,
    change_from_line,
    change_line,
    waves_in,
)
from ctsync.plan.document.plan_file import SavedPlan, open_plan
from ctsync.plan.document.plan_writer import PlanWriter

PLAIN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
FIRST = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), (), 1)
SECOND = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
COUNT = Operation("Points", "counter", "$incr", 5, "known", 1, 6)


def change(name, *operations):
    operations = tuple(sorted(operations, key=lambda op: (op.attribute, op.step)))
    action = "update" if operations else "release"
    released = () if operations else ("City",)
    return Change(
        ProfileKey("identity", name),
        action,
        operations,
        (Origin("a.yaml", 1),),
        released,
        EntryAfter("f" * 32),
    )


CHANGES = (
    change("a", PLAIN),
    change("b"),
    change("c", PLAIN, FIRST, SECOND, COUNT),
    change("d", COUNT),
    change('e,"does":[2]}\n', PLAIN),
)


@pytest.fixture
def plan():
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the plan
    writer = PlanWriter(file, PlanHead(Account("A", "in1"), Base()))
    for each in CHANGES:
        writer.add_change(each)
        writer.add_settled(ProfileKey("identity", f"{each.key.id}0"), EntryAfter())
    writer.close(PlanFoot())
    with SavedPlan(file, "this plan") as made:
        yield made


@pytest.mark.parametrize("each", CHANGES)
def test_a_change_survives_its_line(each):
    assert change_from_line(change_line(each)) == each


def test_a_line_is_one_line_of_canonical_json():
    for each in CHANGES:
        line = change_line(each)
        assert line.count(b"\n") == 1
        assert canonical(parse(line)) + b"\n" == line


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'"Gold"', b'"Gold","?="'),
        (b'"Gold"', b'"Gold","=?11"'),
        (b'"Gold"', b'"Gold","=?STRONG"'),
        (b'"update"', b'"improve"'),
        (b'"identity"', b'"name"'),
        (b'"a.yaml"', b"5"),
        (b'"a.yaml",', b'"a.yaml",null,'),
        (b"}", b""),
    ],
)
def test_a_line_of_no_change_is_refused(right, wrong):
    """Whoever reads a plan takes a ValueError for a plan that was tampered with."""
    line = change_line(change("u1", PLAIN))
    assert right in line
    with pytest.raises(ValueError, match=r"."):
        change_from_line(line.replace(right, wrong))


def test_waves_are_read_from_the_end_whatever_stands_before():
    assert [waves_in(change_line(each)) for each in CHANGES] == [
        b"1", b"", b"1,2,3", b"3", b"1",
    ]  # fmt: skip


def test_a_closed_plan_lets_go_of_its_file(tmp_path, plan):
    plan.copy_to(tmp_path / "plan")
    with open_plan(tmp_path / "plan") as opened:
        assert open_below(tmp_path) == [str(tmp_path / "plan")]
        assert list(opened.changes()) == list(CHANGES)
    assert open_below(tmp_path) == []
    opened.close()
    with pytest.raises(ValueError, match="closed"):
        list(opened.changes())


def test_who_iterates_keeps_an_open_plan_open(tmp_path, plan):
    plan.copy_to(tmp_path / "plan")
    assert list(open_plan(tmp_path / "plan").changes()) == list(CHANGES)


VALUES = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3)
TEXTS = st.lists(st.text(max_size=2), max_size=2).map(tuple)


OPERATIONS = st.builds(
    Operation,
    st.text(max_size=2),
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(OPERATORS),
    VALUES | TEXTS,
    st.sampled_from(["known", "unknown", "uncertain"]),
    before=VALUES | TEXTS,
    after=VALUES | TEXTS,
    step=st.integers(1, 2),
    certain=st.booleans(),
    sensitive=st.booleans(),
    since=st.none() | st.text(max_size=2),
    ours=TEXTS,
    excluded=TEXTS,
    channel=st.sampled_from([API, *FILES]),
)
OURS = st.tuples(st.text(max_size=2), st.none() | TEXTS)
NAMES = st.none() | st.text(max_size=2)
PLACES = st.integers(1, 9) | st.none()
ORIGINS = st.builds(Origin, st.text(max_size=2), PLACES, PLACES, NAMES, NAMES)


@given(
    st.builds(
        Change,
        st.builds(ProfileKey, st.sampled_from(ID_TYPES), st.text(max_size=3)),
        st.sampled_from(ACTIONS),
        st.lists(OPERATIONS, max_size=3).map(tuple),
        st.lists(ORIGINS, max_size=2).map(tuple),
        TEXTS,
        st.builds(EntryAfter, NAMES, TEXTS, TEXTS, st.lists(OURS).map(tuple)),
        once=TEXTS,
        locked=TEXTS,
        left=TEXTS,
    )
)
def test_whatever_a_change_says_survives_its_line(each):
    """Where something is left out, what it is follows from the rest."""
    each = replace(each, opt_in=any(map(is_opt_in, each.operations)))
    line = change_line(each)
    again = change_from_line(line)
    assert again == each
    assert repr(again) == repr(each)  # 1 is not True
    assert change_line(again) == line


@given(st.lists(OPERATIONS, max_size=3), st.lists(ORIGINS, max_size=2))
def test_rows_that_are_shown_say_what_the_change_says(operations, origins):
    said = change("u1", *operations)
    each = replace(said, operations=tuple(operations), origins=tuple(origins))
    rows = ChangeLine(change_line(each)).rows()
    assert OPERATION_FORM.values(rows["operations"]) == each.operations
    assert ORIGIN_FORM.values(rows["origins"]) == each.origins
    assert SETTLED_FORM.values([rows["settled"]]) == (each.settled,)
    assert rows["key"] == each.key.as_json()


def test_no_value_stands_twice_in_a_line():
    line = change_line(change("c", PLAIN, FIRST, COUNT))
    assert line.count(b"Gold") == line.count(b'"a"') - 1 == 1
    assert b'["Points",5,">counter",1]' in line


def test_a_row_ends_with_the_last_field_that_is_not_a_default():
    assert RowForm(Operation).row(PLAIN) == (
        "Plan", "string", "set", "Gold", "unknown", None, "Gold",
    )  # fmt: skip
    assert RowForm(EntryAfter).row(EntryAfter()) == ()
