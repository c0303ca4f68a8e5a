"""Changes that assign single values and do nothing else, read without building them.

Most changes of a large plan are alike but for their values: the same attributes, the
same operators, nothing special. What follows from their shape is worked out once, by
those who understand changes; of each change only the values are read. A line that says
anything more is left to `change_codec`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from ctsync.canonical_json import canonical
from ctsync.model.change import Change
from ctsync.model.operation import API, ChannelName, Operation
from ctsync.model.scalar_value import Scalar
from ctsync.plan.document.change_codec import change_from_line
from ctsync.plan.document.plan_rows import MOSTLY, kind_shown
from ctsync.plan.document.plan_writer import check_shape

MOST_SHAPES = 4096
"""How many shapes are remembered; there may be one for each profile."""


class _PlainOperation(Struct, array_like=True, forbid_unknown_fields=True):
    """The row of an operation that says no more than how a value is assigned."""

    attribute: str
    operand: Scalar
    form: str = MOSTLY
    before: Scalar | None = None
    since: None = None
    ours: tuple[()] = ()
    excluded: tuple[()] = ()
    channel: ChannelName = API


class _PlainRow(Struct, array_like=True, forbid_unknown_fields=True):
    """The row of a change that says no more than operations and where it is from."""

    action: Literal["create", "update"]
    id_type: str
    id: str
    operations: list[_PlainOperation]
    origins: msgspec.Raw = msgspec.Raw(b"[]")
    fingerprint: str | None = None


class _PlainText(Struct, forbid_unknown_fields=True):
    change: _PlainRow
    does: list[int]


_NULL = canonical(None)
_DECODER = msgspec.json.Decoder(_PlainText)


class PlainShape(Struct, frozen=True, eq=False):
    """What plain changes have in common, as one of them shows it.

    `effects` are the lines of their digest, with places for keys and values.
    `has_files` says that some of it travels in files. A shape is equal to itself alone.
    """

    example: Change
    effects: bytes
    has_files: bool


class PlainChange(Struct, frozen=True):
    """A change of a shape: whose it is, and what is assigned, in order."""

    shape: PlainShape
    id: str
    operands: Sequence[Scalar]
    effects: bytes
    line: bytes

    def change(self) -> Change:
        """Read the change whole."""
        return change_from_line(self.line)


class PlainReader:
    """Reads plain changes; it remembers their shapes."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], PlainShape | None] = {}

    def read(self, line: bytes) -> PlainChange | None:
        """Return a plain change, None where the line may say more.

        Raises:
            ValueError: it cannot be sent and folded as it stands.
        """
        try:
            row = _DECODER.decode(line).change
        except msgspec.DecodeError:
            return None
        names = [row.action, row.id_type]
        key = canonical({row.id_type: row.id})
        operands: list[Scalar] = []
        values: list[bytes] = []
        for each in row.operations:
            operand = each.operand
            names += each.attribute, each.form, kind_shown(operand), each.channel
            operands.append(operand)
            value = canonical(operand)
            before = each.before
            values += (
                key,
                value,
                b"null" if before is None else canonical(before),
                value,
            )
        shape = self._shape(tuple(names), line)
        if shape is None:
            return None
        return PlainChange(shape, row.id, operands, shape.effects % (*values,), line)

    def _shape(self, names: tuple[str, ...], line: bytes) -> PlainShape | None:
        if names not in self._shapes:
            if len(self._shapes) == MOST_SHAPES:
                return None
            self._shapes[names] = _shape_of(change_from_line(line))
        return self._shapes[names]


def _shape_of(change: Change) -> PlainShape | None:
    """Return the shape of a change, None where its values alone do not tell it."""
    check_shape(change)
    if any(op.operator != "set" or op.kind not in _PLAIN for op in change.operations):
        return None
    effects = b"".join(map(_effect, change.operations))
    return PlainShape(
        change, effects, any(op.channel != API for op in change.operations)
    )


_PLAIN = {"string", "number", "boolean", "date"}


def _effect(operation: Operation) -> bytes:
    """Return the line of an effect in a digest, with places for key and values."""
    attribute, prior = canonical(operation.attribute), canonical(operation.prior)
    way = b"" if operation.channel == API else b"," + canonical(operation.channel)
    fixed = [attribute, b"%d" % operation.step, prior, way]
    name, step, said, more = (each.replace(b"%", b"%%") for each in fixed)
    return b'[%%b,%b,%b,"set",%%b,%b,%%b,%%b%b]\n' % (name, step, said, more)
