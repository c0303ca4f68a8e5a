"""Records as they would be sent, masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from ctsync.model.change import Origin
from ctsync.model.masking import Mask, masked_json
from ctsync.model.operation import Operation
from ctsync.model.record import Record


def record_json(
    record: Record, mask: Mask, origins: Sequence[Origin] = ()
) -> dict[str, Any]:
    """Return the record of the upload API with sensitive values and key hidden."""
    clear = tuple(op for op in record.operations if not _hides(op, mask))
    wire = replace(record, operations=clear).as_wire()
    data: dict[str, Any] = wire["profileData"]
    for operation in record.operations:
        if _hides(operation, mask):
            data[operation.attribute] = _hidden(operation)
    return {
        **mask.key_json(record.key, origins),
        "type": wire["type"],
        "profileData": dict(sorted(data.items())),
    }


def _hides(operation: Operation, mask: Mask) -> bool:
    # `$delete` carries no value, so there is nothing to hide.
    is_sensitive = operation.sensitive and operation.operator != "$delete"
    return mask.hides_value(sensitive=is_sensitive)


def _hidden(operation: Operation) -> dict[str, Any]:
    if operation.operator == "set":
        return {**masked_json()}
    return {operation.operator: masked_json()}
