"""How a saved plan writes changes, and which of them a wave has to read."""

import os
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row import RowForm
from ctsync.model.snapshot import Account, Base
from ctsync.plan.change_codec import change_from_line, change_line, waves_in
from ctsync.plan.plan_file import SavedPlan, open_plan
from ctsync.plan.plan_writer import PlanWriter

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
    change('e,"waves":[2]}\n', PLAIN),
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
        (b'"string"', b'"strong"'),
        (b'"update"', b'"improve"'),
        (b'"identity"', b'"name"'),
        (b'"origins"', b'"origin"'),
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
        descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - not paths
        assert list(opened.changes()) == list(CHANGES)
    assert len(os.listdir("/proc/self/fd")) == descriptors - 1  # noqa: PTH208
    opened.close()
    with pytest.raises(ValueError, match="closed"):
        list(opened.changes())


def test_who_iterates_keeps_an_open_plan_open(tmp_path, plan):
    plan.copy_to(tmp_path / "plan")
    assert list(open_plan(tmp_path / "plan").changes()) == list(CHANGES)


VALUES = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3)
TEXTS = st.lists(st.text(max_size=2), max_size=2).map(tuple)


@given(
    st.builds(
        Operation,
        st.text(max_size=2),
        st.just("string"),
        st.just("set"),
        VALUES | TEXTS,
        st.just("known"),
        before=VALUES | TEXTS,
        after=VALUES | TEXTS,
        step=st.integers(1, 2),
        certain=st.booleans(),
        sensitive=st.booleans(),
        since=st.none() | st.text(max_size=2),
        ours=TEXTS,
        excluded=TEXTS,
    )
)
def test_an_operation_survives_as_a_row(operation):
    form = RowForm(Operation)
    again = convert(parse(canonical(form.row(operation))), Operation)
    assert again == operation
    assert repr(again) == repr(operation)  # 1 is not True


def test_a_row_ends_with_the_last_field_that_is_not_a_default():
    assert RowForm(Operation).row(PLAIN) == (
        "Plan", "string", "set", "Gold", "unknown", None, "Gold",
    )  # fmt: skip
    assert RowForm(EntryAfter).row(EntryAfter()) == ()
