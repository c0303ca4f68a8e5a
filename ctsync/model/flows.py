"""Which value becomes which, on how many profiles: `Gold -> Platinum 812`.

What a plan means stands in the commonest of these ways. They are counted as changes
pass, which costs next to nothing a change, and of no more than a bounded number of
values, however many profiles there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple, Self

from ctsync.model.operation import Operation, Operator, Prior
from ctsync.model.row import Row
from ctsync.model.scalar_value import Value

MOST_WAYS = 200
"""So many ways of one attribute are told apart; those met later are not counted."""

MOST_KEPT = 5
"""So many of an attribute, the commonest, are kept."""

MOST_LETTERS = 200
"""Longer values are nothing that many profiles share, or that a row has room for."""

_HIDDEN = "hidden"
_BEFORE = Operation.__struct_fields__.index("before")
_SENSITIVE = Operation.__struct_fields__.index("sensitive")
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
        self._ways: dict[tuple[Any, ...], int] = {}
        self._told_apart: Counter[str] = Counter()

    def add(self, operations: Iterable[Operation], *, creates: bool = False) -> None:
        """Take the operations on one profile in."""
        for op in operations:
            way = _way(
                op.attribute, op.operator, op.prior, op.before, op.operand, op.sensitive
            )
            self._count((*way, creates), 1)

    def add_rows(
        self, rows: Iterable[Row], profiles: int = 1, *, creates: bool = False
    ) -> None:
        """Take operations in as a saved plan has them, the same on some profiles.

        Building an object for each would cost more than counting it.
        """
        for row in rows:
            attribute, _, operator, operand, prior = row[:_BEFORE]
            # A row ends with its last field that is not a default.
            before = row[_BEFORE] if len(row) > _BEFORE else None
            is_hidden = len(row) > _SENSITIVE and row[_SENSITIVE]
            if operand.__class__ is list:
                operand = tuple(operand)
            if before.__class__ is list:
                before = tuple(before)
            way = _way(attribute, operator, prior, before, operand, is_hidden)
            self._count((*way, creates), profiles)

    def _count(self, way: tuple[Any, ...], profiles: int) -> None:
        if way in self._ways:
            self._ways[way] += profiles
        elif self._told_apart.get(way[0], 0) < MOST_WAYS:
            self._tell_apart(way, profiles)

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
            way = [tuple(x) if isinstance(x, list) else x for x in row[:6]]
            kinds = way[3].__class__, way[4].__class__
            counts._ways[*way, kinds, row[6]] = row[7]
        return counts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FlowCounts):
            return NotImplemented
        return self.commonest() == other.commonest()

    __hash__ = None  # type: ignore[assignment] # it changes

    def _tell_apart(self, way: tuple[Any, ...], profiles: int) -> None:
        self._told_apart[way[0]] += 1
        if all(_letters(value) <= MOST_LETTERS for value in way[3:5]):
            self._ways[way] = profiles


def _way(
    attribute: str,
    operator: str,
    prior: str,
    before: Value,
    operand: Value,
    is_hidden: bool,  # noqa: FBT001 - by place: every operation of a plan passes
) -> tuple[Any, ...]:
    if operator not in _SIDED:
        before = None
    if is_hidden:
        before, operand = before if before is None else _HIDDEN, _HIDDEN
    # 1 equals True and 1.0, and is neither.
    kinds = before.__class__, operand.__class__
    return attribute, operator, prior, before, operand, is_hidden, kinds


def _letters(value: Value) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(map(len, value)) if isinstance(value, tuple) else 0
