"""All that a plan does to one profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from ctsync.diagnostics import row_place
from ctsync.model.operation import Operation, operation_from_json
from ctsync.model.profile_key import ProfileKey, key_from_json

Action = Literal["create", "update", "release"]
ACTIONS: tuple[Action, ...] = ("create", "update", "release")


class Origin(Struct, frozen=True, array_like=True):
    """Where a contribution stands. Paths are relative to the project."""

    file: str
    line: int | None = None
    row: int | None = None
    cohort: str | None = None
    table: str | None = None

    @property
    def place(self) -> str:
        """`people/jack.yaml:3`, or `export/a.csv row 2 (line 5)`."""
        if self.row is not None:
            return f"{self.file} {row_place(self.row, self.line)}"
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def as_json(self) -> dict[str, Any]:
        """Return the form of every document."""
        return {"file": self.file, "line": self.line, "row": self.row}


class EntryAfter(Struct, frozen=True, array_like=True):
    """What the entry holds once every operation of a change is acknowledged.

    `fingerprint` is None where desired would still differ from the entry. `forget`
    are folded names of attributes that leave the entry. `ours` says by folded name
    which values of a list are ours then, where its operations do not; None of one that
    is declared exactly: the list is ours, and no value by itself.
    """

    fingerprint: str | None = None
    cohorts: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    ours: tuple[tuple[str, tuple[str, ...] | None], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the stored form."""
        data = {name: getattr(self, name) for name in _SETTLED}
        if not self.ours:
            del data["ours"]
        return data


def settled_from_json(data: Mapping[str, Any]) -> EntryAfter:
    """Read what `Settled.as_json` wrote."""
    return EntryAfter(
        data["fingerprint"],
        tuple(data["cohorts"]),
        tuple(data["forget"]),
        ours_from_json(data.get("ours", ())),
    )


def ours_from_json(
    data: Iterable[tuple[str, Sequence[str] | None]],
) -> tuple[tuple[str, tuple[str, ...] | None], ...]:
    """Read `ours` of an entry."""
    return tuple((name, v if v is None else tuple(v)) for name, v in data)


class Change(Struct, frozen=True):
    """One profile's part of a plan.

    `released` are attributes, as last spelled, that the state will forget without
    anything being sent. `opt_in` says that an operation opts the profile in to a
    channel or group. `once` are folded names of attributes that are written one time
    only. `locked` are attributes that the catalog locks and an operation would change:
    they block.
    """

    key: ProfileKey
    action: Action
    operations: tuple[Operation, ...] = ()
    origins: tuple[Origin, ...] = ()
    released: tuple[str, ...] = ()
    settled: EntryAfter = EntryAfter()
    opt_in: bool = False
    once: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    @property
    def removes(self) -> bool:
        """Whether the profile loses a value that it has, or may have.

        Taking a value from a list that nobody knows to hold it counts as no loss,
        unless an outcome is unknown by which it may; nor does deleting what nobody
        knows of a profile that is new to the state.
        """
        is_new = self.action == "create"
        return any(
            _loses(op) and not (is_new and op.prior == "unknown")
            for op in self.operations
        )

    def as_json(self) -> dict[str, Any]:
        """Return the whole form, as a saved plan keeps it."""
        return {
            "key": self.key.as_json(),
            "action": self.action,
            "operations": [op.as_json() for op in self.operations],
            "origins": [
                {**o.as_json(), "cohort": o.cohort, "table": o.table}
                for o in self.origins
            ],
            "released": self.released,
            "settled": self.settled.as_json(),
            "opt_in": self.opt_in,
            "once": self.once,
            "locked": self.locked,
        }


def _loses(operation: Operation) -> bool:
    if operation.operator == "$delete":
        return True
    if operation.operator != "$remove" or not isinstance(operation.operand, tuple):
        return False
    before = operation.before if isinstance(operation.before, tuple) else ()
    is_held = not frozenset(before).isdisjoint(operation.operand)
    return is_held or operation.prior == "uncertain"


def change_from_json(data: Mapping[str, Any]) -> Change:
    """Read what `Change.as_json` wrote."""
    return Change(
        key=key_from_json(data["key"]),
        action=data["action"],
        operations=tuple(operation_from_json(op) for op in data["operations"]),
        origins=tuple(Origin(**origin) for origin in data["origins"]),
        released=tuple(data["released"]),
        settled=settled_from_json(data["settled"]),
        opt_in=data["opt_in"],
        once=tuple(data["once"]),
        locked=tuple(data["locked"]),
    )


_SETTLED = EntryAfter.__struct_fields__
