"""One thing to do to one attribute: a plain value that can be shown and sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from ctsync.model.kind_shape import shape_of
from ctsync.model.scalar_value import Value

Operator = Literal["set", "$add", "$remove", "$incr", "$decr", "$delete"]
Prior = Literal["known", "unknown", "uncertain"]
ChannelName = Literal["api", "sftp"]
OPERATORS: tuple[Operator, ...] = (
    "set", "$add", "$remove", "$incr", "$decr", "$delete",
)  # fmt: skip
DELTAS: frozenset[Operator] = frozenset({"$incr", "$decr"})
"""Operators of which sending one twice counts twice."""
API: ChannelName = "api"
FILES: frozenset[ChannelName] = frozenset({"sftp"})
"""Channels by which operations travel in files."""


class Operation(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One operator on one attribute.

    `before` and `after` are normal forms; for a list, the values known to be there.
    `prior` says what the snapshot knew. `certain` is False where a list was never
    read, so that values which ctsync does not know stay. `step` orders operations on
    one attribute. `kind` is the kind of `after`. Of the operands of a list, `ours`
    become ours and `excluded` become known absent once acknowledged. `since` names
    the run whose unknown outcome made the prior uncertain. `channel` is the way by
    which it travels.
    """

    attribute: str
    kind: str
    operator: Operator
    operand: Value
    prior: Prior
    before: Value = None
    after: Value = None
    step: int = 1
    certain: bool = True
    sensitive: bool = False
    since: str | None = None
    ours: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    channel: ChannelName = API

    @property
    def is_set(self) -> bool:
        """Whether it is of a kind of sets."""
        return shape_of(self.kind) == "set"

    @property
    def is_delta(self) -> bool:
        """Whether sending it twice would count twice."""
        return self.operator in DELTAS

    @property
    def goes_in_file(self) -> bool:
        """Whether it travels in a file, and by no call."""
        return self.channel in FILES


def changes_value(operations: Iterable[Operation]) -> bool:
    """Return whether a value that is certain changes: of a list, what is present."""
    return any(
        op.before not in (None, ()) and (op.prior == "known" or op.is_set)
        for op in operations
        # What the second step finds is what the first left, and no known value.
        if op.step == 1
    )
