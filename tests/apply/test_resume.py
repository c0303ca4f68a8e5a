"""What of a change is still due, seen from what is known now."""

from msgspec.structs import replace

from ctsync.apply.effect import Doubt, effect_of
from ctsync.apply.resume import still_due
from ctsync.kinds.base import Frame
from ctsync.model.change import Change
from ctsync.model.entry import Entry, Known
from ctsync.model.key import Key

KEY = Key("identity", "u1")


def change_of(world, *targets, before=()):
    """Plan one profile whose entry holds `before`."""
    wants = {"u1": targets}
    entry = Entry(KEY, {known.name.lower(): known for known in before})
    (built,) = [b for b, _ in world._built(wants, iter([entry]))]
    return built.change, entry


def due(change: Change, entry):
    return still_due(change, entry, Frame()).operations


def held(name, value):
    return Known(name, "string", value, owned=True)


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
    before = Known("Points", "counter", 5, owned=True)
    change, entry = change_of(world, world.counter("Points", 8), before=[before])
    (operation,) = change.operations
    assert (operation.operator, operation.operand) == ("$incr", 3)
    record = world.records(change)[0]
    doubt = Doubt(record.operations, change.settled.cohorts, "run7").effect_on(
        entry.attributes
    )
    doubted = doubt.fold_into(entry, Entry(KEY))
    (again,) = due(change, doubted)
    assert (again.operator, again.operand, again.since) == ("set", 8, "run7")


def test_a_settled_profile_needs_nothing_whatever_it_forgot(world):
    change, entry = change_of(world, world.string("Plan", "Gold"))
    (record,) = world.records(change)
    done = effect_of(record, change, {}).fold_into(entry, Entry(KEY))
    assert due(change, done) == ()
    forgotten = replace(done, attributes={})
    assert due(change, forgotten) == ()


def test_a_release_is_not_due_twice(world):
    change, entry = change_of(
        world,
        world.string("Plan", "Gold"),
        before=[held("Plan", "Gold"), held("City", "Oslo")],
    )
    assert still_due(change, entry, Frame()).released == ("City",)
    without = replace(entry, attributes={"plan": held("Plan", "Gold")})
    assert still_due(change, without, Frame()).released == ()
