"""Histories of plans and outcomes: nothing false is claimed, the target is reached."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.kinds import KINDS
from ctsync.model.fault import Faults

law = settings(deadline=None, max_examples=40)
draws = st.data()


def go_towards(lab, data, history, kind, target):
    """Plan and send once; say whether all of it was acknowledged."""
    target = lab.with_take_back(target, history.known)
    try:
        operations = kind.diff(history.known, target, lab.FRAME)
    except Faults:
        return None
    for operation in operations:
        outcome = data.draw(st.sampled_from(lab.OUTCOMES))
        history.send(operation, outcome)
        assert lab.is_admitted(history.truth, history.known)
        if outcome != "acknowledged":
            return None
    return target


@law
@given(data=draws)
def test_whatever_gets_lost_nothing_false_is_claimed(lab, kind, data):
    """Kinds may change on the way; a step is sent only after the one before it."""
    history = data.draw(lab.beginnings(kind))
    for _ in range(data.draw(st.integers(1, 5))):
        each = KINDS[data.draw(st.sampled_from([*sorted(KINDS), *[kind.name] * 4]))]
        target = data.draw(lab.targets_for(each))
        reached = go_towards(lab, data, history, each, target)
        if reached is not None:
            assert lab.is_reached(history.truth, reached, history.foreign)
            assert each.diff(history.known, reached, lab.FRAME) == ()


@law
@given(data=draws)
def test_the_next_plan_reaches_the_target_whichever_outcome_was_true(lab, kind, data):
    history = data.draw(lab.beginnings(kind))
    target = data.draw(lab.targets_for(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        go_towards(lab, data, history, kind, data.draw(lab.targets_for(kind)))
    try:
        target = lab.with_take_back(target, history.known)
        operations = kind.diff(history.known, target, lab.FRAME)
    except Faults:
        return
    for operation in operations:
        history.send(operation, "acknowledged")
    assert lab.is_reached(history.truth, target, history.foreign)
    assert kind.diff(history.known, target, lab.FRAME) == ()


@law
@given(data=draws)
def test_a_difference_is_sent_from_a_certain_value_only(lab, kind, data):
    history = data.draw(lab.beginnings(kind))
    for _ in range(data.draw(st.integers(1, 5))):
        target = data.draw(lab.targets_for(kind))
        try:
            operations = kind.diff(history.known, target, lab.FRAME)
        except Faults:
            continue
        for operation in operations:
            if operation.is_delta:
                assert history.known.certain
                assert operation.prior == "known"
                assert operation.before == history.truth
            history.send(operation, data.draw(st.sampled_from(lab.OUTCOMES)))


@law
@given(data=draws)
def test_an_acknowledged_plan_is_never_sent_again(lab, kind, data):
    history = data.draw(lab.beginnings(kind))
    target = lab.with_take_back(data.draw(lab.targets_for(kind)), history.known)
    try:
        operations = kind.diff(history.known, target, lab.FRAME)
    except Faults:
        return
    for operation in operations:
        history.send(operation, "acknowledged")
    assert kind.diff(history.known, target, lab.FRAME) == ()
    # Who only takes values away from a list has not made it.
    if history.known is not None and {op.operator for op in operations} - {"$remove"}:
        assert history.known.owned


@law
@given(data=draws)
def test_a_lost_step_of_a_list_claims_nothing_false(lab, set_kind, data):
    """Whatever list was there, and whether or not the step took effect."""
    kind = set_kind
    known = data.draw(lab.knowns_of_lists(kind.name))
    target = lab.with_take_back(data.draw(lab.targets_of_letters(kind)), known)
    for ask in (kind.diff, kind.assign):
        for operation in ask(known, target, lab.FRAME)[:1]:
            after = kind.apply(known, operation, certain=False)
            for truth in lab.truths_of(known):
                assert lab.is_admitted(truth, after)
                assert lab.is_admitted(lab.held_after(truth, operation), after)


@law
@given(data=draws)
def test_what_is_ours_is_there_or_may_be(lab, set_kind, data):
    kind = set_kind
    known = data.draw(lab.knowns_of_lists(kind.name))
    target = lab.with_take_back(data.draw(lab.targets_of_letters(kind)), known)
    for operation in kind.diff(known, target, lab.FRAME):
        known = kind.apply(known, operation, certain=data.draw(st.booleans()))
        assert {*known.ours} <= {*known.present, *known.maybe}


@law
@given(data=draws)
def test_a_lost_outcome_is_never_taken_for_certain(lab, kind, data):
    history = data.draw(lab.beginnings(kind))
    target = data.draw(lab.targets_for(kind))
    try:
        operations = kind.diff(history.known, target, lab.FRAME)
    except Faults:
        return
    if operations:
        history.send(operations[0], "lost before")
        assert lab.is_admitted(history.truth, history.known)
        again = kind.diff(history.known, target, lab.FRAME)
        assert again
        assert not any(operation.is_delta for operation in again)
