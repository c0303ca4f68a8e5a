"""What today's changes are that the reviewed ones were not."""

import pytest

from ctsync.model.change import Change, Origin
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.stale_plan_diff import moved_since_review

MASK = Mask("lineage")


def _change(identity, value, *, attribute="Plan", released=(), **operation):
    op = Operation(attribute, "string", "set", value, "known", **operation)
    origins = (Origin("people.yaml", 3),)
    return Change(ProfileKey("identity", identity), "update", (op,), origins, released)


def test_the_same_changes_say_that_only_the_state_moved():
    changes = [_change("a", "Gold")]
    assert moved_since_review(changes, changes, MASK) == (
        "  the changes are the same; the state has moved all the same",
    )


def test_an_operation_that_is_now_another_is_named():
    lines = moved_since_review([_change("a", "Gold")], [_change("a", "Free")], MASK)
    assert lines == ("  a: Plan: reviewed set Gold, today set Free",)


def test_profiles_that_came_and_went_are_named():
    lines = moved_since_review([_change("a", "Gold")], [_change("b", "Gold")], MASK)
    assert lines == (
        "  a: reviewed Plan: set Gold, today nothing",
        "  b: reviewed nothing, today Plan: set Gold",
    )


def test_releases_are_named():
    lines = moved_since_review(
        [_change("a", "x")], [_change("a", "x", released=("Tier",))], MASK
    )
    assert lines == ("  a: Tier: reviewed nothing, today released",)


def test_a_list_is_said_as_its_values():
    one = _change("a", ("x", "y"))
    other = _change("a", ("x", "z"))
    assert moved_since_review([one], [other], MASK) == (
        "  a: Plan: reviewed set x, y, today set x, z",
    )


@pytest.mark.parametrize("reveal", [False, True])
def test_personal_data_is_masked_unless_revealed(reveal):
    one = _change("ann@example.com", "Ann", sensitive=True)
    other = _change("ann@example.com", "Bea", attribute="Nick", sensitive=True)
    text = "\n".join(moved_since_review([one], [other], Mask("lineage", reveal=reveal)))
    for canary in ("ann@", "Ann", "Bea"):
        assert (canary in text) is reveal
    assert ("people.yaml:3" in text) is not reveal


def test_a_value_that_is_masked_on_both_sides_does_not_show_that_it_moved():
    one = _change("a", "Ann", sensitive=True)
    other = _change("a", "Bea", sensitive=True)
    assert len(moved_since_review([one], [other], MASK)) == 1


def test_at_most_twenty_are_named_and_the_rest_counted():
    reviewed = [_change(f"u{n:02}", "Gold") for n in range(50)]
    today = [_change(f"u{n:02}", "Free") for n in range(50)]
    lines = moved_since_review(reviewed, today, MASK)
    assert len(lines) == 21
    assert lines[-1] == "  … and 30 more"
