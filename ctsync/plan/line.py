"""How a saved plan writes a change: rows without names, and at the end the waves.

Fields stand in the order of their class, up to the last that is not a default. That
makes lines a third as long as with names, and quick to read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from ctsync.canon import canonical, parse
from ctsync.model.change import Change, Origin, Settled
from ctsync.model.key import key_from_json
from ctsync.model.operation import Operation
from ctsync.model.target import Target
from ctsync.plan.schedule import records_of

START = b'{"change":'

_WAVES = b',"waves":['
_END = b"]}\n"

Row: TypeAlias = list[Any]
_Written: TypeAlias = Operation | Target | Origin | Settled


def change_line(change: Change) -> bytes:
    """Give the line of a change."""
    waves = [wave for wave, _ in records_of(change)]
    return canonical({"change": _change_data(change), "waves": waves}) + b"\n"


def waves_in(line: bytes) -> bytes:
    """Give the waves of a change as the line has them, such as `1,3`; reads no more."""
    return line[line.rindex(_WAVES) + len(_WAVES) : -len(_END)]


def change_from_line(line: bytes, *, is_whole: bool = True) -> Change:
    """Read a change; unless whole, without the targets that sending does not need."""
    data = parse(line)["change"]
    return Change(
        key=key_from_json(data["key"]),
        action=data["action"],
        operations=tuple(Operation(*_tuples(row)) for row in data["operations"]),
        origins=tuple(Origin(*row) for row in data["origins"]),
        released=tuple(data["released"]),
        targets=tuple(
            Target(*_tuples(row))
            for row in data["targets"]
            if is_whole or "once" in row[_WRITE:]
        ),
        settled=Settled(*_tuples(data["settled"])),
        opt_in=data["opt_in"],
    )


def _change_data(change: Change) -> dict[str, Any]:
    return {
        "key": change.key.as_json(),
        "action": change.action,
        "operations": _rows(change.operations),
        "origins": _rows(change.origins),
        "released": change.released,
        "targets": _rows(change.targets),
        "settled": _row(change.settled),
        "opt_in": change.opt_in,
    }


def _rows(values: Iterable[_Written]) -> list[Row]:
    return [_row(value) for value in values]


def _row(value: _Written) -> Row:
    fields = type(value).__dataclass_fields__
    row = [getattr(value, name) for name in fields]
    for field in reversed(fields.values()):
        if row[-1] != field.default:
            break
        row.pop()
    return row


def _tuples(row: Row) -> Row:
    return [tuple(value) if type(value) is list else value for value in row]


_WRITE = tuple(Target.__dataclass_fields__).index("write")
