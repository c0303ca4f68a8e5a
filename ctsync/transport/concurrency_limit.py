"""How many calls may be in flight, learned from how the platform answers."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ctsync.limits import MAX_CONCURRENCY

_MOST_ROUNDS = 16


class ConcurrencyLimit(Struct, frozen=True):
    """So many calls may be in flight now; halved when there were too many.

    Calls in flight are counted for the whole account, so others may hold part of the
    ceiling. The way back is one more after `rounds` rounds of calls that went through;
    where growing was refused, the next time takes twice as many. `heeds_from` is the
    first call that left after the last halving: what earlier ones meet was caused
    before it.
    """

    ceiling: int
    allowed: int
    heeds_from: int = 0
    passed: int = 0
    rounds: int = 1
    has_grown: bool = False

    @property
    def is_least(self) -> bool:
        """Whether calls go one by one, so that only waiting is left."""
        return self.allowed == 1

    def throttled(self, call: int, *, next_call: int) -> ConcurrencyLimit:
        """Return the allowance after call number `call` met with too many in flight."""
        # One crowd of calls meets 429 together, and would else halve as often as it is
        # large.
        if call < self.heeds_from:
            return self
        # Where others hold the rest of the account's ceiling, every step up is refused:
        # it is tried less and less often.
        rounds = min(2 * self.rounds, _MOST_ROUNDS) if self.has_grown else self.rounds
        allowed = max(1, self.allowed // 2)
        return ConcurrencyLimit(self.ceiling, allowed, next_call, rounds=rounds)

    def call_succeeded(self) -> ConcurrencyLimit:
        """Return the allowance after a call was let in."""
        if self.allowed == self.ceiling:
            return replace(self, rounds=1)
        if self.passed + 1 < self.allowed * self.rounds:
            return replace(self, passed=self.passed + 1)
        return replace(self, allowed=self.allowed + 1, passed=0, has_grown=True)


def full(ceiling: int) -> ConcurrencyLimit:
    """Return the allowance that a run begins with: as much as was configured."""
    most = max(1, min(ceiling, MAX_CONCURRENCY))
    return ConcurrencyLimit(most, most)
