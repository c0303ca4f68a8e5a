"""Comparing what the state knows with what a read shows."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.observe.compare import Standing, known_from, look_at
from ctsync.observe.profile_reply import seen_of


def known(kind, value, name="A", **more):
    if kind == "list":
        present = tuple(sorted(value))
        return KnownValue(name, kind, owned=True, present=present, **more)
    return KnownValue(name, kind, value, owned=True, **more)


def look(held, value):
    return look_at(held, seen_of(held.name, value))


@pytest.mark.parametrize(
    ("held", "value", "standing"),
    [
        (known("string", "+14155551234", "Phone"), 14155551234, "same"),
        (known("string", "+14155551234", "Phone"), "14155551234", "same"),
        (known("string", "+14155551234", "Phone"), 14155551235, "drifted"),
        (known("string", "00123"), 123, "unstable"),
        (known("string", "12345678901234567890"), 12345678901234567168, "unstable"),
        (known("string", "00123"), 124, "drifted"),
        (known("string", " Red "), "Red", "unstable"),
        (known("string", "Red"), "red", "drifted"),
        (known("string", "true"), True, "unstable"),
        (known("number", 5), 5.0, "same"),
        (known("number", 5), "5", "same"),
        (known("number", 5), "5.00", "same"),
        (known("number", 5), 6, "drifted"),
        (known("number", 1), True, "drifted"),
        (known("counter", 120), "120", "same"),
        (known("boolean", True), "true", "same"),
        (known("boolean", True), "TRUE", "same"),
        (known("boolean", True), 1, "drifted"),
        (known("boolean", True), False, "drifted"),
        (known("date", "$D_1487576752"), 1487576752, "same"),
        (known("date", "$D_1487576752"), "1487576752", "same"),
        (known("date", "$D_1487576752"), "$D_1487576753", "drifted"),
        (known("date", "$D_1487576752"), "yesterday", "drifted"),
        (known("string", None), None, "same"),
        (known("string", None), "x", "drifted"),
        (known("string", "x"), None, "drifted"),
        (known("string", "x"), ["x"], "drifted"),
        (known("string", "x"), {"a": 1}, "unreadable"),
        (known("subscription", True, "MSG-email"), None, "write_only"),
        (known("subscription", True, "MSG-email"), False, "write_only"),
        (known("list", ["Shoes", "Bags"]), ["bags", "shoes"], "same"),
        (known("list", ["Shoes", "Bags"]), ["bags"], "drifted"),
        (known("list", ["Shoes"]), ["shoes", "hats"], "same"),
        (known("list", ["Shoes"], complete=True), ["shoes", "hats"], "drifted"),
        (known("list", ["x"], complete=True), "x", "same"),
        (known("list", ["7"], complete=True), [7], "same"),
        (known("list", [], complete=True), None, "same"),
        (known("list", [], absent=("trial",)), ["Trial"], "drifted"),
        (known("list", ["beta"], ours=("beta",), complete=True), ["beta", "x"], "same"),
        (known("list", ["x"]), [["x"]], "unreadable"),
    ],
)
def test_values_are_compared_as_the_platform_shows_them(held, value, standing):
    assert look(held, value).standing == standing


@pytest.mark.parametrize(
    ("held", "value"),
    [
        (known("string", "+14155551234", "Phone"), 14155551234),
        (known("string", "00123"), 123),
        (known("number", 5), "5"),
        (known("boolean", True), "true"),
        (known("date", "$D_5"), 5),
    ],
)
def test_an_equal_value_keeps_its_stored_spelling(held, value):
    assert look(held, value).after == held


def test_an_equal_list_keeps_its_stored_spelling_and_is_wholly_known():
    after = look(known("list", ["Shoes", "Bags"]), ["bags", "shoes", "x"]).after
    assert (after.present, after.complete) == (("Bags", "Shoes", "x"), True)


def test_a_list_that_lost_what_was_ours_is_not_ours_there():
    held = known("list", ["beta", "x"], ours=("beta",))
    after = look(held, ["x"]).after
    assert (after.present, after.ours) == (("x",), ())


def test_what_drifted_is_known_for_certain_and_not_ours():
    after = look(known("counter", 100), "90").after
    assert after == KnownValue("A", "counter", 90)


def test_what_is_uncertain_becomes_certain_and_is_no_drift():
    held = known("string", "Free", certain=False, maybe=("Free", "Gold"), since="r")
    found = look(held, "Gold")
    assert found.standing is Standing.SETTLED
    assert found.after == KnownValue("A", "string", "Gold")


def test_what_was_perhaps_sent_keeps_the_spelling_it_was_sent_in():
    held = known("string", "1", certain=False, maybe=("00123", "1"))
    assert look(held, 123).after.value == "00123"


def test_an_uncertain_list_is_settled():
    held = known("list", ["a"], maybe=("b",), since="r")
    found = look(held, ["a"])
    assert found.standing is Standing.SETTLED
    assert (found.after.present, found.after.maybe, found.after.since) == (
        ("a",), (), None,
    )  # fmt: skip


def test_a_value_of_another_kind_is_known_as_what_it_is():
    assert look(known("number", 5), "lots").after == KnownValue("A", "string", "lots")
    assert look(known("boolean", True), 3).after == KnownValue("A", "number", 3)


def test_a_phone_that_drifted_gets_its_plus_back():
    after = look(known("string", "+441", "Phone"), 14155551234).after
    assert after.value == "+14155551234"


@pytest.mark.parametrize("value", ["9" * 60_000, "1e999999", "-0", "nan", "inf", "1e"])
def test_no_text_that_looks_like_a_number_does_harm(value):
    for kind in ("number", "counter", "date", "string", "boolean"):
        for held in (known(kind, None), KnownValue("A", kind, 1)):
            look(held, value)
    look(known("list", ["1"]), [value])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON, st.sampled_from(sorted(KINDS)))
@example(2**53 + 1, "boolean")
def test_whatever_is_read_can_be_known(value, kind):
    """A second look at the same finds it equal, whatever was known before."""
    held = KnownValue("A", kind, present=("x",) if kind == "list" else ())
    found = look(held, value)
    if found.standing not in {Standing.UNREADABLE, Standing.WRITE_ONLY}:
        again = look(found.after, value)
        assert again.standing in {Standing.SAME, Standing.UNSTABLE}
        assert again.after == found.after


@given(JSON)
def test_what_is_imported_is_equal_to_what_was_read(value):
    seen = seen_of("A", value)
    if not seen.is_odd:
        taken = known_from("A", None, seen.value)
        assert look_at(taken, seen).standing == Standing.SAME


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_counter_moves_from_what_is_there(held, there):
    after = look(known("counter", held), there).after
    (move,) = KINDS["counter"].diff(
        after, DesiredValue("A", "counter", 1001), ValueContext()
    )
    assert move.operand == 1001 - there


def test_a_certain_value_stays_owned():
    held = known("string", "x")
    assert look(replace(held, certain=False), "x").after == held
