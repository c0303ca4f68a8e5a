"""What is kept of a run: what it did to each profile, and what was known before."""

import pytest
from breaking import cut_off
from msgspec.structs import replace

from ctsync.apply.apply_settings import RetryPace
from ctsync.apply.folding.history import change_of, past_runs, run_change_from
from ctsync.apply.recover import recover
from ctsync.model.change import Change, EntryAfter
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome
from ctsync.plan.document.schedule import records_of

KEY = ProfileKey("identity", "u1")
PLAN = Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold")
TAKEN = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), (), 1)
ADDED = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
CHANGE = Change(
    KEY,
    "update",
    (PLAN, TAKEN, ADDED),
    settled=EntryAfter(forget=("tier",)),
    released=("City",),
)
FREE = KnownValue("Plan", "string", "Free")
OSLO = KnownValue("City", "string", "Oslo")
VIP = KnownValue("Tier", "string", "VIP")
ENTRY = Entry(KEY, {"city": OSLO, "plan": FREE, "tier": VIP}, ("vip",))
ACK, UNK = Outcome.ACKNOWLEDGED, Outcome.UNKNOWN


def kept(*outcomes, entry=ENTRY):
    records = [record for _, record in records_of(CHANGE)]
    return change_of(CHANGE, zip(records, outcomes, strict=False), entry)


def test_operations_are_kept_as_they_were_sent_with_what_came_of_each():
    done = [(op.operation, op.outcome) for op in kept(ACK, UNK).operations]
    assert done == [(PLAN, ACK), (TAKEN, ACK), (ADDED, UNK)]
    assert [op.operation for op in kept(ACK).operations] == [PLAN, TAKEN]


def test_what_was_known_is_kept_of_what_was_touched_or_released():
    """Nothing is kept of what was not known, nor of what nobody touched."""
    found = kept(ACK, ACK)
    assert found.known == {"city": OSLO, "plan": FREE}
    assert (found.key, found.action, found.released) == (KEY, "update", ("City",))
    assert (found.cohorts, found.is_new) == (("vip",), False)


def test_attributes_are_forgotten_once_all_was_acknowledged():
    assert kept(ACK, ACK).forgotten == ("tier",)
    assert kept(ACK, UNK).forgotten == ()
    assert kept(ACK).forgotten == ()
    assert kept(UNK).forgotten == ()
    # The last record speaks for all: it goes only where the first was taken.
    assert kept(UNK, ACK).forgotten == ("tier",)


def test_of_a_new_profile_nothing_was_known():
    found = kept(ACK, ACK, entry=None)
    assert (found.is_new, found.known, found.cohorts) == (True, {}, ())


def runs_of(world):
    return [
        {change.key.id: change for change in map(run_change_from, run.changes())}
        for run in past_runs(world.store)
    ]


def test_runs_come_the_last_one_first_with_what_was_known_before_each(world):
    world.bring({"u1": (world.string("Plan", "Free"),)})
    world.bring({"u1": (world.string("Plan", "Gold"),)})
    last, first = runs_of(world)
    assert (first["u1"].is_new, first["u1"].known) == (True, {})
    assert (last["u1"].is_new, last["u1"].known["plan"].value) == (False, "Free")


def test_a_run_that_was_cut_off_is_told_of_before_it_is_folded(world):
    """Once: as soon as it is folded it stands among the others."""
    world.bring({"u1": (world.string("Plan", "Free"),)})
    assert cut_off(world, world.plan({"u1": (world.string("Plan", "Gold"),)}), 9)
    last, first = runs_of(world)
    assert last["u1"].known["plan"].value == "Free"
    recover(world.store)
    assert runs_of(world) == [last, first]


@pytest.mark.parametrize("fault", ["none", "lost"])
def test_a_new_profile_is_kept_and_known_as_far_as_it_was_answered(world, fault):
    """Most are told by their rows alone; one in doubt is not one of these."""
    world.terms = world.short_calls(1, pace=RetryPace(lost_retries=0))
    world.sandbox.script(fault)
    world.bring({"u1": (world.string("Plan", "Gold"),)})
    (found,) = runs_of(world)
    is_certain = fault == "none"
    outcome = Outcome.ACKNOWLEDGED if is_certain else Outcome.UNKNOWN
    assert [each.outcome for each in found["u1"].operations] == [outcome]
    assert world.entries()["u1"].attributes["plan"].certain == is_certain


def test_of_a_new_profile_in_two_steps_only_those_are_kept_that_were_taken(world):
    world.terms = world.short_calls(1)
    world.sandbox.script("none", "lying-status")
    world.bring({"u1": (DesiredValue("Tags", "list", include=("a",), exclude=("x",)),)})
    (found,) = runs_of(world)
    assert [each.operation.operator for each in found["u1"].operations] == ["$remove"]
    assert world.entries()["u1"].attributes["tags"].present == ()


def test_a_profile_that_a_read_found_gone_is_made_anew(world):
    world.bring({"u1": (world.string("Plan", "Free"),)})
    header = world.store.read().header
    after = replace(header, serial=header.serial + 1)
    gone = Entry(KEY, {"plan": FREE}, ("vip",), gone=True)
    world.store.amend(after, iter([(KEY, lambda _: gone)]))
    world.bring({"u1": (world.string("Plan", "Gold"),)})
    last = runs_of(world)[0]["u1"]
    assert (last.is_new, last.known, last.cohorts) == (True, {}, ())
