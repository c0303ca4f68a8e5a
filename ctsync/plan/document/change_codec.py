"""How a saved plan writes a change: as a row, and at the end its traits and waves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import canonical, fold_name, parse
from ctsync.kinds.subscription import KIND as SUBSCRIPTION_KIND
from ctsync.kinds.subscription import is_opt_in
from ctsync.model.change import Action, Change, EntryAfter, Origin
from ctsync.model.change_rows import SETTLED_FORM, ChangeRows
from ctsync.model.change_statistics import traits_of
from ctsync.model.entry import membership_in
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.model.row import Row, RowForm, defaults_of
from ctsync.plan.document.plan_rows import (
    StoredOperation,
    StoredOrigin,
    operation_row,
    origin_row,
    shown_origin,
    shown_row,
)
from ctsync.plan.document.schedule import records_of

START = b'{"change":'
SETTLED = b'{"settled":'
FIRST_ALONE = b",1]}\n"
"""How a line ends of a change that sends in the first wave, and in no other."""
CHANGE_KEY, SETTLED_KEY = "change", "settled"

_DOES = b',"does":['
_END = b"]}\n"
T = TypeVar("T")
SUBSCRIPTION = SUBSCRIPTION_KIND.name


# What most changes do not have stands last: rows end before it.
class _ChangeRow(Struct, array_like=True, forbid_unknown_fields=True):
    """What a line says of a change.

    `cohorts` are left out where they are those of the tables in `origins`; `opt_in`
    follows from the operations.
    """

    action: Action
    id_type: str
    id: str
    operations: tuple[StoredOperation, ...]
    origins: tuple[StoredOrigin, ...] = ()
    fingerprint: str | None = None
    cohorts: tuple[str, ...] | None = None
    released: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    ours: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    once: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def change(self) -> Change:
        operations = tuple(map(StoredOperation.operation, self.operations))
        kinds = {operation.kind for operation in operations}
        origins = tuple(map(StoredOrigin.origin, self.origins))
        return Change(
            key=key_from_json({self.id_type: self.id}),
            action=self.action,
            operations=operations,
            origins=origins,
            released=self.released,
            settled=EntryAfter(
                self.fingerprint, self._cohorts(origins), self.forget, self.ours
            ),
            opt_in=SUBSCRIPTION in kinds and any(map(is_opt_in, operations)),
            once=self.once,
            locked=self.locked,
            left=self.left,
        )

    def _cohorts(self, origins: Iterable[Origin]) -> tuple[str, ...]:
        return _tables_of(origins) if self.cohorts is None else self.cohorts


def _tables_of(origins: Iterable[Origin]) -> tuple[str, ...]:
    return _memberships(origin.table for origin in origins)


def _memberships(tables: Iterable[str | None]) -> tuple[str, ...]:
    names = {table for table in tables if table is not None}
    return tuple(sorted(map(membership_in, names)))


class _ChangeText(Struct, forbid_unknown_fields=True):
    change: _ChangeRow
    does: tuple[int, ...]  # its traits, then its waves


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
    data = {"change": _change_row(change), "does": [bits, *waves]}
    return canonical(data) + b"\n"


def settled_line(key: ProfileKey, settled: EntryAfter) -> bytes:
    """Return the line of an entry with nothing to do: what it gets at the next fold."""
    data = {"entry": SETTLED_FORM.row(settled), "key": key.as_json()}
    return canonical({"settled": data}) + b"\n"


def waves_in(line: bytes) -> bytes:
    """The waves of a change as the line has them, such as `1,3`; reads no more."""
    return _done_by(line).partition(b",")[2]


def _done_by(line: bytes) -> bytes:
    # Found from behind, near the end. No value looks like it: quotes in text are
    # escaped.
    return line[line.rindex(_DOES) + len(_DOES) : -len(_END)]


def row_text(line: bytes) -> bytes:
    """Return the row of a change as its line spells it; reads no more."""
    return line[len(START) : line.rindex(_DOES)]


def key_in(line: bytes) -> ProfileKey:
    """Return the key of a line, whatever else it says."""
    data = parse(line)
    if SETTLED_KEY in data:
        return key_from_json(data[SETTLED_KEY]["key"])
    _, id_type, identifier, *_ = data[CHANGE_KEY]
    return key_from_json({id_type: identifier})


class ChangeLine:
    """One change as its line has it: its traits at once, the rest when asked for."""

    __slots__ = ("_line",)

    def __init__(self, line: bytes) -> None:
        self._line = line

    @property
    def traits(self) -> int:
        """A bit for each of `TRAITS` that the change has; parses nothing."""
        return int(_done_by(self._line).partition(b",")[0])

    def rows(self) -> ChangeRows:
        """Read what is shown of the change, as rows."""
        row = parse(self._line)[CHANGE_KEY]
        data = dict(zip(_FIELDS, (*row, *_DEFAULTS[len(row) :]), strict=True))
        origins = [shown_origin(each) for each in data["origins"]]
        cohorts = data["cohorts"]
        if cohorts is None:
            cohorts = _memberships(origin[-1] for origin in origins)
        return {
            "key": {data["id_type"]: data["id"]},
            "action": data["action"],
            "operations": [shown_row(each) for each in data["operations"]],
            "origins": origins,
            "released": data["released"],
            "settled": (data["fingerprint"], cohorts, data["forget"], data["ours"]),
            "locked": data["locked"],
        }

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


def change_from_data(data: Sequence[Any]) -> Change:
    """Read a change from what its line says of it.

    Raises:
        ValueError: it says no change.
    """
    return _converted(data, _ChangeRow).change()


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


def _converted(data: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _change_row(change: Change) -> Row:
    settled = change.settled
    is_of_tables = settled.cohorts == _tables_of(change.origins)
    return _CHANGE_ROW.trim(
        (
            change.action,
            *change.key,
            [*map(operation_row, change.operations)],
            [*map(origin_row, change.origins)],
            settled.fingerprint,
            None if is_of_tables else settled.cohorts,
            change.released,
            settled.forget,
            settled.ours,
            change.once,
            change.locked,
            change.left,
        )
    )


_CHANGE_ROW = RowForm(_ChangeRow)
_FIELDS = _ChangeRow.__struct_fields__
_DEFAULTS = tuple(defaults_of(_ChangeRow).values())
