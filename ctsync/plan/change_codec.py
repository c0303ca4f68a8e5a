"""How a saved plan writes a change: as rows, and at the end its traits and waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Change, EntryAfter
from ctsync.model.change_rows import OPERATION_FORM, ORIGIN_FORM, ChangeRows
from ctsync.model.change_statistics import traits_of
from ctsync.model.desired_value import DesiredValue
from ctsync.model.profile_key import key_from_json
from ctsync.model.row import Row, RowForm
from ctsync.plan.schedule import records_of

START = b'{"change":'

_TRAITS = b',"traits":'
_WAVES = b',"waves":['
_END = b"]}\n"
_TARGETS = RowForm(DesiredValue)
_SETTLED = RowForm(EntryAfter)
_WRITE = DesiredValue.__struct_fields__.index("write")


def change_line(
    change: Change, traits: int | None = None, waves: Sequence[int] | None = None
) -> bytes:
    """The line of a change; `traits` and `waves`, where they are known, of it."""
    if waves is None:
        waves = [wave for wave, _ in records_of(change)]
    bits = traits_of(change) if traits is None else traits
    data = {"change": _change_data(change), "traits": bits, "waves": waves}
    return canonical(data) + b"\n"


def waves_in(line: bytes) -> bytes:
    """The waves of a change as the line has them, such as `1,3`; reads no more."""
    return line[line.rindex(_WAVES) + len(_WAVES) : -len(_END)]


class ChangeLine:
    """One change as its line has it: its traits at once, the rest when asked for."""

    __slots__ = ("_line",)

    def __init__(self, line: bytes) -> None:
        self._line = line

    @property
    def traits(self) -> int:
        """A bit for each of `TRAITS` that the change has; parses nothing."""
        line = self._line
        start = line.rindex(_TRAITS) + len(_TRAITS)
        return int(line[start : line.index(b",", start)])

    def rows(self) -> ChangeRows:
        """Read what is shown of the change, as rows."""
        data: ChangeRows = parse(self._line)["change"]
        return data

    def change(self) -> Change:
        """Read the change, without the targets that nobody is shown."""
        return change_from_line(self._line, is_whole=False)


def change_from_line(line: bytes, *, is_whole: bool = True) -> Change:
    """Read a change; unless whole, without the targets that sending does not need."""
    return change_from_data(parse(line)["change"], is_whole=is_whole)


def change_from_data(data: Mapping[str, Any], *, is_whole: bool = True) -> Change:
    """Read a change from what its line says of it."""
    targets = data["targets"]
    if not is_whole:
        targets = [row for row in targets if _is_once(row)]
    return Change(
        key=key_from_json(data["key"]),
        action=data["action"],
        operations=OPERATION_FORM.values(data["operations"]),
        origins=ORIGIN_FORM.values(data["origins"]),
        released=tuple(data["released"]),
        targets=_TARGETS.values(targets),
        settled=_SETTLED.value(data["settled"]),
        opt_in=data["opt_in"],
        locked=tuple(data.get("locked", ())),
    )


def _is_once(row: Row) -> bool:
    return len(row) > _WRITE and row[_WRITE] == "once"


def _change_data(change: Change) -> dict[str, Any]:
    data = {
        "key": change.key.as_json(),
        "action": change.action,
        "operations": OPERATION_FORM.rows(change.operations),
        "origins": ORIGIN_FORM.rows(change.origins),
        "released": change.released,
        "targets": _TARGETS.rows(change.targets),
        "settled": _SETTLED.row(change.settled),
        "opt_in": change.opt_in,
    }
    return data | {"locked": change.locked} if change.locked else data
