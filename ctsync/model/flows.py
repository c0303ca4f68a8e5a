"""Which value becomes which, on how many profiles: `Gold -> Platinum 812`.

What a plan means stands in the commonest of these ways. They are counted as changes
pass, which costs next to nothing a change, and of no more than a bounded number of
values, however many profiles there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple, Self, TypeAlias

from ctsync.model.operation import Operation, Operator, Prior
from ctsync.model.scalar_value import Value

MOST_WAYS = 200
"""So many ways of one attribute are told apart; those met later are not counted."""

MOST_KEPT = 5
"""So many of an attribute, the commonest, are kept."""

MOST_LETTERS = 200
"""Longer values are nothing that many profiles share, or that a row has room for."""

HIDDEN = "hidden"
"""Stands for every value of a sensitive attribute."""

Way: TypeAlias = "tuple[Any, ...]"
"""What `way_of` gives, and whether the profile is new to the state."""
_SIDED = frozenset({"set", "$delete"})


class Flow(NamedTuple):
    """One way that the values of an attribute go, and on how many profiles.

    Lists and counters go by their operand, so theirs have no `before`. Of a sensitive
    attribute a text that says nothing stands for every value. `creates` says that the
    profiles are new to the state.
    """

    attribute: str
    operator: Operator
    prior: Prior
    before: Value
    operand: Value
    sensitive: bool
    creates: bool
    profiles: int


class FlowCounts:
    """Counts the ways of operations as they pass.

    A way that is counted is so from its first profile on: its count is exact. Two are
    equal whose commonest flows are.
    """

    __slots__ = ("_told_apart", "_ways")

    def __init__(self) -> None:
        self._ways: dict[Way, int] = {}
        self._told_apart: Counter[str] = Counter()

    def add(self, operations: Iterable[Operation], *, creates: bool = False) -> None:
        """Take the operations on one profile in."""
        for op in operations:
            way = way_of(
                op.attribute, op.operator, op.prior, op.before, op.operand, op.sensitive
            )
            self.count((*way, creates), 1)

    def count(self, way: Way, profiles: int) -> None:
        """Count a way that some profiles go, which follow each other."""
        if way in self._ways:
            self._ways[way] += profiles
        elif not self.is_full(way[0]) and all(_is_short(value) for value in way[3:5]):
            self._told_apart[way[0]] += 1
            self._ways[way] = profiles

    def is_full(self, attribute: str) -> bool:
        """Return whether no more ways of an attribute are told apart."""
        return self._told_apart.get(attribute, 0) >= MOST_WAYS

    def ways(self, attribute: str) -> list[Way]:
        """Return the ways of an attribute that are told apart."""
        return [way for way in self._ways if way[0] == attribute]

    def commonest(self) -> list[Flow]:
        """Return the flows of each attribute, by its name, the commonest first.

        What only one profile does is no flow.
        """
        ways = ((way, n) for way, n in self._ways.items() if n > 1)
        found = [Flow._make((*way[:6], way[7], n)) for way, n in ways]
        # Ways of one count stay as they were met: changes come by key.
        found.sort(key=lambda flow: (flow.attribute, -flow.profiles))
        groups = groupby(found, key=lambda flow: flow.attribute)
        return [flow for _, group in groups for flow in [*group][:MOST_KEPT]]

    @classmethod
    def of(cls, flows: Iterable[Sequence[Any]]) -> Self:
        """Return counts that were kept as rows, in the order of the fields of a flow.

        Raises:
            ValueError: a row is no flow.
        """
        counts = cls()
        for row in flows:
            counts._ways[_way_in(row)] = row[7]
        return counts

    def rows(self) -> Iterator[list[Any]]:
        """Yield all that were counted as such rows, in the order in which they came."""
        for way, count in self._ways.items():
            yield [*way[:6], way[7], count]

    def take(self, flows: Iterable[Sequence[Any]]) -> None:
        """Take in such rows of profiles that follow each other."""
        for row in flows:
            self.count(_way_in(row), row[7])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FlowCounts):
            return NotImplemented
        return self.commonest() == other.commonest()

    __hash__ = None  # type: ignore[assignment] # it changes


class UnboundedFlows(FlowCounts):
    """Counts every way: of a part of a plan, which is to be taken into the whole.

    Which ways a plan tells apart depends on what came before that part.
    """

    __slots__ = ()

    def is_full(self, attribute: str) -> bool:  # noqa: ARG002 - as asked of all
        """Say that there is room."""
        return False


def _way_in(row: Sequence[Any]) -> Way:
    way = [tuple(x) if isinstance(x, list) else x for x in row[:6]]
    return *way, (way[3].__class__, way[4].__class__), row[6]


def way_of(
    attribute: str,
    operator: str,
    prior: str,
    before: Value,
    operand: Value,
    is_hidden: bool,  # noqa: FBT001 - by place: every operation of a plan passes
) -> Way:
    """Return what tells the way of an operation from those of others."""
    if operator not in _SIDED:
        before = None
    if is_hidden:
        before, operand = before if before is None else HIDDEN, HIDDEN
    # 1 equals True and 1.0, and is neither.
    kinds = before.__class__, operand.__class__
    return attribute, operator, prior, before, operand, is_hidden, kinds


def _is_short(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= MOST_LETTERS
    return not isinstance(value, tuple) or sum(map(len, value)) <= MOST_LETTERS
