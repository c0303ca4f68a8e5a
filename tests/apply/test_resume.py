"""What of a change is still due, seen from what is known now."""

import pytest
from msgspec.structs import replace

from ctsync.apply.apply_settings import RetryPace
from ctsync.apply.folding.state_effects import UncertainRecord, entry_write_of
from ctsync.apply.remainder import done_so_far
from ctsync.apply.resume import still_due
from ctsync.engines.base import Candidate
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, EntryAfter
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.profile.diff_profile import build_change
from ctsync.plan.profile.planned_profile import DesiredProfile

KEY = ProfileKey("identity", "u1")
FAST = RetryPace(first_seconds=0.001, most_seconds=0.002)


def change_of(world, *targets, before=()):
    """Plan one profile whose entry holds `before`."""
    wants = {"u1": targets}
    entry = Entry(KEY, {known.name.lower(): known for known in before})
    (built,) = [b for b, _ in world._built(wants, iter([entry]))]
    return built.change, entry


def due(change: Change, entry):
    return still_due(change, entry, ValueContext()).operations


def held(name, value):
    return KnownValue(name, "string", value, owned=True)


def test_what_is_certain_and_was_not_sent_is_sent_as_planned(world):
    change, entry = change_of(
        world, world.string("Plan", "Gold"), before=[held("Plan", "Free")]
    )
    assert due(change, entry) == change.operations


def test_what_was_acknowledged_needs_nothing(world):
    change, entry = change_of(
        world,
        world.string("Plan", "Gold"),
        world.string("City", "Oslo"),
        before=[held("Plan", "Gold")],
    )
    assert [op.attribute for op in due(change, entry)] == ["City"]


def test_a_profile_without_entry_is_sent_as_planned(world):
    change, _ = change_of(world, world.string("Plan", "Gold"))
    assert due(change, None) == change.operations
    gone = Entry(KEY, {"plan": held("Plan", "Gold")}, gone=True)
    assert due(change, gone) == change.operations


def test_a_counter_in_doubt_is_assigned(world):
    before = KnownValue("Points", "counter", 5, owned=True)
    change, entry = change_of(world, world.counter("Points", 8), before=[before])
    (operation,) = change.operations
    assert (operation.operator, operation.operand) == ("$incr", 3)
    record = world.records(change)[0]
    doubt = UncertainRecord(
        record.operations, change.settled.cohorts, "run7"
    ).effect_on(entry.attributes)
    doubted = doubt.fold_into(entry, Entry(KEY))
    (again,) = due(change, doubted)
    assert (again.operator, again.operand, again.since) == ("set", 8, "run7")


def test_a_settled_profile_needs_nothing_whatever_it_forgot(world):
    change, entry = change_of(world, world.string("Plan", "Gold"))
    (record,) = world.records(change)
    done = entry_write_of(record, change, {}).fold_into(entry, Entry(KEY))
    assert due(change, done) == ()
    forgotten = replace(done, attributes={})
    assert due(change, forgotten) == ()


@pytest.mark.parametrize("channel", ["api", "sftp"])
def test_what_is_due_goes_the_way_that_was_planned(channel):
    """A value that was too much for the API, or that it could take."""
    planned = replace(LEFT, channel=channel)
    entry = Entry(KEY, {"tier": held("Tier", "other")})
    (again,) = due(Change(KEY, "update", (planned,)), entry)
    assert (again.before, again.channel) == ("other", channel)


def test_a_release_is_not_due_twice(world):
    change, entry = change_of(
        world,
        world.string("Plan", "Gold"),
        before=[held("Plan", "Gold"), held("City", "Oslo")],
    )
    assert still_due(change, entry, ValueContext()).released == ("City",)
    without = replace(entry, attributes={"plan": held("Plan", "Gold")})
    assert still_due(change, without, ValueContext()).released == ()


ONCE = Change(
    KEY,
    "update",
    (Operation("Plan", "string", "set", "Gold", "unknown", after="Gold"),),
    once=("plan",),
)


@pytest.mark.parametrize("marks", [(), ("other",), ("plan",)])
def test_what_is_written_once_is_never_due_again_once_it_is_marked(marks):
    """Whatever was read since: somebody else may have set it."""
    entry = Entry(KEY, {"plan": held("Plan", "Other")}, once=marks)
    sent = [operation.operand for operation in due(ONCE, entry)]
    assert sent == ([] if marks == ("plan",) else ["Gold"])
    free = replace(ONCE, once=())
    assert [operation.operand for operation in due(free, entry)] == ["Gold"]


LEFT = Operation("Tier", "string", "set", "left", "known", "vip", "left")
TOWN = Operation("City", "string", "set", "Oslo", "known", "Rome", "Oslo")


def parting(*operations, forget=("tier",)):
    settled = EntryAfter(cohorts=("vip",), forget=forget)
    return Change(KEY, "update", operations, settled=settled)


@pytest.mark.parametrize(
    ("prior", "cohorts", "is_due"),
    [
        ("known", (), False),
        ("uncertain", (), False),
        ("unknown", ("vip",), False),
        ("unknown", (), True),
        ("unknown", ("old", "vip"), True),
    ],
)
def test_what_was_forgotten_is_done_where_that_can_be_told(prior, cohorts, is_due):
    """Something was known of it before, or the entry left its cohorts since."""
    left = replace(LEFT, prior=prior)
    entry = Entry(KEY, {"city": held("City", "Rome")}, cohorts)
    for change in (parting(TOWN, left), parting(left, TOWN), parting(left)):
        names = {operation.attribute for operation in due(change, entry)}
        assert ("Tier" in names) is is_due
        assert ("City" in names) is (TOWN in change.operations)


def test_what_is_still_known_or_not_to_be_forgotten_is_due():
    entry = Entry(KEY, {"tier": held("Tier", "vip")}, ("vip",))
    assert due(parting(LEFT), entry) != ()
    assert due(parting(LEFT, forget=("city",)), Entry(KEY, {}, ("vip",))) != ()


PART = {
    "u1": (DesiredValue("Tags", "list", include=("a",), exclude=("x",), write="once"),)
}


@pytest.mark.parametrize("fault", ["reject", "dropped", "unauthorised"])
@pytest.mark.parametrize("continues", [True, False])
def test_one_write_in_two_steps_is_done_when_both_are(world, fault, continues):
    """After the first step alone, the second is still to come."""
    world.terms = world.short_calls(1, pace=replace(FAST, lost_retries=0))
    plan = world.plan(PART)
    assert [op.operator for op in next(plan.changes()).operations] == [
        "$remove", "$add",
    ]  # fmt: skip
    world.sandbox.script("none", fault)
    assert world.apply(plan).counts["acknowledged"] == 0
    assert world.entries()["u1"].once == ()
    again = plan if continues else world.plan(PART)
    assert world.apply(again).exit_code == 0
    assert world.attributes("u1") == {"Tags": ["a"]}
    assert world.entries()["u1"].once == ("tags",)
    assert world.changes(PART) == []


@pytest.mark.parametrize("steps", [1, 2])
def test_half_of_one_write_that_left_values_there_is_not_the_whole(world, steps):
    """What is there then is no sign that the write has been."""
    before = KnownValue("Tags", "list", present=("b",), maybe=("x",), owned=True)
    target = DesiredValue("Tags", "list", exact=("a", "b"), write="once")
    change, entry = change_of(world, target, before=[before])
    for record in world.records(change)[:steps]:
        effect = entry_write_of(record, change, entry.attributes)
        entry = effect.fold_into(entry, Entry(KEY))
    wanted = DesiredProfile({"tags": target})
    built = build_change(
        Candidate(KEY, (), entry, "mark"), wanted, ValueContext(), Attribute
    )
    assert (built.change is None) is (steps == 2)
    assert len(due(change, entry)) == 2 - steps
    assert (entry.once == ("tags",)) is (steps == 2)


def test_what_is_known_now_may_admit_no_step_any_more(world):
    """A number that was read meanwhile cannot become a list."""
    change, _ = change_of(world, world.values("Tags", "a"))
    number = KnownValue("Tags", "number", 7)
    assert due(change, Entry(KEY, {"tags": number})) == ()


def test_a_plan_that_releases_too_goes_on_where_it_stopped(world):
    """Each outcome is of its own profile, also where some need nothing any more."""
    keys = ("b", "c", "d")
    free = {name: (world.string("Plan", "Free"),) for name in keys}
    world.bring({"a": (world.string("City", "Oslo"),), **free})
    world.terms = world.short_calls(1)
    gold = {name: (world.string("Plan", "Gold"),) for name in keys}
    plan = world.plan({"a": (), **gold})
    world.sandbox.script("none", "unauthorised")
    first = world.apply(plan)
    assert first.counts == {
        "acknowledged": 1, "rejected": 0, "unknown": 0, "not_sent": 2,
    }  # fmt: skip
    assert done_so_far(plan, world.store.read(), ValueContext()) == 1
    world.sandbox.script("lying-status", "none")
    second = world.apply(plan)
    assert second.calls == 2
    assert done_so_far(plan, world.store.read(), ValueContext()) == 2
    told = list(second.tally.outcomes(plan.changes()))
    assert [(each.change.key.id, each.outcome.value) for each in told] == [
        ("b", "acknowledged"), ("c", "rejected"), ("d", "acknowledged"),
    ]  # fmt: skip
    assert world.apply(plan).exit_code == 0
    assert world.attributes("c") == {"Plan": "Gold"}
    assert "city" not in world.entries()["a"].attributes


@pytest.mark.parametrize("is_settled", [True, False])
def test_what_was_read_meanwhile_is_settled_without_being_sent(world, is_settled):
    """A lost value that a read found is there; the membership is still to be noted."""
    world.cohorts["u1"] = ("vip",)
    world.terms = world.short_calls(1, pace=replace(FAST, lost_retries=0))
    gold = (world.string("Plan", "Gold"),)
    plan = world.plan({"u1": gold, "u2": gold})
    world.sandbox.script("lost", "unauthorised")
    assert world.apply(plan).counts["unknown"] == 1
    store = world.store
    snapshot = store.read()
    (entry,) = snapshot.entries()
    found = {"plan": held("Plan", "Gold")} if is_settled else entry.attributes
    header = replace(snapshot.header, serial=snapshot.header.serial + 1)
    store.replace(header, [replace(entry, attributes=found, cohorts=())])
    result = world.apply(plan)
    assert (result.exit_code, result.calls) == (0, 1 if is_settled else 2)
    assert result.counts["acknowledged"] == 2
    assert world.entries()["u1"].cohorts == ("vip",)
    assert world.entries()["u1"].fingerprint is not None
