"""The laws of all kinds, over the registry."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import convert, to_builtins
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse, sha256
from ctsync.kinds.base import Kind
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Faults
from ctsync.model.kind_shape import shape_of
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Literal, epoch_of

law = settings(deadline=None, max_examples=40)
draws = st.data()


def fold(kind, known, operations):
    for operation in operations:
        known = kind.apply(known, operation)
    return known


# 1. Round trip


@law
@given(data=draws)
def test_a_diff_that_is_acknowledged_reaches_the_target(lab, kind, data):
    before, target = data.draw(lab.targets_for(kind)), data.draw(lab.targets_for(kind))
    known = fold(kind, None, kind.diff(None, before, lab.FRAME))
    target = lab.with_take_back(target, known)
    after = fold(kind, known, kind.diff(known, target, lab.FRAME))
    assert kind.diff(after, target, lab.FRAME) == ()


@law
@given(data=draws)
def test_an_assignment_reaches_the_target_from_every_prior(lab, kind, data):
    history = data.draw(lab.beginnings(kind))
    target = data.draw(lab.targets_for(kind))
    try:
        operations = kind.assign(history.known, target, lab.FRAME)
    except Faults:
        return
    for operation in operations:
        history.send(operation, "acknowledged")
    assert lab.is_reached(history.truth, target, history.foreign)
    assert lab.is_admitted(history.truth, history.known)
    assert kind.diff(history.known, target, lab.FRAME) == ()


@law
@given(data=draws)
def test_a_list_is_reached_from_every_list_that_is_admitted(lab, set_kind, data):
    kind = set_kind
    known = data.draw(lab.knowns_of_lists(kind.name))
    target = lab.with_take_back(data.draw(lab.targets_of_letters(kind)), known)
    foreign = (
        () if known.complete else set(lab.LETTERS) - {*known.present, *known.maybe}
    )
    for ask in (kind.diff, kind.assign):
        operations = ask(known, target, lab.FRAME)
        after = fold(kind, known, operations)
        for truth in lab.truths_of(known):
            for operation in operations:
                truth = lab.held_after(truth, operation)  # noqa: PLW2901
            assert lab.is_reached(truth, target, foreign)
            assert lab.is_admitted(truth, after)


@law
@given(data=draws)
def test_a_completely_known_list_is_never_cut_by_the_platform(lab, set_kind, data):
    """The platform keeps the newest values and drops the oldest."""
    kind = set_kind
    most = data.draw(st.integers(1, 4))
    limits = replace(lab.FRAME.limits, list_values=most)
    frame = replace(lab.FRAME, limits=limits)
    values = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=most)
    truth, wanted = data.draw(values), data.draw(values)
    known = KnownValue("Tags", kind.name, present=tuple(sorted(truth)), complete=True)
    raw = [lab.text(value) for value in wanted]
    target = kind.normalize(raw, lab.Attribute("Tags", kind.name), frame)
    held = tuple(truth) or None
    for operation in kind.diff(known, target, frame):
        held = lab.held_after(held, operation, most=most)
    assert lab.is_reached(held, target)


# 2. Silence


@law
@given(data=draws)
def test_what_is_as_desired_is_left_alone(lab, kind, data):
    target = data.draw(lab.targets_for(kind))
    known = fold(kind, None, kind.assign(None, target, lab.FRAME))
    if known is not None:
        assert kind.diff(known, target, lab.FRAME) == ()


ODD = (" a", "a ", "", "007", "$D_1", "a\x00", "a\u2028b", "x" * 600, "é" * 300, "A")


@law
@given(data=draws)
def test_what_is_said_to_stand_has_no_fault_and_nothing_to_do(lab, kind, data):
    """What is told at a look is what the longer look tells."""
    odd = st.sampled_from(ODD).map(lab.text)
    raw = data.draw(st.one_of(lab.words_for(kind), odd, st.lists(odd, max_size=3)))
    enum = data.draw(st.sampled_from(((), ("b",))))
    rule = lab.Attribute(
        data.draw(st.sampled_from(("Name", "Email", "Age"))), kind.name
    )
    rule = replace(rule, enum=enum)
    target = data.draw(lab.targets_for(kind))
    held = target.value if target.exact is None else target.exact
    held = data.draw(st.sampled_from([held, *lab.plain_values(raw)]))
    if held is None or not kind.is_unchanged(raw, held, rule, lab.FRAME):
        return
    wanted = kind.normalize(raw, rule, lab.FRAME)
    part = {"present": held} if isinstance(held, tuple) else {"value": held}
    known = KnownValue(rule.attribute, kind.name, **part)
    assert kind.lint(wanted) == ()
    assert kind.diff(known, wanted, lab.FRAME) == ()


@law
@given(data=draws)
def test_plain_words_that_stand_are_told_at_a_look(lab, kind, data):
    if type(kind).is_unchanged is Kind.is_unchanged:
        return  # it tells nothing at a look, and need not
    raw = data.draw(lab.words_for(kind))
    target = lab.taken(kind, raw)
    held = target.value if target.exact is None else target.exact
    is_plain = not isinstance(raw, dict) and held is not None and not kind.lint(target)
    assume(is_plain and getattr(raw, "type", "") != "null")
    assume(type(getattr(raw, "value", None)) in (type(held), type(None)))
    assert kind.is_unchanged(
        raw, held, lab.Attribute(lab.ATTRIBUTE, kind.name), lab.FRAME
    )


# 3. Minimality


@law
@given(data=draws)
def test_no_operation_can_be_dropped(lab, kind, data):
    history = data.draw(lab.beginnings(kind))
    target = data.draw(lab.targets_for(kind))
    try:
        operations = kind.diff(history.known, target, lab.FRAME)
    except Faults:
        return
    for place in range(len(operations)):
        rest = operations[:place] + operations[place + 1 :]
        after = fold(kind, history.known, rest)
        assert kind.diff(after, target, lab.FRAME) != ()


@law
@given(data=draws)
def test_no_value_of_a_list_is_sent_in_vain(lab, set_kind, data):
    """Without it, some list that is admitted would not become the target."""
    kind = set_kind
    known = data.draw(lab.knowns_of_lists(kind.name))
    target = lab.with_take_back(data.draw(lab.targets_of_letters(kind)), known)
    foreign = (
        () if known.complete else set(lab.LETTERS) - {*known.present, *known.maybe}
    )
    operations = kind.diff(known, target, lab.FRAME)
    for place, operation in enumerate(operations):
        for value in operation.operand:
            fewer = replace(
                operation, operand=tuple(v for v in operation.operand if v != value)
            )
            sent = [*operations[:place], fewer, *operations[place + 1 :]]
            assert not all(
                lab.is_reached(truth_after(lab, truth, sent), target, foreign)
                for truth in lab.truths_of(known)
            )


def truth_after(lab, truth, operations):
    for operation in operations:
        truth = lab.held_after(truth, operation)
    return truth


@law
@given(data=draws)
def test_at_most_two_steps_and_one_operator_a_step(lab, set_kind, data):
    kind = set_kind
    known = data.draw(lab.knowns_of_lists(kind.name))
    target = lab.with_take_back(data.draw(lab.targets_of_letters(kind)), known)
    operations = kind.diff(known, target, lab.FRAME)
    assert [op.step for op in operations] == [*range(1, len(operations) + 1)]
    assert len({op.operator for op in operations}) == len(operations) <= 2
    assert all(op.operand for op in operations)


# 4. Normal form


def written(value):
    """Write a value in normal form back as words."""
    if isinstance(value, bool):
        return Literal(str(value).lower(), "boolean", value)
    if isinstance(value, int | float):
        return Literal(repr(value), "number", value)
    if value is None:
        return Literal("null", "null")
    if value.startswith("$D_"):
        moment = datetime.fromtimestamp(epoch_of(value), UTC)
        return Literal(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "date")
    return Literal(value, "text", value, quoted=True)


def rewritten(target):
    """Write a target back as words."""
    if not target.is_set:
        return written(target.value)
    if target.exact is not None:
        return [written(value) for value in target.exact]
    parts = {"include": target.include, "exclude": target.exclude}
    return {name: [written(value) for value in part] for name, part in parts.items()}


@law
@given(data=draws)
def test_a_normal_form_is_its_own_normal_form(lab, kind, data):
    target = data.draw(lab.targets_for(kind))
    assert lab.taken(kind, rewritten(target)) == target


@law
@given(data=draws)
def test_equal_targets_have_equal_digests_and_no_others(lab, kind, data):
    one, two = data.draw(lab.targets_for(kind)), data.draw(lab.targets_for(kind))
    digests = {sha256(canonical(to_builtins(target))) for target in (one, two)}
    assert (len(digests) == 1) is (one == two)


@law
@given(data=draws)
def test_a_target_and_its_operations_survive_being_saved(lab, kind, data):
    history = data.draw(lab.beginnings(kind))
    target = data.draw(lab.targets_for(kind))
    assert convert(parse(canonical(to_builtins(target))), DesiredValue) == target
    try:
        operations = kind.diff(history.known, target, lab.FRAME)
    except Faults:
        return
    for operation in operations:
        saved = canonical(to_builtins(operation))
        assert convert(parse(saved), Operation) == operation


@law
@given(data=draws)
def test_a_refusal_names_a_code_and_a_way_out(lab, kind, data):
    raw = data.draw(st.one_of([shape for _, shape in lab.SHAPES.values()]))
    assume(lab.taken(kind, raw) is None)
    with pytest.raises(Faults) as caught:
        kind.normalize(raw, lab.Attribute(lab.ATTRIBUTE, kind.name), lab.FRAME)
    assert caught.value.faults
    for fault in caught.value.faults:
        assert fault.code.startswith("CT")
        assert fault.hint


@law
@given(data=draws)
def test_the_schema_admits_every_value_that_is_taken(lab, kind, data):
    from jsonschema import Draft202012Validator

    raw = data.draw(lab.words_for(kind))
    schema = dict(kind.schema(lab.Attribute(lab.ATTRIBUTE, kind.name)))
    assert Draft202012Validator(schema).is_valid(as_json(raw))


def as_json(raw):
    if isinstance(raw, list):
        return [as_json(item) for item in raw]
    if isinstance(raw, dict):
        return {name: as_json(item) for name, item in raw.items()}
    return raw.text if raw.type == "date" else raw.value


# 6. What operations lead to


@law
@given(data=draws)
def test_operations_say_themselves_what_they_lead_to(lab, kind, data):
    """A plan holds no target: what is due follows from its operations."""
    known = data.draw(lab.beginnings(kind)).known
    if kind.shape == "set" and data.draw(st.booleans()):
        known = data.draw(lab.knowns_of_lists(kind.name))
    target = lab.with_take_back(data.draw(lab.targets_for(kind)), known)
    try:
        operations = kind.diff(known, target, lab.FRAME)
    except Faults:
        return
    assume(operations)
    aim = kind.target_of(operations)
    assert kind.diff(known, aim, lab.FRAME) == operations
    for operation in operations[: data.draw(st.integers(0, 2))]:
        known = kind.apply(known, operation, certain=data.draw(st.booleans()))
    due = kind.diff(known, aim, lab.FRAME)
    assert due == kind.diff(known, target, lab.FRAME)


# 7. What a kind says of itself, and of two places


def test_its_examples_are_taken_and_are_not_all_the_same(lab, kind):
    targets = [lab.taken(kind, raw) for raw in kind.examples]
    assert None not in targets
    assert len({repr(target) for target in targets}) >= 2


def test_its_schema_takes_its_examples(lab, kind):
    import jsonschema

    schema = dict(kind.schema(lab.Attribute(lab.ATTRIBUTE, kind.name)))
    for raw in kind.examples:
        jsonschema.validate(as_json(raw), schema)


def test_it_is_described_by_a_noun_and_its_name_tells_its_shape(kind):
    assert kind.describe().strip() == kind.describe() != ""
    assert not kind.describe().endswith(".")
    assert shape_of(kind.name) == kind.shape


def merged(kind, first, second):
    """Give what two places want together, or the codes of what is wrong."""
    try:
        return kind.merge(first, second, "people.yaml:3")
    except Faults as wrong:
        return {fault.code for fault in wrong.faults}


@law
@given(data=draws)
def test_it_does_not_matter_which_of_two_places_comes_first(lab, kind, data):
    first, second = (data.draw(lab.targets_for(kind)) for _ in range(2))
    both = merged(kind, first, second)
    assert merged(kind, second, first) == both
    if not isinstance(both, set):
        assert merged(kind, both, second) == merged(kind, first, both) == both


@law
@given(data=draws)
def test_places_that_want_one_scalar_agree_and_all_others_do_not(lab, kind, data):
    first, second = (data.draw(lab.targets_for(kind)) for _ in range(2))
    if kind.shape == "scalar":
        agree = first.value == second.value
        assert merged(kind, first, second) == (first if agree else {"CT309"})
