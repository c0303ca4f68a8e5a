"""What a plan may do: limits, and what lifts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ctsync.model.policy import Limit

# A percentage of a handful of profiles says nothing.
PERCENT_FLOOR = 10
_JUDGED = ("create", "update", "remove", "opt_in", "skip")


@dataclass(frozen=True, slots=True)
class Blocked:
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


@dataclass(frozen=True, slots=True)
class Counts:
    """What the limits are held against: profiles."""

    entries: int
    create: int = 0
    update: int = 0
    remove: int = 0
    opt_in: int = 0
    skip: int = 0
    rows: int = 0
    locked: int = 0
    first_run: bool = False


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
        actual = getattr(counts, name)
        if _applies(name, limit, counts) and limit.is_exceeded(
            actual, counts.rows if name == "skip" else counts.entries
        ):
            accept = f"--accept {name}={actual}"
            yield Blocked(f"limits.{name}", str(limit), actual, accept)
    if counts.locked:
        yield Blocked("locked", "0", counts.locked, None)


def _applies(name: str, limit: Limit, counts: Counts) -> bool:
    if not limit.is_percent or name == "skip":
        return True
    return not counts.first_run and counts.entries >= PERCENT_FLOOR


_FIELDS = tuple(Blocked.__dataclass_fields__)
