"""How a saved plan writes a change: as rows, and at the end its traits and waves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import canonical, fold_name, parse
from ctsync.kinds import KINDS
from ctsync.kinds.subscription import KIND as SUBSCRIPTION_KIND
from ctsync.kinds.subscription import is_opt_in
from ctsync.model.change import Action, Change, EntryAfter, Origin
from ctsync.model.change_rows import (
    OPERATION_FORM,
    ORIGIN_FORM,
    SETTLED_FORM,
    ChangeRows,
)
from ctsync.model.change_statistics import traits_of
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.plan.schedule import records_of

START = b'{"change":'
SETTLED = b'{"settled":'

_KEYED = ("change", "settled")
_TRAITS = b',"traits":'
_WAVES = b',"waves":['
_END = b"]}\n"
T = TypeVar("T")
SUBSCRIPTION = SUBSCRIPTION_KIND.name


class _ChangeData(Struct, forbid_unknown_fields=True):
    """What a line says of a change; `opt_in` follows from the operations."""

    action: Action
    key: dict[str, str]
    operations: tuple[Operation, ...]
    origins: tuple[Origin, ...]
    released: tuple[str, ...]
    settled: EntryAfter
    left: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    once: tuple[str, ...] = ()

    def change(self) -> Change:
        kinds = {operation.kind for operation in self.operations}
        if not kinds <= KINDS.keys():
            msg = "no such kind"
            raise ValueError(msg)
        return Change(
            key=key_from_json(self.key),
            action=self.action,
            operations=self.operations,
            origins=self.origins,
            released=self.released,
            settled=self.settled,
            opt_in=SUBSCRIPTION in kinds and any(map(is_opt_in, self.operations)),
            once=self.once,
            locked=self.locked,
            left=self.left,
        )


class _ChangeText(Struct, forbid_unknown_fields=True):
    change: _ChangeData
    traits: int
    waves: tuple[int, ...]


class _SettledData(Struct, forbid_unknown_fields=True):
    entry: EntryAfter
    key: dict[str, str]


class _SettledText(Struct, forbid_unknown_fields=True):
    settled: _SettledData


_CHANGES = msgspec.json.Decoder(_ChangeText)
_ENTRIES = msgspec.json.Decoder(_SettledText)


def change_line(
    change: Change, traits: int | None = None, waves: Sequence[int] | None = None
) -> bytes:
    """The line of a change; `traits` and `waves`, where they are known, of it."""
    if waves is None:
        waves = [wave for wave, _ in records_of(change)]
    bits = traits_of(change) if traits is None else traits
    data = {"change": _change_data(change), "traits": bits, "waves": waves}
    return canonical(data) + b"\n"


def settled_line(key: ProfileKey, settled: EntryAfter) -> bytes:
    """Return the line of an entry with nothing to do: what it gets at the next fold."""
    data = {"entry": SETTLED_FORM.row(settled), "key": key.as_json()}
    return canonical({"settled": data}) + b"\n"


def waves_in(line: bytes) -> bytes:
    """The waves of a change as the line has them, such as `1,3`; reads no more."""
    return line[line.rindex(_WAVES) + len(_WAVES) : -len(_END)]


def key_in(line: bytes) -> ProfileKey:
    """Return the key of a line, whatever else it says."""
    ((_, data),) = ((k, v) for k, v in parse(line).items() if k in _KEYED)
    return key_from_json(data["key"])


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
        """Read the change."""
        return change_from_line(self._line)


def change_from_line(line: bytes) -> Change:
    """Read a change.

    Raises:
        ValueError: the line is of no change.
    """
    try:
        return _CHANGES.decode(line).change.change()
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


def change_from_data(data: Mapping[str, Any]) -> Change:
    """Read a change from what its line says of it.

    Raises:
        ValueError: it says no change.
    """
    return _converted(data, _ChangeData).change()


def settled_from_line(line: bytes) -> tuple[ProfileKey, EntryAfter]:
    """Read what an entry gets.

    Raises:
        ValueError: the line is of no entry.
    """
    try:
        data = _ENTRIES.decode(line).settled
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    return key_from_json(data.key), data.entry


def settled_from_data(data: Mapping[str, Any]) -> tuple[ProfileKey, EntryAfter]:
    """Read what an entry gets from what its line says.

    Raises:
        ValueError: it says nothing of the kind.
    """
    said = _converted(data, _SettledData)
    return key_from_json(said.key), said.entry


def as_planned(change: Change) -> Change:
    """Return a change as the planner writes it: names that are folded, and in order."""
    settled = change.settled
    says_names = change.released or change.once or change.locked or change.left
    if not (says_names or settled.forget or settled.ours or settled.cohorts[1:]):
        return change  # as most are: it says no names, or one
    return replace(
        change,
        released=tuple(sorted({*change.released})),
        settled=settled_as_planned(settled),
        once=_folded(change.once),
        locked=tuple(sorted({*change.locked})),
        left=tuple(sorted({*change.left})),
    )


def settled_as_planned(settled: EntryAfter) -> EntryAfter:
    """Return what an entry gets as the planner writes it."""
    return EntryAfter(
        settled.fingerprint,
        tuple(sorted({*settled.cohorts})),
        _folded(settled.forget),
        tuple(sorted((_fold(name), values) for name, values in settled.ours)),
    )


def _folded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_fold(name) for name in names}))


_fold = lru_cache(maxsize=4096)(fold_name)


def _converted(data: Mapping[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _change_data(change: Change) -> dict[str, Any]:
    data = {
        "key": change.key.as_json(),
        "action": change.action,
        "operations": OPERATION_FORM.rows(change.operations),
        "origins": ORIGIN_FORM.rows(change.origins),
        "released": change.released,
        "settled": SETTLED_FORM.row(change.settled),
    }
    if change.left:
        data["left"] = change.left
    if change.locked:
        data["locked"] = change.locked
    if change.once:
        data["once"] = change.once
    return data
