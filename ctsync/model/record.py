"""What travels: records, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey

GROUP_PREFIX = "subscriptions."
GROUP_WORDS = {True: "category-resubscribe", False: "category-unsubscribe"}
"""Under which word a group travels, by whether it is switched on."""


class Record(Struct, frozen=True):
    """One uploaded line: operations on one profile, one operator an attribute.

    `last` says that no further record of this profile follows in the run.
    """

    key: ProfileKey
    operations: tuple[Operation, ...]
    last: bool = True

    @property
    def is_delta(self) -> bool:
        """Whether sending it twice would count twice."""
        return any(operation.is_delta for operation in self.operations)

    @property
    def has_counters(self) -> bool:
        """Whether it moves a counter or assigns one."""
        return any(operation.kind == "counter" for operation in self.operations)

    def as_wire(self) -> dict[str, Any]:
        """Return the record as the upload API takes it; `ts` is never sent."""
        data: dict[str, Any] = {}
        for operation in self.operations:
            if operation.attribute.startswith(GROUP_PREFIX):
                _put_group(data, operation)
            elif operation.operator == "set":
                data[operation.attribute] = operation.operand
            else:
                data[operation.attribute] = {operation.operator: operation.operand}
        # No document says that an older `ts` loses to a newer one, and 0 is refused
        # (code 525, recorded): order is kept by calls that wait for each other.
        return {**self.key.as_json(), "type": "profile", "profileData": data}


def _put_group(data: dict[str, Any], operation: Operation) -> None:
    channel, group = group_of(operation.attribute)
    word = GROUP_WORDS[bool(operation.operand)]
    data.setdefault(word, {}).setdefault(channel, []).append(group)


def group_of(attribute: str) -> tuple[str, str]:
    """Return the channel and the group that an attribute of `GROUP_PREFIX` names."""
    channel, _, group = attribute.removeprefix(GROUP_PREFIX).partition(".")
    return channel, group


class Outcome(StrEnum):
    """What became of one record, from best to worst.

    What was put in a file is *sent* until the platform tells of it.
    """

    ACKNOWLEDGED = "acknowledged"
    SENT = "sent"
    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


def said_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by outcome as documents have them.

    Of what was *sent* in files they speak only where anything was.
    """
    sent = Outcome.SENT.value
    return {name: n for name, n in counts.items() if n or name != sent}


class RecordOutcome(Struct, frozen=True):
    """The outcome of one record.

    `error` says why in our own words. `said` are the server's, bounded and on one line:
    they may hold anything, and go to a private report alone. `transient` marks a
    refusal that the platform calls temporary (code 555).
    """

    outcome: Outcome
    code: int | None = None
    error: str | None = None
    said: str | None = None
    transient: bool = False
