"""Counters: a difference over certain integers, an assignment over all else."""

import pytest

from ctsync.kinds import KINDS
from ctsync.limits import MAX_COUNTER
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue

COUNTER = KINDS["counter"]


def known(value, *, kind="counter", certain=True, **fields):
    return KnownValue("Points", kind, value, certain=certain, **fields)


def sent(before, after, frame):
    operations = COUNTER.diff(before, DesiredValue("Points", "counter", after), frame)
    return [(op.operator, op.operand, op.prior) for op in operations]


@pytest.mark.parametrize(
    ("before", "after", "operator", "operand"),
    [
        (100, 120, "$incr", 20),
        (120, 100, "$decr", 20),
        (0, 1, "$incr", 1),
        (1, 0, "$decr", 1),
        (0, MAX_COUNTER, "$incr", MAX_COUNTER),
        (MAX_COUNTER, 0, "$decr", MAX_COUNTER),
        (MAX_COUNTER, MAX_COUNTER - 1, "$decr", 1),
    ],
)
def test_the_difference_is_sent(frame, before, after, operator, operand):
    assert sent(known(before), after, frame) == [(operator, operand, "known")]


@pytest.mark.parametrize("value", [0, 1, MAX_COUNTER, -1, 2.5])
def test_nothing_is_sent_where_the_value_is_certainly_there(frame, value):
    assert sent(known(value), value, frame) == []


@pytest.mark.parametrize(
    ("before", "after", "prior"),
    [
        (None, 5, "unknown"),
        (known(None), 5, "known"),
        (known(5, certain=False), 5, "uncertain"),
        (known(5, certain=False), 7, "uncertain"),
        (known(5, kind="number"), 7, "uncertain"),
        (known(5, kind="number"), 5, "uncertain"),
        (known("5", kind="string"), 5, "uncertain"),
        (known(None, kind="list", present=("5",)), 5, "uncertain"),
        (known(-1), 5, "known"),
        (known(5), -1, "known"),
        (known(2.5), 5, "known"),
        (known(5), 2.5, "known"),
        (known(MAX_COUNTER + 1), 5, "known"),
        (known(True), 5, "known"),
        (known(True), 1, "known"),
        (known(False), 0, "known"),
    ],
)
def test_the_value_is_assigned(frame, before, after, prior):
    assert sent(before, after, frame) == [("set", after, prior)]


def test_an_acknowledged_delta_leaves_a_certain_value(frame):
    (operation,) = COUNTER.diff(
        known(100), DesiredValue("Points", "counter", 120), frame
    )
    assert COUNTER.apply(known(100), operation) == known(120, owned=True)


def test_a_lost_delta_leaves_an_uncertain_value_that_is_assigned(frame):
    target = DesiredValue("Points", "counter", 120)
    (operation,) = COUNTER.diff(known(100), target, frame)
    doubtful = COUNTER.apply(known(100), operation, certain=False)
    assert not doubtful.certain
    assert sent(doubtful, 120, frame) == [("set", 120, "uncertain")]


def test_assign_never_sends_a_difference(frame):
    target = DesiredValue("Points", "counter", 120)
    (operation,) = COUNTER.assign(known(100), target, frame)
    assert (operation.operator, operation.operand) == ("set", 120)
