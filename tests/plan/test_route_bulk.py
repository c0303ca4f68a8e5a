"""A plan that is too large for the upload API goes by files, as far as they can say."""

import pytest
from msgspec.structs import replace

from ctsync.model.change import Change, EntryAfter
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.policy import ChannelTerms
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.plan import route_bulk
from ctsync.plan.document.plan_file import SavedPlan, scratch_file
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.plan.route_bulk import by_its_size

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
SETTLED = EntryAfter("f" * 32, forget=("city",))
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
POINTS = Operation("Points", "counter", "set", 5, "unknown", after=5)
TAKEN = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), (), 1)
ADDED = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
NO_CELL = Operation("Tags", "list", "$add", ("\x00",), "known", (), ("\x00",), 2)
BY_FILE = ChannelTerms(bulk_over=1, bulk_by="sftp")


def change(number, *operations):
    return Change(ProfileKey("identity", f"u{number}"), "update", operations)


CHANGES = (
    change(1, GOLD, POINTS, TAKEN, ADDED),
    change(2, TAKEN, NO_CELL),
    Change(ProfileKey("objectId", "x"), "update", (GOLD,)),
)


@pytest.fixture
def made():
    """A plan of three changes and an entry that gets something."""
    file = scratch_file()
    writer = PlanWriter(file, HEAD)
    for each in CHANGES:
        writer.add_change(each)
    writer.add_settled(ProfileKey("objectId", "y"), SETTLED)
    writer.close(PlanFoot(left_out=5))
    with SavedPlan(file, "made") as plan:
        yield plan


@pytest.mark.parametrize(("over", "is_large"), [(None, False), (3, False), (2, True)])
def test_only_a_plan_of_more_profiles_is_written_anew(made, over, is_large):
    terms = ChannelTerms(bulk_over=over, bulk_by="sftp")
    with by_its_size(made, terms, scratch_file) as routed:
        assert (routed is not made) == is_large
        assert bool(routed.foot.by_file) == is_large


def test_all_operations_on_an_attribute_go_one_way(made):
    with by_its_size(made, BY_FILE, scratch_file) as routed:
        ways = [
            [(op.attribute, op.channel) for op in each.operations]
            for each in routed.check().changes()
        ]
    assert ways == [
        [("Plan", "sftp"), ("Points", "api"), ("Tags", "sftp"), ("Tags", "sftp")],
        [("Tags", "api"), ("Tags", "api")],
        [("Plan", "api")],
    ]


def test_all_else_of_the_plan_stays_as_it_was(made):
    before, foot = [*made.each()], made.foot
    with by_its_size(made, BY_FILE, scratch_file) as routed:
        after = [*routed.each()]
        assert (routed.head, routed.name) == (made.head, "made")
        assert (routed.foot.places, routed.foot.profiles) == (3, foot.profiles)
        assert routed.foot.left_out == 5
        assert routed.foot.digest != foot.digest
    assert after[3] == before[3] == (ProfileKey("objectId", "y"), SETTLED)
    for one, other in zip(before[:3], after[:3], strict=True):
        ways = tuple(replace(op, channel="api") for op in other.operations)
        assert replace(other, operations=ways) == one


def test_of_both_plans_only_the_new_one_is_open(made):
    with by_its_size(made, BY_FILE, scratch_file) as routed:
        assert made._file.closed
        assert not routed._file.closed


def test_a_plan_that_broke_off_leaves_no_file_open(made, monkeypatch):
    files = []

    def new_file():
        files.append(scratch_file())
        return files[-1]

    def broken(*_):
        raise OSError("no space left")

    monkeypatch.setattr(route_bulk.PlanWriter, "close", broken)
    with pytest.raises(OSError, match="no space"):
        by_its_size(made, BY_FILE, new_file)
    assert [file.closed for file in (*files, made._file)] == [True, True]
