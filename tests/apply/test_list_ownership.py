"""Whose a list is, and its values, while its declaration goes from whole to part."""

import pytest

from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.state.base import Store


class Course:
    """One list, declared in one way after another; a name stands beside it."""

    def __init__(self, world):
        self.world = world

    def declare(self, *, exact=None, include=(), exclude=(), parts=True):
        """Bring a declaration; give what was sent and released."""
        plan = DesiredValue("Plan", "string", "Gold")
        tags = DesiredValue(
            "Tags", "list", exact=exact and tuple(exact), include=tuple(include),
            exclude=tuple(exclude),
        )  # fmt: skip
        wants = {"u1": (plan, tags) if parts else (plan,)}
        saved = self.world.plan(wants)
        changes = list(saved.changes())
        assert self.world.apply(saved).exit_code == 0
        assert self.world.changes(wants) == []
        return [
            *((op.operator, op.operand) for c in changes for op in c.operations),
            *(name for c in changes for name in c.released),
        ]

    @property
    def tags(self):
        return sorted(self.world.attributes("u1").get("Tags", ()))

    @property
    def known(self):
        return self.world.entries()["u1"].attributes.get("tags")


@pytest.fixture
def course(world):
    made = Course(world)
    made.declare(parts=False)
    return made


def reading(world, *values):
    """Put a list on the platform, and into the state as if it had been read."""
    world.sandbox.platform.upload(
        [
            {
                "identity": "u1",
                "type": "profile",
                "profileData": {"Tags": {"$add": [*values]}},
            }
        ]
    )
    store: Store = world.store
    snapshot = store.read()
    (entry,) = snapshot.entries()
    read = KnownValue("Tags", "list", present=values, complete=True)
    known = {**entry.attributes, "tags": read}
    header = snapshot.header
    store.replace(
        type(header)(header.lineage, header.serial + 1, header.account),
        [Entry(ProfileKey("identity", "u1"), dict(sorted(known.items())))],
    )


def test_what_an_exact_list_keeps_in_part_becomes_ours_and_the_rest_nobodys(course):
    course.declare(exact="ab")
    assert course.declare(include="a") == ["Tags"]  # the rest is released
    assert (course.known.present, course.known.ours) == (("a", "b"), ("a",))
    assert course.declare(parts=False) == [("$remove", ("a",)), "Tags"]
    assert course.tags == ["b"]


def test_a_whole_list_that_stays_whole_in_part_is_taken_back_at_last(course):
    course.declare(exact="a")
    assert course.declare(include="ac") == [("$add", ("c",))]
    assert course.known.ours == ("a", "c")
    assert course.declare(parts=False) == [("$remove", ("a", "c"))]
    assert course.tags == []


def test_an_exact_list_has_no_values_of_ours_whatever_it_was_before(course):
    course.declare(include="ab")
    assert course.known.ours == ("a", "b")
    course.declare(exact="abc")
    assert (course.known.owned, course.known.ours) == (True, ())
    assert course.declare(parts=False) == ["Tags"]
    assert course.tags == ["a", "b", "c"]


def test_there_and_back_again_is_as_it_was(course):
    course.declare(include="a")
    before = course.known
    course.declare(exact="abc")
    course.declare(include="a", exclude="bc")
    assert course.known.ours == before.ours == ("a",)
    assert course.declare(parts=False) == [("$remove", ("a",))]


def test_values_that_were_there_by_themselves_stay_when_ours_are_taken_back(course):
    reading(course.world, "b")
    course.declare(include="ab")
    assert course.known.ours == ("a",)
    assert course.declare(include="b") == [("$remove", ("a",))]
    assert (course.known.owned, course.known.ours) == (False, ())
    assert course.declare(parts=False) == ["Tags"]
    assert course.tags == ["b"]


def test_an_exact_list_that_was_so_by_itself_was_not_sent(course):
    reading(course.world, "a", "b")
    assert course.declare(exact="ab") == []
    assert not course.known.owned


def test_who_only_excludes_has_not_made_the_list(course):
    reading(course.world, "a", "x")
    assert course.declare(exclude="x") == [("$remove", ("x",))]
    assert (course.known.owned, course.known.ours) == (False, ())
