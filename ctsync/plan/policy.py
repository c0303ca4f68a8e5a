"""What a plan may do: limits, and what lifts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from ctsync.model.policy import Limit

# A percentage of a handful of profiles says nothing.
PERCENT_FLOOR = 10
_JUDGED = ("create", "update", "remove", "opt_in", "skip")


class Blocked(Struct, frozen=True):
    """One rule that forbids a plan. `accept` is the option that would lift it."""

    rule: str
    limit: str
    actual: int
    accept: str | None

    def as_json(self) -> dict[str, Any]:
        """Give the form of every document."""
        return {name: getattr(self, name) for name in _FIELDS}

    @property
    def sentence(self) -> str:
        """Say rule, number and way out."""
        if self.accept is None:
            return (
                f"{self.rule}: {self.actual} changes of locked values "
                "(change the catalog first, if they are meant)"
            )
        name = self.rule.removeprefix("limits.")
        return (
            f"{self.rule} is {self.limit}, this plan has {name} {self.actual} "
            f"(if that is meant: {self.accept})"
        )


class Counts(Struct, frozen=True):
    """What the limits are held against: profiles.

    `skips` are, for each table, its skipped rows and all of its rows.
    """

    entries: int
    create: int = 0
    update: int = 0
    remove: int = 0
    opt_in: int = 0
    locked: int = 0
    first_run: bool = False
    skips: Mapping[str, Sequence[int]] = field(default_factory=dict)


def judge(
    counts: Counts, limits: Mapping[str, Limit], accepted: Mapping[str, int]
) -> tuple[Blocked, ...]:
    """Give every rule that forbids the plan."""
    return tuple(_blocking(counts, limits, accepted))


def _blocking(
    counts: Counts, limits: Mapping[str, Limit], accepted: Mapping[str, int]
) -> Iterator[Blocked]:
    for name in _JUDGED:
        limit = Limit(accepted[name]) if name in accepted else limits[name]
        actual = _exceeding(name, limit, counts)
        if actual is not None:
            accept = f"--accept {name}={actual}"
            yield Blocked(f"limits.{name}", str(limit), actual, accept)
    if counts.locked:
        yield Blocked("locked", "0", counts.locked, None)


def _exceeding(name: str, limit: Limit, counts: Counts) -> int | None:
    """Give the count that a limit forbids; of tables, that of the worst."""
    if name == "skip":
        beyond = (n for n, rows in counts.skips.values() if limit.is_exceeded(n, rows))
        return max(beyond, default=None)
    if limit.is_percent and (counts.first_run or counts.entries < PERCENT_FLOOR):
        return None
    actual: int = getattr(counts, name)
    return actual if limit.is_exceeded(actual, counts.entries) else None


_FIELDS = Blocked.__struct_fields__
