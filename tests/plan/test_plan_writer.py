"""What a plan may hold, and what its foot says of it."""

import io

import pytest
from msgspec.structs import replace

from ctsync.canonical_json import parse
from ctsync.model.change import Change, EntryAfter
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.digest import PlanDigest
from ctsync.plan.document.plan_writer import PlanWriter

HEAD = PlanHead(Account("A", "in1"), Base("0" * 32, 3, "d" * 64))
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
FIRST = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), (), 1)
SECOND = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
NEWS = replace(
    GOLD, attribute="subscriptions.email.News", kind="subscription", operand=True
)
WORD = replace(GOLD, attribute="category-resubscribe")
ONE, TWO = ProfileKey("identity", "u1"), ProfileKey("identity", "u2")
CHANGE = Change(ONE, "update", (GOLD, FIRST, SECOND))
SETTLED = EntryAfter("f" * 32, forget=("city",))


@pytest.fixture
def writer():
    return PlanWriter(io.BytesIO(), HEAD)


def add(writer, kind, key):
    if kind == "change":
        writer.add_change(replace(CHANGE, key=key))
    else:
        writer.add_settled(key, SETTLED)


@pytest.mark.parametrize("later", ["change", "settled"])
@pytest.mark.parametrize("first", ["change", "settled"])
def test_keys_come_in_order_and_once(writer, first, later):
    add(writer, first, TWO)
    for key in (TWO, ONE):
        with pytest.raises(ValueError, match="order"):
            add(writer, later, key)
    add(writer, later, ProfileKey("identity", "u3"))


@pytest.mark.parametrize(
    "change",
    [
        replace(CHANGE, operations=(FIRST, GOLD)),
        replace(CHANGE, operations=(SECOND, FIRST)),
        replace(CHANGE, operations=(GOLD, GOLD)),
        replace(CHANGE, operations=(GOLD, replace(GOLD, attribute="plan", step=2))),
        replace(CHANGE, operations=(replace(GOLD, step=0),)),
        replace(CHANGE, operations=(replace(GOLD, step=3),)),
        replace(CHANGE, action="release"),
        replace(CHANGE, operations=(), released=("City",)),
        replace(CHANGE, action="release", operations=()),
    ],
)
def test_what_can_not_be_sent_and_folded_as_it_stands_is_no_change(writer, change):
    with pytest.raises(ValueError, match="not a change"):
        writer.add_change(change)


@pytest.mark.parametrize(
    "operations",
    [
        (WORD, NEWS),
        (replace(WORD, operand=5), NEWS),
        (replace(FIRST, attribute=WORD.attribute), NEWS),
        (replace(WORD, attribute="category-unsubscribe"),),
        (replace(NEWS, operand="no", after="no"),),
        (replace(NEWS, kind="boolean"),),
        (replace(NEWS, operator="$delete", operand=1, after=None),),
    ],
)
def test_groups_travel_as_they_are_shown_or_not_at_all(writer, operations):
    """They share a word with an attribute of that name, and know only on and off."""
    writer.add_change(replace(CHANGE, operations=(NEWS,)))
    with pytest.raises(ValueError, match="not a change"):
        writer.add_change(Change(TWO, "update", operations))


def test_the_digest_of_a_plan_is_that_of_all_it_was_given(writer):
    digest = PlanDigest(HEAD.account, HEAD.base.lineage)
    assert writer.sums().digest == digest.value()
    writer.add_change(CHANGE)
    digest.add(CHANGE)
    assert writer.sums().digest == digest.value()
    writer.add_settled(TWO, SETTLED)
    digest.add_settled(TWO, SETTLED)
    assert writer.sums().digest == digest.value()


def test_the_foot_counts_what_the_changes_come_to(writer):
    released = Change(TWO, "release", released=("City",))
    other = Change(ProfileKey("identity", "u3"), "create", (GOLD,), locked=("Plan",))
    for each in (CHANGE, released, other):
        writer.add_change(each)
    foot = writer.sums()
    assert (foot.changes, foot.places, foot.locked) == (3, 2, 1)
    profiles = foot.summary["profiles"]
    assert {name: profiles[name] for name in ("create", "update", "release")} == {
        "create": 1, "update": 1, "release": 1,
    }  # fmt: skip
    assert (foot.summary["records"], foot.summary["calls"]) == (3, 2)


def test_of_what_nobody_said_before_the_foot_counts_none(writer):
    by_file = replace(FIRST, channel="sftp"), replace(SECOND, channel="sftp")
    opened = Operation("MSG-sms", "subscription", "set", True, "unknown", after=True)
    rise = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
    writer.add_change(Change(ONE, "update", (opened, GOLD, rise), opt_in=True))
    writer.add_change(Change(TWO, "update", by_file))
    counts = writer.sums().summary
    assert counts == {
        "once_held": 0,
        "profiles": {
            "entries": 0, "undeclared": 0, "unchanged": 0, "skipped": 0,
            "create": 0, "update": 2, "release": 0, "remove": 1,
        },
        "operations": {
            "set": 2, "$add": 1, "$remove": 1, "$incr": 1, "$decr": 0, "$delete": 0,
        },
        "opt_in": 1,
        "records": 2,
        "calls": 2,
        "channels": {"sftp": {"profiles": 1, "operations": 2}},
    }  # fmt: skip


def test_what_was_counted_elsewhere_stays_beside_what_the_changes_come_to():
    file = io.BytesIO()
    writer = PlanWriter(file, HEAD)
    writer.add_change(CHANGE)
    profiles = {"entries": 9, "undeclared": 2, "unchanged": 3, "skipped": 4}
    said = PlanFoot(summary={"once_held": 5, "profiles": {**profiles, "update": 7}})
    writer.close(said)
    foot = parse(file.getvalue().splitlines()[-2])["foot"]
    assert foot["summary"]["once_held"] == 5
    assert foot["summary"]["profiles"].items() >= {**profiles, "update": 1}.items()
