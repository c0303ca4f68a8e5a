"""What undoes a run on one profile, case by case; what cannot be undone says why."""

import pytest
from msgspec.structs import replace

from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.entry import DueValue, Entry, KnownValue
from ctsync.model.operation import API, Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome
from ctsync.model.run import RunChange, RunOperation
from ctsync.plan.revert_profile import (
    CHANGED,
    CREATED,
    FORGOTTEN,
    NOT_KNOWN,
    ONCE,
    OPTS_IN,
    REMOVED,
    STAYS,
    WAITS,
    revert_profile,
)

KEY = ProfileKey("identity", "u1")
FREE = KnownValue("Plan", "string", "Free", owned=True)
GOLD = Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold")


def tags(**fields):
    return KnownValue("Tags", "list", owned=True, **fields)


def sent(*operations, outcome=Outcome.ACKNOWLEDGED):
    return tuple(RunOperation(each, outcome) for each in operations)


def reverted(done, current, **rule):
    """Give what undoes a run on a profile of which so much is known now."""
    entry = (
        None if current is None else Entry(KEY, current, gone=rule.pop("gone", False))
    )
    return revert_profile(
        done, entry, lambda name: Attribute(name, None, **rule), ValueContext()
    )


def after_gold(**fields):
    return {"plan": KnownValue("Plan", "string", "Gold", owned=True, **fields)}


def of_plan(before, *operations, **more):
    known = {} if before is None else {"plan": before}
    return RunChange(KEY, "update", sent(*operations), known=known, **more)


def of_tags(before, *operations):
    known = {} if before is None else {"tags": before}
    return RunChange(KEY, "update", sent(*operations), known=known)


@pytest.mark.parametrize("current", [None, after_gold()])
def test_of_a_profile_that_is_not_known_any_more_nothing_goes_back(current):
    found = reverted(of_plan(FREE, GOLD), current, gone=True)
    assert (found.change, found.stays) == (None, [(None, FORGOTTEN)])


@pytest.mark.parametrize(
    ("before", "current", "why"),
    [
        (FREE, {}, CHANGED),
        (FREE, {"plan": FREE}, CHANGED),
        (None, after_gold(), NOT_KNOWN),
        (KnownValue("Plan", "string", "Free", certain=False), after_gold(), NOT_KNOWN),
    ],
)
def test_a_value_stays_where_now_or_before_is_not_what_it_was(before, current, why):
    found = reverted(of_plan(before, GOLD), current)
    assert (found.change, found.stays) == (None, [("Plan", why)])


def test_what_the_run_forgot_goes_back_if_it_is_still_not_known():
    taken = Operation("Plan", "string", "$delete", 1, "known", "Free")
    done = of_plan(FREE, taken, forgotten=("plan",))
    (back,) = reverted(done, {}).change.operations
    assert (back.operator, back.operand) == ("set", "Free")
    assert reverted(done, after_gold()).stays == [("Plan", CHANGED)]


def test_what_the_api_cannot_take_away_stays():
    before = KnownValue("MSG-email", "subscription", None)
    out = Operation("MSG-email", "subscription", "set", False, "known", None, False)
    done = RunChange(KEY, "update", sent(out), known={"msg-email": before})
    now = KnownValue("MSG-email", "subscription", False, owned=True)
    found = reverted(done, {"msg-email": now})
    assert (found.change, found.stays) == (None, [("MSG-email", STAYS)])


@pytest.mark.parametrize(("of_run", "of_rule"), [(True, False), (False, True)])
def test_what_either_holds_sensitive_goes_back_as_sensitive(of_run, of_rule):
    gold = Operation(
        "Plan", "string", "set", "Gold", "known", "Free", "Gold", sensitive=of_run
    )
    found = reverted(of_plan(FREE, gold), after_gold(), sensitive=of_rule)
    assert [each.sensitive for each in found.change.operations] == [True]


def test_what_a_file_sends_stays_while_the_platform_may_still_tell_of_it():
    by_file = replace(GOLD, channel="sftp")
    done = RunChange(
        KEY, "update", sent(by_file, outcome=Outcome.SENT), known={"plan": FREE}
    )
    due = DueValue("a.csv", by_file, before=FREE)
    waiting = replace(FREE, certain=False, maybe=("Free", "Gold"), due=due)

    def found(current, *files):
        entry = Entry(KEY, {"plan": current})
        return revert_profile(done, entry, Attribute, ValueContext(), files)

    assert found(waiting, "a.csv").stays == [("Plan", WAITS)]
    assert found(waiting, "b.csv").stays == []  # nobody will tell any more
    (told,) = found(after_gold()["plan"], "b.csv").change.operations
    assert (told.operand, told.prior) == ("Free", "known")


def test_values_come_back_as_whose_they_were():
    """Ours are ours again, and what was known not to be there is so again."""
    before = tags(present=("a", "b"), ours=("a",), absent=("x",))
    removed = Operation("Tags", "list", "$remove", ("a", "b"), "known", ("a", "b"), ())
    added = Operation("Tags", "list", "$add", ("x",), "known", (), ("x",), 2)
    now = tags(present=("x",))
    found = reverted(of_tags(before, removed, added), {"tags": now})
    assert found.stays == []
    undoing = {each.operator: each for each in found.change.operations}
    assert undoing["$add"].operand == ("a", "b")
    assert undoing["$add"].ours == ("a",)
    assert undoing["$remove"].operand == ("x",)
    assert undoing["$remove"].excluded == ("x",)


def test_values_that_nobody_knew_to_be_there_do_not_come_back():
    removed = Operation("Tags", "list", "$remove", ("a",), "unknown", None, None)
    found = reverted(of_tags(None, removed), {"tags": tags(absent=("a",))})
    assert ("Tags", REMOVED) in found.stays


def test_what_the_run_added_to_an_unknown_list_goes_and_nothing_is_known_again():
    added = Operation("Tags", "list", "$add", ("c",), "unknown", None, ("c",))
    now = tags(present=("c",))
    found = reverted(of_tags(None, added), {"tags": now})
    assert found.stays == []
    (back,) = found.change.operations
    assert (back.operator, back.operand) == ("$remove", ("c",))
    assert found.change.settled.forget == ("tags",)


def test_what_the_platform_cannot_make_a_list_again_stays():
    before = tags(present=("a",))
    seven = Operation("Tags", "number", "set", 7, "known", ("a",), 7)
    now = KnownValue("Tags", "number", 7, owned=True)
    found = reverted(of_tags(before, seven), {"tags": now})
    ((name, why),) = found.stays
    assert (found.change, name) == (None, "Tags")
    assert "list" in why


def test_a_profile_that_the_run_created_stays():
    done = RunChange(KEY, "create", sent(GOLD), is_new=True)
    found = reverted(done, after_gold())
    assert (found.change, found.stays) == (None, [(None, CREATED)])


def test_what_is_written_once_is_not_written_again_by_going_back():
    found = reverted(of_plan(FREE, GOLD), after_gold(), write="once")
    assert (found.change, found.stays) == (None, [("Plan", ONCE)])


def test_nobody_is_opted_in_by_going_back():
    before = KnownValue("MSG-email", "subscription", True, owned=True)
    out = Operation("MSG-email", "subscription", "set", False, "known", True, False)
    done = RunChange(KEY, "update", sent(out), known={"msg-email": before})
    found = reverted(done, {"msg-email": replace(before, value=False)})
    assert (found.change, found.stays) == (None, [("MSG-email", OPTS_IN)])


def test_only_what_is_locked_is_named_as_locked():
    assert reverted(of_plan(FREE, GOLD), after_gold()).change.locked == ()
    added = Operation("Tags", "list", "$add", ("c",), "unknown", None, ("c",))
    free = reverted(of_tags(None, added), {"tags": tags(present=("c",))})
    assert free.change.locked == ()


def test_what_one_of_two_steps_holds_sensitive_goes_back_as_sensitive():
    before = tags(present=("a",))
    removed = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), ())
    added = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
    done = of_tags(before, removed, replace(added, sensitive=True))
    found = reverted(done, {"tags": tags(present=("b",))})
    assert {each.sensitive for each in found.change.operations} == {True}


@pytest.mark.parametrize(("kind", "goes"), [("identity", True), ("objectId", False)])
def test_what_only_a_file_takes_away_stays_where_no_file_names_the_profile(kind, goes):
    key = ProfileKey(kind, "u1")
    nothing = KnownValue("Plan", "string", None)
    gold = Operation("Plan", "string", "set", "Gold", "known", None, "Gold")
    done = RunChange(key, "update", sent(gold), known={"plan": nothing})
    entry = Entry(key, after_gold())
    for removals in ("sftp", API):
        found = revert_profile(
            done,
            entry,
            lambda name: Attribute(name, None),
            ValueContext(removals=removals),
        )
        assert (found.stays == []) is (goes and removals != API)


def test_what_changed_nothing_needs_no_undoing():
    same = Operation("Plan", "string", "set", "Free", "known", "Free", "Free")
    found = reverted(of_plan(FREE, same), {"plan": FREE})
    assert (found.change, found.stays) == (None, [])


def test_a_whole_revert_alone_brings_the_cohorts_back():
    done = of_plan(FREE, GOLD, cohorts=("vip",))
    entry = Entry(KEY, after_gold(), ("new",))

    def rule_for(name):
        return Attribute(name, None)

    whole = revert_profile(done, entry, rule_for, ValueContext())
    assert whole.change.settled.cohorts == ("vip",)
    partly = of_plan(FREE, GOLD, cohorts=("vip",), released=("City",))
    part = revert_profile(partly, entry, rule_for, ValueContext())
    assert part.change.settled.cohorts == ("new",)


def test_whatever_was_sent_first_what_is_locked_or_forgotten_stands_by_name():
    sent_first = Operation("Zone", "list", "$add", ("z",), "unknown", None, ("z",))
    sent_last = Operation("Tags", "list", "$add", ("c",), "unknown", None, ("c",))
    gold = replace(GOLD, attribute="Area")
    done = RunChange(
        KEY,
        "update",
        sent(sent_first, GOLD, sent_last, gold),
        known={"plan": FREE, "area": replace(FREE, name="Area")},
    )
    now = {
        **after_gold(),
        "area": replace(after_gold()["plan"], name="Area"),
        "tags": tags(present=("c",)),
        "zone": replace(tags(present=("z",)), name="Zone"),
    }
    change = reverted(done, now, write="locked").change
    assert change.locked == ("Area", "Plan", "Tags", "Zone")
    assert change.settled.forget == ("tags", "zone")
    assert [each.attribute for each in change.operations] == list(change.locked)
