"""Scalars: sent if different from a certain value, else assigned."""

from itertools import permutations

import pytest

from ctsync.kinds import KINDS
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.operation import Operation

VALUES = {
    "string": ("Free", "Gold"),
    "number": (1, 2.5),
    "boolean": (True, False),
    "date": ("$D_0", "$D_86400"),
    "subscription": (True, False),
}
each_kind = pytest.mark.parametrize("kind", VALUES)


def diff(frame, kind, known, value, name="Plan"):
    return KINDS[kind].diff(known, DesiredValue(name, kind, value), frame)


@each_kind
def test_a_different_certain_value_is_replaced(frame, kind):
    one, two = VALUES[kind]
    assert diff(frame, kind, KnownValue("Plan", kind, one), two) == (
        Operation("Plan", kind, "set", two, "known", before=one, after=two),
    )


@each_kind
def test_an_unknown_value_is_assigned(frame, kind):
    one, _ = VALUES[kind]
    assert diff(frame, kind, None, one) == (
        Operation("Plan", kind, "set", one, "unknown", after=one),
    )


@each_kind
def test_a_known_absence_is_a_certain_prior(frame, kind):
    one, _ = VALUES[kind]
    (operation,) = diff(frame, kind, KnownValue("Plan", kind), one)
    assert (operation.prior, operation.before) == ("known", None)


@each_kind
def test_an_uncertain_value_is_assigned_even_if_it_looks_right(frame, kind):
    one, _ = VALUES[kind]
    doubtful = KnownValue("Plan", kind, one, certain=False, since="run-7")
    assert diff(frame, kind, doubtful, one) == (
        Operation(
            "Plan", kind, "set", one, "uncertain", before=one, after=one, since="run-7"
        ),
    )


@pytest.mark.parametrize(("kind", "other"), [*permutations(VALUES, 2)])
def test_a_value_of_another_kind_is_uncertain(frame, kind, other):
    value = VALUES[kind][0]
    (operation,) = diff(frame, kind, KnownValue("Plan", other, VALUES[other][0]), value)
    assert (operation.operator, operation.prior) == ("set", "uncertain")


@pytest.mark.parametrize(
    ("known", "prior"),
    [
        (KnownValue("Plan", "list", present=("a",), complete=True), "uncertain"),
        (KnownValue("Plan", "list", maybe=("a",), complete=True), "uncertain"),
        (KnownValue("Plan", "list", absent=("a",)), "uncertain"),
        (KnownValue("Plan", "list", complete=True), "known"),
    ],
)
def test_a_list_that_becomes_a_text_is_certain_only_when_known_empty(
    frame, known, prior
):
    (operation,) = diff(frame, "string", known, "Gold")
    assert (operation.operator, operation.prior) == ("set", prior)


@pytest.mark.parametrize("pair", [(True, 1), (1, True), (False, 0), (0, False)])
def test_a_boolean_is_no_number(frame, pair):
    before, after = pair
    assert diff(frame, "number", KnownValue("Plan", "number", before), after)


@pytest.mark.parametrize("name", ["Name", "Gender"])
@pytest.mark.parametrize(
    ("known", "prior"),
    [
        (None, "unknown"),
        (KnownValue("Name", "string", "Jack"), "known"),
        (KnownValue("Name", "string", "Jack", certain=False), "uncertain"),
        (KnownValue("Name", "string", None, certain=False), "uncertain"),
    ],
)
def test_null_deletes_unless_known_absent(frame, name, known, prior):
    (operation,) = diff(frame, "string", known, None, name)
    assert (operation.operator, operation.operand) == ("$delete", 1)
    assert (operation.prior, operation.after) == (prior, None)


def test_null_sends_nothing_where_absence_is_known(frame):
    assert diff(frame, "string", KnownValue("Name", "string"), None, "Name") == ()


@each_kind
def test_an_acknowledged_value_is_certain_and_owned(frame, kind):
    one, two = VALUES[kind]
    before = KnownValue("Plan", kind, one, certain=False, since="run-7")
    (operation,) = diff(frame, kind, before, two)
    after = KINDS[kind].apply(before, operation)
    assert after == KnownValue("Plan", kind, two, owned=True)


@each_kind
def test_a_lost_outcome_leaves_the_value_uncertain(frame, kind):
    one, two = VALUES[kind]
    before = KnownValue("Plan", kind, one)
    (operation,) = diff(frame, kind, before, two)
    after = KINDS[kind].apply(before, operation, certain=False)
    assert (after.certain, after.value, after.owned) == (False, one, True)


def test_a_sensitive_target_makes_a_sensitive_operation(frame):
    target = DesiredValue("Email", "string", "a@b", sensitive=True)
    (operation,) = KINDS["string"].diff(None, target, frame)
    assert operation.sensitive
