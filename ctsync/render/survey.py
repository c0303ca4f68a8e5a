"""One walk over the changes: what they come to, and which to show first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ctsync.model.change import Change
from ctsync.model.key import Key

RISKS = ("removals", "creations", "opt-ins", "counters", "uncertain", "rest")
MOST_SHOWN = 50


def risk_of(change: Change) -> int:
    """Give the place in `RISKS` of the riskiest thing that a change does."""
    if change.removes:
        return 0
    if change.action == "create":
        return 1
    if change.opt_in:
        return 2
    if any(op.is_delta for op in change.operations):
        return 3
    return 4 if any(op.prior != "known" for op in change.operations) else 5


def riskiest(changes: Iterable[Change], most: int = MOST_SHOWN) -> list[Change]:
    """Give the riskiest changes, riskiest first, then by key; keeps no others."""
    return heapq.nsmallest(most, changes, key=_order)


def _order(change: Change) -> tuple[int, Key]:
    return risk_of(change), change.key


@dataclass(slots=True)
class Survey:
    """Counts changes as they pass: how many, and attribute by operator."""

    operations: Counter[tuple[str, str]] = field(default_factory=Counter)
    changes: int = 0

    def watch(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield the changes on, counting them."""
        for change in changes:
            self.changes += 1
            for op in change.operations:
                self.operations[op.attribute, op.operator] += 1
            for name in change.released:
                self.operations[name, "release"] += 1
            yield change
