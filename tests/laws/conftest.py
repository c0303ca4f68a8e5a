"""What the laws of all kinds are tried with: words, platforms, histories.

Nothing here knows a kind by name: what a kind takes are its own examples, and what it
takes of every shape of value that the language has, so that a newcomer is under the
laws at once.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.kinds import KINDS
from ctsync.kinds.base import Kind, ValueContext
from ctsync.limits import MAX_COUNTER
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Faults
from ctsync.model.kind_shape import LIST
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Literal, Raw, Scalar

sys.path.insert(0, str(Path(__file__).parent))  # for what tests here share

# The one name under which every kind may also remove.
ATTRIBUTE = "Name"
FRAME = ValueContext()
LETTERS = "abcd"
DATES = ("1970-01-01", "2026-03-29T02:30:00Z", "1990-02-20T08:30:00+05:30")
NUMBERS = (0, 1, 2, 7, -1, 1.5, 5.0, -0.0, 1e300, MAX_COUNTER)


def text(words: str) -> Literal:
    return Literal(words, "text", words, quoted=True)


def number(value: float) -> Literal:
    return Literal(repr(value), "number", value)


def texts() -> st.SearchStrategy[list[Raw]]:
    return st.lists(st.sampled_from(LETTERS).map(text), max_size=5)


def part(letters: str, cut: int) -> dict[str, Raw]:
    return {
        "include": [text(letter) for letter in letters[:cut]],
        "exclude": [text(letter) for letter in letters[cut:]],
    }


SHAPES: dict[str, tuple[Raw, st.SearchStrategy[Raw]]] = {
    "text": (text("a"), st.sampled_from((*LETTERS, "0042", "é")).map(text)),
    "number": (number(1), st.sampled_from(NUMBERS).map(number)),
    "boolean": (
        Literal("true", "boolean", value=True),
        st.booleans().map(lambda is_on: Literal(str(is_on).lower(), "boolean", is_on)),
    ),
    "date": (
        Literal(DATES[0], "date"),
        st.sampled_from(DATES).map(lambda day: Literal(day, "date")),
    ),
    "null": (Literal("null", "null"), st.just(Literal("null", "null"))),
    LIST: ([text("a")], texts()),
    "part": (
        part("ab", 1),
        st.builds(
            lambda letters, cut: part("".join(sorted(letters)), cut),
            st.sets(st.sampled_from(LETTERS)),
            st.integers(0, 4),
        ),
    ),
}


def taken(kind: Kind, raw: Raw) -> DesiredValue | None:
    """Give the target of words that the kind takes, None of others."""
    try:
        return kind.normalize(raw, _rule(kind), FRAME)
    except Faults:
        return None


def _rule(kind: Kind) -> Attribute:
    return Attribute(ATTRIBUTE, kind.name)


@cache
def words_for(kind: Kind) -> st.SearchStrategy[Raw]:
    """Words that the kind takes, in every shape that it knows."""
    shapes = [
        shape.filter(lambda raw: taken(kind, raw) is not None)
        for probe, shape in SHAPES.values()
        if taken(kind, probe) is not None
    ]
    return st.one_of(st.sampled_from(kind.examples), *shapes)


@cache
def targets_for(kind: Kind) -> st.SearchStrategy[DesiredValue]:
    """What the kind may be asked to reach."""
    return words_for(kind).map(lambda raw: kind.normalize(raw, _rule(kind), FRAME))


@cache
def targets_of_letters(kind: Kind) -> st.SearchStrategy[DesiredValue]:
    """What a kind of sets may be asked to reach with `LETTERS` alone.

    Some laws try every set of them that a platform may hold.
    """
    return targets_for(kind).filter(
        lambda target: {
            *(target.exact or ()),
            *target.include,
            *target.exclude,
        }.issubset(LETTERS)
    )


def plain_values(raw: Raw) -> Iterator[Scalar | tuple[str, ...]]:
    """What words seem to say, taken as they stand."""
    if isinstance(raw, list):
        yield tuple(sorted({each.text for each in raw if isinstance(each, Literal)}))
    elif isinstance(raw, Literal):
        yield from (raw.text, *([] if raw.value is None else [raw.value]))


# What the platform holds: nothing, one value, or a set in the order of arrival.
Truth = Scalar | tuple[str, ...] | None


def held_after(truth: Truth, operation: Operation, *, most: int = 100) -> Truth:
    """Give what the platform holds after an operation, as its public docs say."""
    operand: Any = operation.operand
    match operation.operator:
        case "set":
            return operand
        case "$delete":
            return None
        case "$incr" | "$decr":
            assert isinstance(truth, int), f"{operation.operator} on {truth!r}"
            assert not isinstance(truth, bool)
            assert 0 <= operand <= MAX_COUNTER
            return truth + operand if operation.operator == "$incr" else truth - operand
        case "$add":
            listed = _promoted(truth)
            whole = (*listed, *(v for v in operand if v not in listed))
            return whole[-most:]
        case "$remove":
            return tuple(v for v in _promoted(truth) if v not in operand) or None
    raise AssertionError(operation.operator)


def _promoted(truth: Truth) -> tuple[str, ...]:
    if truth is None or isinstance(truth, tuple):
        return truth or ()
    return (cast(truth),)


def cast(value: Scalar) -> str:
    """The text that a list gets of a value; of others than text nobody knows it."""
    return value if isinstance(value, str) else f"cast of {value!r}"


def is_reached(truth: Truth, target: DesiredValue, foreign: Iterable[str] = ()) -> bool:
    """Say whether the platform is as desired, but for values that nobody here knew."""
    if not target.is_set:
        return type(truth) is type(target.value) and truth == target.value
    if truth is not None and not isinstance(truth, tuple):
        truth = _promoted(truth)
    values = frozenset(truth or ())
    if target.exact is not None:
        wanted = frozenset(target.exact)
        return wanted <= values <= wanted.union(foreign)
    unwanted = frozenset((*target.exclude, *target.take_back))
    return values >= frozenset(target.include) and not values & unwanted


def is_admitted(truth: Truth, known: KnownValue | None) -> bool:
    """Say whether nothing that is claimed of the platform is false."""
    if known is None:
        return True
    if not known.is_set:
        same = type(truth) is type(known.value) and truth == known.value
        return same or not known.certain
    values = frozenset(_promoted(truth))
    if known.complete and not values <= frozenset((*known.present, *known.maybe)):
        return False
    return values >= frozenset(known.present) and not values & frozenset(known.absent)


def subsets(values: Sequence[str]) -> Iterator[tuple[str, ...]]:
    sizes = range(len(values) + 1)
    return chain.from_iterable(combinations(values, size) for size in sizes)


def truths_of(known: KnownValue) -> Iterator[Truth]:
    """Every list that `known` admits, as far as the letters go."""
    fixed = frozenset((*known.present, *known.absent))
    open_to = known.maybe if known.complete else sorted(frozenset(LETTERS) - fixed)
    for extra in subsets(tuple(open_to)):
        yield (*known.present, *extra) or None


def read_of(name: str, kind: Kind, truth: Truth) -> KnownValue:
    """What is known after the platform was read."""
    if isinstance(truth, tuple):
        own = kind.name if kind.shape == "set" else LIST
        return KnownValue(name, own, present=tuple(sorted(truth)), complete=True)
    kinds = {str: "string", bool: "boolean", int: "number", float: "number"}
    found = "date" if str(truth).startswith("$D_") else kinds.get(type(truth))
    return KnownValue(name, found or kind.name, truth)


def with_take_back(target: DesiredValue, known: KnownValue | None) -> DesiredValue:
    """Add the values of ours that nothing includes any more."""
    if known is None or not target.is_set or target.exact is not None:
        return target
    mine = frozenset(known.ours) - frozenset(target.include)
    return replace(target, take_back=tuple(sorted(mine)))


@st.composite
def knowns_of_lists(draw, kind: str = LIST) -> KnownValue:
    """Everything that an entry may hold of a list."""
    places = draw(
        st.tuples(
            *[st.sampled_from(("present", "maybe", "absent", "")) for _ in LETTERS]
        )
    )
    letters = {
        place: tuple(v for v, at in zip(LETTERS, places, strict=True) if at == place)
        for place in ("present", "maybe", "absent")
    }
    possible = (*letters["present"], *letters["maybe"])
    ours = draw(st.sets(st.sampled_from(possible))) if possible else ()
    return KnownValue(
        ATTRIBUTE,
        kind,
        owned=True,
        present=letters["present"],
        maybe=letters["maybe"],
        absent=letters["absent"],
        ours=tuple(sorted(ours)),
        complete=draw(st.booleans()),
    )


@dataclass
class History:
    """A platform, what is known of it, and what nobody here ever knew of it."""

    truth: Truth
    known: KnownValue | None
    foreign: set[str]

    def send(self, operation: Operation, outcome: str) -> None:
        """Let one operation be acknowledged, or lost in either way."""
        is_certain = self.known is not None and self.known.certain
        assert is_certain or not operation.is_delta
        if outcome != "lost before":
            self.truth = held_after(self.truth, operation)
        is_text = isinstance(operation.operand, str) and operation.kind != "date"
        if outcome != "acknowledged" and operation.operator == "set" and not is_text:
            # Towards a list such a value is there in a form that nobody knows.
            assert isinstance(operation.operand, Scalar)
            self.foreign |= {cast(operation.operand), str(operation.operand)}
        kind = KINDS[operation.kind]
        is_sure = outcome == "acknowledged"
        self.known = kind.apply(self.known, operation, certain=is_sure)


OUTCOMES = ("acknowledged", "lost before", "lost after")


@st.composite
def beginnings(draw, kind: Kind) -> History:
    """A platform that was never seen, was read, or is known to hold nothing."""
    one = draw(targets_for(KINDS[draw(st.sampled_from(sorted(KINDS)))]))
    truth: Truth = one.value
    if one.is_set:
        truth = (one.exact if one.exact is not None else one.include) or None
    if draw(st.booleans()):
        return History(truth, read_of(ATTRIBUTE, kind, truth), set())
    foreign = {cast(truth)} if isinstance(truth, Scalar) else set(truth or ())
    return History(truth, None, foreign)


@pytest.fixture(scope="session")
def lab() -> SimpleNamespace:
    """Everything above, for tests that cannot import it."""
    return SimpleNamespace(**globals())


@pytest.fixture(scope="session", params=sorted(KINDS))
def kind(request) -> Kind:
    """Each kind of the registry."""
    return KINDS[request.param]


@pytest.fixture(
    scope="session", params=sorted(n for n, k in KINDS.items() if k.shape == "set")
)
def set_kind(request) -> Kind:
    """Each kind of sets."""
    return KINDS[request.param]
