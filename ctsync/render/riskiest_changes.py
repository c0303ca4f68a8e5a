"""Which changes to show first where not all are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ctsync.model.change import Change
from ctsync.model.change_statistics import risk_of
from ctsync.render.plan_view import PlanView, UnreadChange

MOST_SHOWN = 50


class RiskiestChanges:
    """Chooses the riskiest changes of a stream that comes by key."""

    def __init__(self, counts: Sequence[int], most: int) -> None:
        """Take how many changes there are of each risk, riskiest first."""
        self._room: list[int] = []
        for count in counts:
            self._room.append(min(count, most))
            most -= self._room[-1]

    def __call__(self, traits: int) -> bool:
        """Return whether the next change is one of them."""
        risk = risk_of(traits)
        self._room[risk] -= 1
        return self._room[risk] >= 0

    @property
    def left(self) -> int:
        """How many of them are still to come."""
        return sum(room for room in self._room if room > 0)


def riskiest_lines(view: PlanView, most: int) -> Iterator[UnreadChange]:
    """Yield the riskiest changes by key, each to be read when it is shown."""
    wanted = RiskiestChanges(view.foot.survey.by_risk(), most)
    # Of a million changes that are alike, the first few are all that is looked at.
    return islice((line for line in view.lines() if wanted(line.traits)), wanted.left)


def riskiest(view: PlanView, most: int = MOST_SHOWN) -> list[Change]:
    """Return the riskiest changes, riskiest first, then by key; reads no others."""
    lines = sorted(riskiest_lines(view, most), key=lambda line: risk_of(line.traits))
    return [line.change() for line in lines]
