"""Subscription commands: `MSG-*` flags and groups, compared with the last one sent.

The platform never shows them in a read, so an entry holds only what was acknowledged.
"""

from __future__ import annotations

from ctsync.kinds.boolean import BooleanKind
from ctsync.kinds.system_attributes import BLOCKS
from ctsync.model.operation import Operation


class SubscriptionKind(BooleanKind):
    """A write-only switch of a channel or group."""

    name = "subscription"
    is_declarable = False
    is_in_files = False


def is_opt_in(operation: Operation) -> bool:
    """Return whether the operation opts a profile in to messages."""
    if operation.kind != KIND.name:
        return False
    return operation.operand is opting_in(operation.attribute)


def opting_in(attribute: str) -> bool:
    """Return the value of a switch that opts a profile in to messages.

    `MSG-<channel>` and groups opt in with true; `MSG-dnd*` blocks with true and so
    opts in with false (founding document).
    """
    return attribute not in BLOCKS


KIND = SubscriptionKind()
