"""All that a plan does to one profile."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from ctsync.diagnostics import row_place
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey

Action = Literal["create", "update", "release"]
ACTIONS: tuple[Action, ...] = ("create", "update", "release")


class Origin(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
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


class EntryAfter(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
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


class Change(Struct, frozen=True):
    """One profile's part of a plan.

    `released` are attributes, as last spelled, that the state will forget without
    anything being sent. `opt_in` says that an operation opts the profile in to a
    channel or group. `once` are folded names of attributes that are written one time
    only. `locked` are attributes that the catalog locks and an operation would change:
    they block. `left` are cohorts of which it is no member any more; they only say for
    which cohort a change is meant.
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
    left: tuple[str, ...] = ()

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


def _loses(operation: Operation) -> bool:
    if operation.operator == "$delete":
        return True
    if operation.operator != "$remove" or not isinstance(operation.operand, tuple):
        return False
    before = operation.before if isinstance(operation.before, tuple) else ()
    is_held = not frozenset(before).isdisjoint(operation.operand)
    return is_held or operation.prior == "uncertain"
