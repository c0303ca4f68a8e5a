"""How a saved plan writes a change: as rows, and at the end the waves it is part of."""

from __future__ import annotations

from typing import Any

from ctsync.canon import canonical, parse
from ctsync.model.change import Change, Origin, Settled
from ctsync.model.key import key_from_json
from ctsync.model.operation import Operation
from ctsync.model.row import Row, RowForm
from ctsync.model.target import Target
from ctsync.plan.schedule import records_of

START = b'{"change":'

_WAVES = b',"waves":['
_END = b"]}\n"
_OPERATIONS = RowForm(Operation)
_TARGETS = RowForm(Target)
_ORIGINS = RowForm(Origin)
_SETTLED = RowForm(Settled)
_WRITE = tuple(Target.__dataclass_fields__).index("write")


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
    targets = data["targets"]
    if not is_whole:
        targets = [row for row in targets if _is_once(row)]
    return Change(
        key=key_from_json(data["key"]),
        action=data["action"],
        operations=_OPERATIONS.values(data["operations"]),
        origins=_ORIGINS.values(data["origins"]),
        released=tuple(data["released"]),
        targets=_TARGETS.values(targets),
        settled=_SETTLED.value(data["settled"]),
        opt_in=data["opt_in"],
    )


def _is_once(row: Row) -> bool:
    return len(row) > _WRITE and row[_WRITE] == "once"


def _change_data(change: Change) -> dict[str, Any]:
    return {
        "key": change.key.as_json(),
        "action": change.action,
        "operations": _OPERATIONS.rows(change.operations),
        "origins": _ORIGINS.rows(change.origins),
        "released": change.released,
        "targets": _TARGETS.rows(change.targets),
        "settled": _SETTLED.row(change.settled),
        "opt_in": change.opt_in,
    }
