"""What is risky about a change, and what many changes come to.

Both are written into a saved plan as it is made, so that whoever shows it need not
read every change to learn how many there are, or which to show first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Self

from msgspec import Struct, field

from ctsync.model.change import Change
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.flows import FlowCounts
from ctsync.model.weighed_run import WeighedRun

# One bit each, the riskiest lowest. Every change has at least one.
TRAITS = (
    "opt-ins", "locked", "removals", "creations", "counters", "uncertain", "rest",
    "releases",
)  # fmt: skip

RELEASE = "release"
"""Stands where an operator does, for what is released."""


def traits_of(change: Change) -> int:
    """Return a bit for each of `TRAITS` that a change has."""
    operations = change.operations
    operators = {operation.operator for operation in operations}
    creates = change.action == "create"
    risky = (
        change.opt_in,
        bool(change.locked) and any(op.attribute in change.locked for op in operations),
        not LOSING.isdisjoint(operators) and change.removes,
        creates,
        not _COUNTING.isdisjoint(operators),
        # Of a profile that is new to the state nothing can be known before.
        not creates and not {"known"}.issuperset([op.prior for op in operations]),
    )
    bits = sum(1 << bit for bit, holds in enumerate(risky) if holds)
    if operations and not bits:
        bits = _REST
    return bits | _RELEASES if change.released or not operations else bits


def risk_of(traits: int) -> int:
    """Return the place in `TRAITS` of the riskiest thing that a change does."""
    # The lowest bit that is set.
    return (traits & -traits).bit_length() - 1


class ChangeStatistics(Struct):
    """Counts changes as they pass: attribute by operator, traits, and flows."""

    operations: Counter[tuple[str, str]] = field(default_factory=Counter)
    traits: Counter[int] = field(default_factory=Counter)
    flows: FlowCounts = field(default_factory=FlowCounts)

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Self:
        """Count all of some changes."""
        survey = cls()
        for change in changes:
            survey.add(change)
        return survey

    def add(self, change: Change) -> int:
        """Take a change in; give its traits."""
        operations = self.operations
        for op in change.operations:
            operations[op.attribute, op.operator] += 1
        for name in change.released:
            operations[name, RELEASE] += 1
        self.flows.add(change.operations, creates=change.action == "create")
        traits = traits_of(change)
        self.traits[traits] += 1
        return traits

    def add_decided(self, decided: DecidedRows) -> None:
        """Take in changes that were decided in columns, but for their flows."""
        self.operations.update(decided.operations())
        self.traits.update(decided.counts("traits"))

    def add_weighed(self, run: WeighedRun) -> None:
        """Take in changes that were counted elsewhere."""
        for name, operator, count in run.operations:
            self.operations[name, operator] += count
        self.traits.update(run.traits)
        self.flows.take(run.flows)

    def by_operator(self) -> Counter[str]:
        """Count the operations of each operator, and what is released."""
        counts = Counter[str]()
        for (_, operator), count in self.operations.items():
            counts[operator] += count
        return counts

    @property
    def changes(self) -> int:
        """How many changes there are."""
        return self.traits.total()

    def having(self, *names: str) -> int:
        """Count the changes that have all of some traits."""
        wanted = sum(1 << TRAITS.index(name) for name in names)
        return sum(n for bits, n in self.traits.items() if bits & wanted == wanted)

    def only(self, name: str) -> int:
        """Count the changes that have one trait and no other."""
        return self.traits[1 << TRAITS.index(name)]

    def by_risk(self) -> list[int]:
        """Count the changes under the riskiest thing that each does."""
        counts = [0] * len(TRAITS)
        for bits, count in self.traits.items():
            counts[risk_of(bits)] += count
        return counts

    def as_json(self) -> dict[str, Any]:
        """Return the form that a saved plan keeps."""
        table: dict[str, dict[str, int]] = {}
        for (name, operator), count in self.operations.items():
            table.setdefault(name, {})[operator] = count
        traits = {str(bits): count for bits, count in self.traits.items()}
        flows = [[*flow] for flow in self.flows.commonest()]
        return {"operations": table, "traits": traits, "flows": flows}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote.

        Raises:
            KeyError, ValueError, AttributeError: the data is no survey.
        """
        operations = {
            (name, operator): count
            for name, row in data["operations"].items()
            for operator, count in row.items()
        }
        traits = {int(bits): count for bits, count in data["traits"].items()}
        flows = FlowCounts.of(data["flows"])
        return cls(Counter(operations), Counter(traits), flows)


_COUNTING = frozenset({"$incr", "$decr"})
LOSING = frozenset({"$remove", "$delete"})
"""Operators by which a profile may lose a value; no other does."""
_REST, _RELEASES = (1 << TRAITS.index(name) for name in ("rest", "releases"))
