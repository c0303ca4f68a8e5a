"""How a saved plan writes operations and origins: each value once.

The row of an operation says attribute and operand, and what else is not as it mostly
is. Its form is a short text: the operator, what is known before, and what is
special about it. Left out is whatever follows from the rest: the kind where the operand
shows it, and the value after where operator and operand lead there.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeGuard

from msgspec import UNSET, Struct, UnsetType

from ctsync.errors import PlanRefused
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.kind_shape import LIST
from ctsync.model.operation import API, ChannelName, Operation, Operator, Prior
from ctsync.model.row import Row, RowForm
from ctsync.model.scalar_value import DATE_PREFIX, Value

SIGNS: dict[Operator, str] = {
    "set": "=", "$add": "+", "$remove": "-", "$incr": ">", "$decr": "<", "$delete": "0",
}  # fmt: skip
PRIORS: dict[Prior, str] = {"known": "", "unknown": "?", "uncertain": "!"}
MOSTLY = "=?"
"""The form of most operations of a first load: a value is set where none is known."""

_OPERATORS = {sign: operator for operator, sign in SIGNS.items()}
_FLAGS = "?!2~*"
_KIND_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


class Form(NamedTuple):
    """What a form says; `kind` is empty where the operand shows it."""

    operator: Operator
    prior: Prior
    step: int
    certain: bool
    sensitive: bool
    kind: str

    @property
    def text(self) -> str:
        """The form as it is written: `=?`, `+?~`, `=*`, `>counter`."""
        marks = (
            PRIORS[self.prior],
            "" if self.step == 1 else str(self.step),
            "" if self.certain else "~",
            "*" if self.sensitive else "",
        )
        return f"{SIGNS[self.operator]}{''.join(marks)}{self.kind}"


@lru_cache(maxsize=4096)  # there are few, and they come with every operation
def _form_text(*form: Any) -> str:
    return Form(*form).text


@lru_cache(maxsize=4096)
def form_from(text: str) -> Form:
    """Read a form.

    Raises:
        ValueError: it is none that is written.
        PlanRefused: the package that adds its kind is not installed.
    """
    kind = text[1:].lstrip(_FLAGS)
    flags = text[1 : len(text) - len(kind)]
    form = Form(
        _OPERATORS.get(text[:1], "set"),
        "unknown" if "?" in flags else "uncertain" if "!" in flags else "known",
        2 if "2" in flags else 1,
        "~" not in flags,
        "*" in flags,
        kind,
    )
    # A form is written in one way only, or a plan written anew would have other bytes.
    if form.text != text or (kind and not _KIND_NAME.fullmatch(kind)):
        msg = f"no form of an operation: {text}"
        raise ValueError(msg)
    if kind and kind not in KINDS:
        raise _missing(kind)
    return form


def _missing(kind: str) -> PlanRefused:
    return PlanRefused(
        f'the plan sends values of kind "{kind}", and no installed package adds it',
        hint="install the package that it was made with, then run the command again",
        code="kind_missing",
    )


class StoredOperation(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An operation as its row has it; `after` only where nothing else leads there."""

    attribute: str
    operand: Value
    form: str = MOSTLY
    before: Value = None
    since: str | None = None
    ours: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    channel: ChannelName = API
    after: Value | UnsetType = UNSET

    def operation(self) -> Operation:
        """Return the operation.

        Raises:
            ValueError: it has no form.
        """
        operator, prior, step, certain, sensitive, kind = form_from(self.form)
        operand, before, after = self.operand, self.before, self.after
        if after is UNSET:
            after = reached(operator, before, operand)
        return Operation(
            self.attribute,
            kind or kind_shown(operand),
            operator,
            operand,
            prior,
            before,
            after,
            step,
            certain,
            sensitive,
            self.since,
            self.ours,
            self.excluded,
            self.channel,
        )


class StoredOrigin(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An origin as its row has it: of rows there are more than of anything else."""

    file: str
    row: int | None = None
    table: str | None = None
    line: int | None = None
    cohort: str | None = None

    def origin(self) -> Origin:
        """Return the origin."""
        return Origin(self.file, self.line, self.row, self.cohort, self.table)


_OPERATION_ROW = RowForm(StoredOperation)
_ORIGIN_ROW = RowForm(StoredOrigin)


def operation_row(op: Operation) -> Row:
    """Return the row of an operation."""
    operator, operand = op.operator, op.operand
    after: Value | UnsetType = op.after
    kind = "" if op.kind == kind_shown(operand) else op.kind
    is_plain = operator == "set" and op.after is operand
    if is_plain or _is_same(reached(operator, op.before, operand), op.after):
        after = UNSET
    form = _form_text(operator, op.prior, op.step, op.certain, op.sensitive, kind)
    return _OPERATION_ROW.trim(
        (
            op.attribute,
            operand,
            form,
            op.before,
            op.since,
            op.ours,
            op.excluded,
            op.channel,
            after,
        )
    )


def shown_origin(row: Row) -> Row:
    """Return the row of all fields of an origin from the row of a plan."""
    origin = StoredOrigin(*row)
    return (origin.file, origin.line, origin.row, origin.cohort, origin.table)


def origin_row(origin: Origin) -> Row:
    """Return the row of an origin."""
    return _ORIGIN_ROW.trim(
        (origin.file, origin.row, origin.table, origin.line, origin.cohort)
    )


def shown_row(row: Row) -> Row:
    """Return the row of all fields of an operation from the row of a plan.

    It ends with its last field that is not a default, as rows of `RowForm` do, and has
    lists where JSON has them: for whoever shows many and builds no value.
    """
    attribute, operand, *said = row
    text, *rest = said or (MOSTLY,)
    operator, prior, step, certain, sensitive, kind = form_from(text)
    before = rest[0] if rest else None
    after = rest[-1] if len(rest) == _LAST else reached(operator, before, operand)
    plain = (attribute, kind or kind_shown(operand), operator, operand, prior)
    special = (step, certain, sensitive, *rest[1 : _LAST - 1])
    return (*plain, before, after, *special)


_LAST = len(StoredOperation.__struct_fields__[3:])  # fields from `before` to `after`


def kind_shown(operand: Value) -> str:
    """Return the kind that an operand is of by its looks."""
    # What is left are numbers; the 1 of a `$delete` is one, too.
    kind = _SHOWN.get(operand.__class__, "number")
    if kind == "string" and operand.startswith(DATE_PREFIX):  # type: ignore[union-attr]
        return "date"
    return kind


# A plan says the same on every machine, so no installed kind adds to what is shown.
_SHOWN: dict[type, str] = {str: "string", bool: "boolean", tuple: LIST, list: LIST}


@cache
def is_shown(name: str) -> bool:
    """Return whether operands show that they are of a kind, as its own examples do.

    Of other kinds the name stands in the form.
    """
    kind, rule, frame = KINDS[name], Attribute("any", name), ValueContext()
    targets = [kind.normalize(raw, rule, frame) for raw in kind.examples]
    operands = [t.value if t.exact is None else t.exact for t in targets]
    return {kind_shown(each) for each in operands if each is not None} == {name}


def reached(operator: Operator, before: Value, operand: Value) -> Value:
    """Return where an operator leads with an operand, from a value before."""
    if operator == "set":
        return operand
    if operator == "$delete":
        return None
    if _is_whole(before) and _is_whole(operand):
        return before + operand if operator == "$incr" else before - operand
    return _reached_list(operator, before, operand)


def _reached_list(operator: Operator, before: Value, operand: Value) -> Value:
    if not isinstance(operand, tuple | list):
        return None
    held = frozenset(before if isinstance(before, tuple | list) else ())
    gains = operator == "$add"
    return tuple(sorted(held.union(operand) if gains else held.difference(operand)))


def _is_whole(value: Value) -> TypeGuard[int]:
    # A boolean is an `int` for isinstance.
    return value.__class__ is int


def _is_same(value: Value, other: Value) -> bool:
    # 1 is neither True nor 1.0, and a zero may have a sign.
    return value == other and repr(value) == repr(other)
