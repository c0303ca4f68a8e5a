"""What a project allows a plan to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from ctsync.model.operation import API, ChannelName

LIMITS = ("create", "update", "remove", "opt_in", "skip", "vanish", "reject")
JUDGED = tuple(name for name in LIMITS if name != "reject")
"""Limits that a plan is held against; the others are for an apply."""
REVEAL = "reveal"
"""What `--accept` also takes: how many marks as sensitive an apply may forget."""


class Limit(Struct, frozen=True):
    """At most so many, or at most so many of a hundred."""

    number: int
    is_percent: bool = False

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_percent else str(self.number)

    def is_exceeded(self, count: int, whole: int) -> bool:
        """Return whether `count` of `whole` is more than the limit allows."""
        if self.is_percent:
            return 100 * count > self.number * whole
        return count > self.number


def parse_limit(text: str | int) -> Limit:
    """Read `30%` or `30`.

    Raises:
        ValueError: neither.
    """
    written = str(text)
    number = written.removesuffix("%")
    if not (number.isascii() and number.isdigit()):
        msg = f"not a number or a percentage: {written}"
        raise ValueError(msg)
    return Limit(int(number), is_percent=written.endswith("%"))


DEFAULT_LIMITS: Mapping[str, Limit] = {
    "create": Limit(1000),
    "update": Limit(30, is_percent=True),
    "remove": Limit(5, is_percent=True),
    "opt_in": Limit(0),
    "skip": Limit(1, is_percent=True),
    "vanish": Limit(20, is_percent=True),
    "reject": Limit(100, is_percent=True),
}


class Policy(Struct, frozen=True):
    """`policy:` of the project file.

    `accept` are reviewed exceptions: each lifts its limit for a plan whose count is
    exactly that number.
    """

    unknown_attributes: Literal["allow", "error"] = "allow"
    undeclared: Literal["keep", "remove"] = "keep"
    limits: Mapping[str, Limit] = field(default_factory=lambda: dict(DEFAULT_LIMITS))
    accept: Mapping[str, int] = field(default_factory=dict)


class UploadTerms(Struct, frozen=True):
    """`upload:` of the project file."""

    records_per_call: int = 100
    concurrency: int = 3
    timeout_seconds: float = 60.0


class ChannelTerms(Struct, frozen=True):
    """`channels:` of the project file.

    `removals` is the channel for what the upload API cannot remove. A plan that sends
    to more than `bulk_over` profiles goes by `bulk_by`, as far as that can say it.
    `email` hears from the platform what became of an import by SFTP.
    """

    removals: ChannelName = API
    bulk_over: int | None = None
    bulk_by: ChannelName = API
    email: str | None = None
