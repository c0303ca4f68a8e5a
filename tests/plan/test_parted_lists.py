"""Whose the values of a list are when tables keep it, or it may not move."""

from msgspec.structs import replace

from ctsync.engines.base import Candidate
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.profile.diff_profile import build_change
from ctsync.plan.profile.missing_row_rules import MissingRowRules
from ctsync.plan.profile.planned_profile import DesiredProfile

KEY = ProfileKey("identity", "u1")
SHIELD = MissingRowRules(kept=frozenset({"tags"}))
IN_PART = KnownValue(
    "Tags", "list", owned=True, present=("a", "t"), ours=("a", "t"), complete=True
)
AS_A_WHOLE = KnownValue("Tags", "list", owned=True, present=("a", "t"), complete=True)


def built(known, *targets, rule=Attribute, **wanted):
    entry = Entry(KEY, {each.name.lower(): each for each in known}, (), (), "mark")
    return build_change(
        Candidate(KEY, (), entry, "mark"),
        DesiredProfile({each.attribute.lower(): each for each in targets}, **wanted),
        ValueContext(),
        rule,
    )


def include(*values, name="Tags", **more):
    return DesiredValue(name, "list", include=values, **more)


def done(profile):
    if profile.change is None:
        return []
    return [(op.operator, op.operand) for op in profile.change.operations]


def test_a_value_of_a_row_that_a_table_lost_is_not_taken_back_and_stays_ours():
    """Another place still declares the list; the table keeps what it gave."""
    kept = built([IN_PART], include("a"), shields=SHIELD)
    assert done(kept) == []
    assert kept.settled is None  # and nothing is to be noted: both stay ours
    more = built([IN_PART], include("a", "b"), shields=SHIELD)
    assert done(more) == [("$add", ("b",))]
    assert (more.change.settled.ours, more.change.settled.fingerprint) == ((), "mark")
    assert done(built([IN_PART], include("a"))) == [("$remove", ("t",))]


def test_a_list_that_no_place_declares_is_left_alone_where_a_table_keeps_it():
    assert built([IN_PART], shields=SHIELD).change is None
    assert built([AS_A_WHOLE], shields=SHIELD).change is None
    assert done(built([IN_PART])) == [("$remove", ("a", "t"))]


def test_a_list_that_is_written_once_changes_no_hands():
    """It had its one write: in part or as a whole, whose it is stays as it was."""
    for known in (IN_PART, AS_A_WHOLE):
        for target in (
            include("a", "b", write="once"),
            DesiredValue("Tags", "list", exact=("b",), write="once"),
        ):
            profile = built([known], target)
            assert profile.held == ["Tags"]
            assert profile.change is None
            assert profile.settled is None or profile.settled.ours == ()


def test_what_a_parting_list_gives_is_nobodys_afterwards():
    target = include("a", leaving=True)
    profile = built([AS_A_WHOLE], leaving={"tags": target})
    settled = profile.settled or profile.change.settled
    assert settled.ours == ()
    assert settled.forget == ("tags",)


READ = KnownValue("Tags", "list", present=("a", "t"), complete=True)


def exactly(*values):
    return DesiredValue("Tags", "list", exact=values)


def test_who_makes_a_list_exact_by_taking_away_owns_it_and_who_finds_it_so_does_not():
    less = built([READ], exactly("a"))
    assert done(less) == [("$remove", ("t",))]
    assert less.change.settled.ours == (("tags", None),)
    assert built([READ], exactly("a", "t")).settled is None
    assert built([AS_A_WHOLE], exactly("a")).change.settled.ours == ()  # it did before


def test_of_a_list_that_nobody_has_nothing_is_noted():
    """Nothing is known of it and nothing is sent, or it is a text until it is sent."""
    assert built([], exactly()).is_silent
    text = KnownValue("Tags", "string", "a", owned=True)
    assert built([text], include("a")).settled is None


def test_what_is_taken_back_at_last_is_nobodys_afterwards():
    change = built([IN_PART]).change
    assert (change.settled.forget, change.settled.ours) == (("tags",), ())


def test_marks_of_a_change_stand_in_one_order_however_it_was_declared():
    names = ("Tags", "Also", "More", "Been")
    known = [replace(AS_A_WHOLE, name=name) for name in names]
    targets = [include("a", name=name) for name in names]
    ordered = {("also", ("a",)), ("been", ("a",)), ("more", ("a",)), ("tags", ("a",))}
    new = [DesiredValue(f"Once {name}", "string", "x", write="once") for name in names]
    for turn in (slice(None), slice(None, None, -1)):
        change = built(known, *targets[turn], *new[turn]).change
        assert list(change.settled.ours) == sorted(ordered)
        assert list(change.once) == sorted(change.once)
        assert len(change.once) == len(names)
        assert list(change.released) == sorted(names)


def test_a_hundred_values_fit_and_one_more_does_not():
    values = tuple(f"v{number:03}" for number in range(101))
    assert built([], include(*values[:100])).faults == []
    ((_, fault),) = built([], include(*values)).faults
    assert fault.code == "CT209"


def test_what_removing_finds_nothing_of_is_released():
    """Of a list without values nothing can be removed; it is forgotten and named."""
    empty = KnownValue("Tags", "list", owned=True)
    profile = built([empty], removes=True)
    assert done(profile) == []
    assert profile.change.released == ("Tags",)
    assert profile.change.settled.forget == ("tags",)


def test_what_cannot_be_removed_is_released_and_said():
    plan = KnownValue("Plan", "string", "Gold", owned=True)
    profile = built([plan], removes=True)
    assert profile.stuck == ["Plan"]
    assert profile.change.released == ("Plan",)
    assert profile.change.settled.forget == ("plan",)
    assert not profile.is_silent
    assert built([plan], DesiredValue("Plan", "string", "Iron")).is_silent


def test_a_list_of_which_more_is_there_is_released_after_ours_are_taken_back():
    known = replace(IN_PART, present=("a", "t", "z"))
    profile = built([known])
    assert done(profile) == [("$remove", ("a", "t"))]
    assert profile.change.released == ("Tags",)
    assert profile.change.settled.forget == ("tags",)
    unnamed = built([known], is_named=False).change
    assert (unnamed.released, unnamed.settled.forget) == ((), ())
    swept = MissingRowRules(swept=frozenset({"tags"}))
    assert built([known], is_named=False, shields=swept).change.released == ("Tags",)


def test_whole_lists_are_those_that_are_declared_exactly():
    exact = DesiredValue("Also", "list", exact=("b",))
    profile = built([], include("a"), exact)
    assert profile.whole_lists == {"also"}
