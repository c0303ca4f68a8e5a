"""Lists: what is sent in every combination of what is known and what is wanted."""

import pytest

from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.limits import PlatformLimits
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Faults
from ctsync.model.operation import Operation

LIST = KINDS["list"]


def held(present="", maybe="", absent="", ours="", *, complete=False, **fields):
    sets = {"present": present, "maybe": maybe, "absent": absent, "ours": ours}
    values = {name: tuple(letters) for name, letters in sets.items()}
    return KnownValue("Tags", "list", complete=complete, **values, **fields)


def wanted(exact=None, include="", exclude="", take_back=""):
    return DesiredValue(
        "Tags",
        "list",
        exact=None if exact is None else tuple(exact),
        include=tuple(include),
        exclude=tuple(exclude),
        take_back=tuple(take_back),
    )


def sent(operations):
    return [(op.operator, "".join(op.operand), op.step) for op in operations]


def remove(values, step=1):
    return ("$remove", values, step)


def add(values, step=1):
    return ("$add", values, step)


@pytest.mark.parametrize(
    ("known", "target", "operations"),
    [
        # exact: $remove (present + maybe) - desired, $add desired - present
        (None, wanted("ab"), [add("ab")]),
        (None, wanted(""), []),
        (held("ab"), wanted("ab"), []),
        (held("ab", complete=True), wanted("ab"), []),
        (held("a"), wanted("ab"), [add("b")]),
        (held("abc"), wanted("ab"), [remove("c")]),
        (held("ac"), wanted("ab"), [remove("c"), add("b", 2)]),
        (held("a", "b"), wanted("ab"), [add("b")]),
        (held("a", "c"), wanted("a"), [remove("c")]),
        (held("a", "bc"), wanted("ab"), [remove("c"), add("b", 2)]),
        (held("", "b"), wanted("b"), [add("b")]),
        (held("ab"), wanted(""), [remove("ab")]),
        (held("a", "b"), wanted(""), [remove("ab")]),
        (held(absent="a"), wanted("a"), [add("a")]),
        (held("ab", ours="b"), wanted("ab"), []),
        # removing would empty the list and the union fits: add first
        (held("c"), wanted("a"), [add("a"), remove("c", 2)]),
        (held("", "c"), wanted("a"), [add("a"), remove("c", 2)]),
        (held("c", "d"), wanted("a"), [add("a"), remove("cd", 2)]),
        # include: $add include - present
        (None, wanted(include="a"), [add("a")]),
        (held("a"), wanted(include="a"), []),
        (held("ax"), wanted(include="a"), []),
        (held("", "a"), wanted(include="a"), [add("a")]),
        (held("x", "y"), wanted(include="a"), [add("a")]),
        (held(absent="a"), wanted(include="a"), [add("a")]),
        # exclude: $remove exclude - absent
        (None, wanted(exclude="x"), [remove("x")]),
        (held("a"), wanted(exclude="x"), [remove("x")]),
        (held("x"), wanted(exclude="x"), [remove("x")]),
        (held("", "x"), wanted(exclude="x"), [remove("x")]),
        (held(absent="x"), wanted(exclude="x"), []),
        (held(absent="x"), wanted(exclude="xy"), [remove("y")]),
        (held("a", complete=True), wanted(exclude="x"), []),
        (held("a", "x", complete=True), wanted(exclude="x"), [remove("x")]),
        # take back: only what may be there
        (held("ab", ours="b"), wanted(take_back="b"), [remove("b")]),
        (held("a", "b", ours="b"), wanted(take_back="b"), [remove("b")]),
        (held("a"), wanted(take_back="b"), []),
        (held("b", absent="x"), wanted(exclude="x", take_back="b"), [remove("b")]),
        # several at once
        (
            held("xb", ours="b"),
            wanted(include="a", exclude="y", take_back="b"),
            [remove("by"), add("a", 2)],
        ),
        (
            held("b", ours="b"),
            wanted(include="a", take_back="b"),
            [add("a"), remove("b", 2)],
        ),
        # nothing wanted, nothing said
        (None, wanted(), []),
        (held("a", "b"), wanted(), []),
    ],
)
def test_the_fewest_operations_lead_to_the_target(frame, known, target, operations):
    assert sent(LIST.diff(known, target, frame)) == operations


@pytest.mark.parametrize(
    ("known", "target", "operations"),
    [
        (None, wanted("ab"), [add("ab")]),
        (held("ab"), wanted("ab"), [add("ab")]),
        (held("ac", "d"), wanted("ab"), [remove("cd"), add("ab", 2)]),
        (held("a"), wanted(include="a"), [add("a")]),
        (held(absent="x"), wanted(exclude="x"), [remove("x")]),
        (held("b", ours="b"), wanted(take_back="b"), [remove("b")]),
    ],
)
def test_an_assignment_says_everything_again(frame, known, target, operations):
    assert sent(LIST.assign(known, target, frame)) == operations


def test_removal_stays_first_where_the_union_does_not_fit():
    frame = ValueContext(limits=PlatformLimits(list_values=2))
    operations = LIST.diff(held("ab"), wanted("cd"), frame)
    assert sent(operations) == [remove("ab"), add("cd", 2)]


def test_uncertain_values_count_towards_the_union():
    frame = ValueContext(limits=PlatformLimits(list_values=2))
    operations = LIST.diff(held("a", "b"), wanted("c"), frame)
    assert sent(operations) == [remove("ab"), add("c", 2)]


def test_two_steps_tell_before_and_after_of_each(frame):
    one, two = LIST.diff(held("ac", complete=True), wanted("ab"), frame)
    assert (one.before, one.after) == (("a", "c"), ("a",))
    assert (two.before, two.after) == (("a",), ("a", "b"))


@pytest.mark.parametrize(
    ("known", "prior", "before", "certain"),
    [
        (None, "unknown", None, False),
        (held("x"), "known", ("x",), False),
        (held("x", complete=True), "known", ("x",), True),
        (held("x", "y"), "uncertain", ("x",), False),
        (held("x", "y", complete=True), "uncertain", ("x",), True),
        (KnownValue("Tags", "string", "s"), "known", ("s",), True),
        (KnownValue("Tags", "string"), "known", (), True),
        (KnownValue("Tags", "string", "s", certain=False), "uncertain", (), False),
    ],
)
def test_an_operation_says_what_was_known(frame, known, prior, before, certain):
    (operation,) = LIST.diff(known, wanted(include="a"), frame)
    assert (operation.prior, operation.before) == (prior, before)
    assert operation.certain is certain


def test_an_included_value_becomes_ours_only_while_not_known_present(frame):
    target = wanted(include="abc")
    (operation,) = LIST.assign(held("a", "b"), target, frame)
    assert (operation.operand, operation.ours) == (("a", "b", "c"), ("b", "c"))


def test_an_exact_value_never_becomes_ours(frame):
    (operation,) = LIST.diff(None, wanted("ab"), frame)
    assert operation.ours == ()


def test_only_excluded_values_become_known_absent(frame):
    known = held("bx", ours="b")
    (operation,) = LIST.diff(known, wanted(exclude="x", take_back="b"), frame)
    assert (operation.operand, operation.excluded) == (("b", "x"), ("x",))


def test_a_list_that_may_be_emptied_is_added_to_first(frame):
    """What is only possible may not be there, and then nothing would be left."""
    assert sent(LIST.diff(held("a", "z"), wanted("z"), frame)) == [
        add("z"),
        remove("a", 2),
    ]


@pytest.mark.parametrize(
    ("known", "target", "operations"),
    [
        (KnownValue("Tags", "string", "s"), wanted("s"), []),
        (KnownValue("Tags", "string", "s"), wanted("as"), [add("a")]),
        (KnownValue("Tags", "string", "s"), wanted("a"), [add("a"), remove("s", 2)]),
        (KnownValue("Tags", "string", "s"), wanted(""), [remove("s")]),
        (KnownValue("Tags", "string", "s"), wanted(include="a"), [add("a")]),
        (KnownValue("Tags", "string", "s"), wanted(exclude="s"), [remove("s")]),
        (KnownValue("Tags", "string", "s"), wanted(exclude="x"), []),
        (KnownValue("Tags", "number"), wanted("a"), [add("a")]),
        (
            KnownValue("Tags", "string", "s", certain=False, maybe=("s", "t")),
            wanted("s"),
            [add("s"), remove("t", 2)],
        ),
    ],
)
def test_a_text_towards_a_list_counts_as_its_one_value(
    frame, known, target, operations
):
    assert sent(LIST.diff(known, target, frame)) == operations


@pytest.mark.parametrize(
    "known",
    [
        KnownValue("Tags", "number", 7),
        KnownValue("Tags", "counter", 7),
        KnownValue("Tags", "boolean", value=True),
        KnownValue("Tags", "date", "$D_5"),
        KnownValue("Tags", "number", 7, certain=False),
        KnownValue("Tags", "string", 7, certain=False, maybe=("s",)),
    ],
)
def test_any_other_scalar_towards_a_list_is_an_error(frame, known):
    with pytest.raises(Faults) as caught:
        LIST.diff(known, wanted("a"), frame)
    assert [fault.code for fault in caught.value.faults] == ["CT402"]


def made(operation, after):
    """Who takes values away from a list has not made it."""
    return owned(after) if operation[0] == "$add" else after


@pytest.mark.parametrize(
    ("known", "operation", "after"),
    [
        (None, add("a"), held("a")),
        (held("a", complete=True), add("b"), held("ab", complete=True)),
        (held("a", "b"), add("b"), held("ab")),
        (held(absent="b"), add("b"), held("b")),
        (held("a", ours="a"), remove("a"), held()),
        (held("a", "b"), remove("ab"), held()),
        (held("ab", complete=True), remove("b"), held("a", complete=True)),
        (KnownValue("Tags", "string", "s"), add("a"), held("as", complete=True)),
        (KnownValue("Tags", "string", "s"), remove("s"), held(complete=True)),
    ],
)
def test_an_acknowledged_operation_moves_its_values(known, operation, after):
    assert LIST.apply(known, said(operation)) == made(operation, after)


@pytest.mark.parametrize(
    ("known", "operation", "after"),
    [
        (None, add("a"), held("", "a")),
        (held("a", complete=True), add("b"), held("a", "b", complete=True)),
        (held("a"), add("a"), held("a")),
        (held(absent="b"), add("b"), held("", "b")),
        (held("ab"), remove("b"), held("a", "b")),
        (held("a", "b"), remove("b"), held("a", "b")),
        (held("a"), remove("x"), held("a")),
        (held("a", absent="x"), remove("x"), held("a", absent="x")),
        (held("b", ours="b"), remove("b"), held("", "b", ours="b")),
    ],
)
def test_a_lost_operation_leaves_its_values_possible(known, operation, after):
    lost = LIST.apply(known, said(operation), certain=False)
    assert lost == made(operation, after)


def test_acknowledged_marks_go_into_the_entry():
    grown = LIST.apply(held("a"), said(add("b"), ours="b"))
    assert grown == owned(held("ab", ours="b"))
    shrunk = LIST.apply(grown, said(remove("bx"), excluded="x"))
    assert shrunk == owned(held("a", absent="x"))


def test_a_lost_addition_may_have_made_a_value_ours():
    after = LIST.apply(None, said(add("a"), ours="a"), certain=False)
    assert after == owned(held("", "a", ours="a"))


def test_a_lost_replacement_by_a_text_keeps_every_value_in_mind(frame):
    """The list may still stand, so a return to a list removes what it held."""
    known = held("ab", "c", complete=True)
    text = DesiredValue("Tags", "string", "t")
    (operation,) = KINDS["string"].diff(known, text, frame)
    doubtful = KINDS["string"].apply(known, operation, certain=False)
    operations = LIST.diff(doubtful, wanted("t"), frame)
    assert sent(operations) == [add("t"), remove("abc", 2)]


def said(operation, *, ours="", excluded=""):
    operator, values, step = operation
    return Operation(
        "Tags",
        "list",
        operator,
        tuple(values),
        "known",
        step=step,
        ours=tuple(ours),
        excluded=tuple(excluded),
    )


def owned(known):
    return KnownValue(
        known.name,
        "list",
        owned=True,
        present=known.present,
        maybe=known.maybe,
        absent=known.absent,
        ours=known.ours,
        complete=known.complete,
    )
