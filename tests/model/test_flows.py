"""Flows are counted exactly, in bounded room, and hold nothing sensitive."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ctsync.model.flows import MOST_KEPT, MOST_WAYS, Flow, FlowCounts
from ctsync.model.operation import Operation

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(0, 2), st.sampled_from(["a", "b", "1", ""])
)


def op(before, after, attribute="Plan", operator="set", **rest):
    fields = {"kind": "string", "prior": "known", "after": after, **rest}
    return Operation(
        attribute, operator=operator, operand=after, before=before, **fields
    )


def counted(operations):
    counts = FlowCounts()
    for each in operations:
        counts.add((each,))
    return counts


@given(st.lists(st.tuples(VALUES, VALUES), max_size=60))
def test_counts_are_those_of_counting_by_hand(pairs):
    """1, 1.0 and true are three values, however equal."""
    by_hand = Counter((repr(before), repr(after)) for before, after in pairs)
    flows = counted(op(*pair) for pair in pairs).commonest()
    told = {(repr(f.before), repr(f.operand)): f.profiles for f in flows}
    assert told.items() <= by_hand.items()
    many = sorted((n for n in by_hand.values() if n > 1), reverse=True)[:MOST_KEPT]
    assert [flow.profiles for flow in flows] == many


@given(st.lists(st.tuples(VALUES, VALUES), max_size=60))
def test_counts_come_back_from_what_is_kept_of_them(pairs):
    counts = counted(op(*pair) for pair in pairs)
    kept = [[*flow] for flow in counts.commonest()]
    assert FlowCounts.of(kept).commonest() == counts.commonest()
    assert FlowCounts.of(kept) == counts


def test_lists_and_counters_go_by_their_operands():
    operations = [
        op(("a",), ("x",), "Tags", "$add"),
        op((), ("x",), "Tags", "$add"),
        op(100, 5, "Points", "$incr"),
        op(7, 5, "Points", "$incr"),
    ]
    assert counted(operations).commonest() == [
        Flow("Points", "$incr", "known", None, 5, False, False, 2),
        Flow("Tags", "$add", "known", None, ("x",), False, False, 2),
    ]


def test_no_more_values_are_held_than_a_bound_says():
    counts = FlowCounts()
    for number in range(5 * MOST_WAYS):
        counts.add((op("Free", f"v{number}"), op("Free", "Gold", "Tier")))
    assert len(counts._ways) <= 2 * MOST_WAYS
    tier = Flow("Tier", "set", "known", "Free", "Gold", False, False, 5 * MOST_WAYS)
    assert counts.commonest() == [tier]


def test_a_way_that_is_counted_is_counted_from_its_first_profile_on():
    counts = FlowCounts()
    for number in range(MOST_WAYS):
        counts.add((op("Free", f"v{number}"),))
    for _ in range(3):
        counts.add((op("Free", "late"), op("Free", "v0")))
    assert [flow.profiles for flow in counts.commonest()] == [4]


def test_long_values_are_not_held_and_take_no_others_place():
    long = [op("a", "x" * 500)] * (2 * MOST_WAYS)
    (flow,) = counted([*long, op("a", "b"), op("a", "b")]).commonest()
    assert (flow.operand, flow.profiles) == ("b", 2)


def test_of_sensitive_attributes_no_value_is_held():
    moved = [op("ann@b.io", "bob@b.io", "Email", sensitive=True)] * 2
    new = [op(None, "cid@b.io", "Email", sensitive=True)] * 3
    counts = counted([*moved, *new])
    assert "b.io" not in repr(counts._ways)
    assert [(f.before, f.operand, f.profiles) for f in counts.commonest()] == [
        (None, "hidden", 3), ("hidden", "hidden", 2),
    ]  # fmt: skip


def test_new_profiles_go_a_way_of_their_own():
    """Of who is new nothing was known: that is no value that gets lost."""
    counts = FlowCounts()
    for creates in (True, False) * 2:
        counts.add((op(None, "Free", prior="unknown"),), creates=creates)
    assert [(f.creates, f.profiles) for f in counts.commonest()] == [
        (True, 2), (False, 2),
    ]  # fmt: skip
