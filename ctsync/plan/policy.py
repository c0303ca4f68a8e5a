"""What a plan may do: limits, and what lifts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.model.plan import BlockedRule
from ctsync.model.policy import JUDGED, Limit, Policy

# A percentage of a handful of profiles says nothing.
PERCENT_FLOOR = 10


class Counts(Struct, frozen=True):
    """What the limits are held against: profiles.

    `skips` are, for each table, its skipped rows and all of its rows; `vanished` those
    that went since the last apply and all that it had then.
    """

    entries: int
    create: int = 0
    update: int = 0
    remove: int = 0
    opt_in: int = 0
    locked: int = 0
    first_run: bool = False
    skips: Mapping[str, Sequence[int]] = field(default_factory=dict)
    vanished: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def of(self, limit: str) -> int:
        """Return what a limit counts; of tables, that of the worst."""
        tables = self.tables(limit)
        if tables is not None:
            return max((count for count, _ in tables.values()), default=0)
        count: int = getattr(self, limit)
        return count

    def tables(self, limit: str) -> Mapping[str, Sequence[int]] | None:
        """Return what a limit counts of each table, and of how many rows."""
        return {"skip": self.skips, "vanish": self.vanished}.get(limit)


def check_limits(
    counts: Counts, policy: Policy, accepted: Mapping[str, int]
) -> tuple[BlockedRule, ...]:
    """Return every rule that forbids the plan.

    `accepted` sets limits for this plan; `policy.accept` lifts those whose count is
    exactly the one that was reviewed.
    """
    return tuple(_blocking(counts, policy, accepted))


def exception_notes(counts: Counts, policy: Policy) -> Iterator[Diagnostic]:
    """Say of each reviewed exception whether it is about this plan."""
    for name, number in sorted(policy.accept.items()):
        actual = counts.of(name)
        if actual != number:
            yield Diagnostic(
                "info",
                "CT407",
                f"policy.accept.{name} is {number:,}, this plan has {name} {actual:,}: "
                "the exception is ignored",
                "take it out once it has been applied",
            )
        elif _exceeding(name, policy.limits[name], counts) is not None:
            yield Diagnostic(
                "info",
                "CT406",
                f"policy.accept lifts limits.{name} for the {actual:,} of this plan",
                "take it out once it has been applied",
            )


def _blocking(
    counts: Counts, policy: Policy, accepted: Mapping[str, int]
) -> Iterator[BlockedRule]:
    for name in JUDGED:
        limit = Limit(accepted[name]) if name in accepted else policy.limits[name]
        actual = _exceeding(name, limit, counts)
        # Exactly the number that was reviewed: one more profile is another decision.
        if actual not in (None, policy.accept.get(name)):
            accept = f"--accept {name}={actual}"
            yield BlockedRule(f"limits.{name}", str(limit), actual, accept)
    if counts.locked:
        yield BlockedRule("locked", "0", counts.locked, None)


def _exceeding(name: str, limit: Limit, counts: Counts) -> int | None:
    """Return the count that a limit forbids; of tables, that of the worst."""
    tables = counts.tables(name)
    # A table has rows on a first run, too, so these limits are held against any plan.
    if tables is not None:
        floor = PERCENT_FLOOR if name == "vanish" and limit.is_percent else 0
        judged = ((n, rows) for n, rows in tables.values() if rows >= floor)
        beyond = (n for n, rows in judged if limit.is_exceeded(n, rows))
        return max(beyond, default=None)
    if limit.is_percent and (counts.first_run or counts.entries < PERCENT_FLOOR):
        return None
    actual = counts.of(name)
    return actual if limit.is_exceeded(actual, counts.entries) else None
