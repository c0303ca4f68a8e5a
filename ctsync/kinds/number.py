"""Numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ctsync.kinds.base import CellColumns, ValueContext
from ctsync.kinds.scalar import ScalarKind
from ctsync.kinds.type_faults import is_null, wrong_type
from ctsync.kinds.words import number
from ctsync.limits import MAX_COUNTER
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.scalar_value import Literal, Raw, Value


class NumberKind(ScalarKind):
    """A number that JSON can say."""

    name = "number"
    examples: ClassVar[tuple[Raw, ...]] = (number(120), number(1.5), number(-1))

    def describe(self) -> str:
        """Return what a value is, for messages."""
        return "a number"

    def schema(self, rule: Attribute) -> Mapping[str, Any]:
        """A number; for Age quoted digits too."""
        if rule.attribute == "Age":
            return {"type": ["number", "string"], "pattern": "^[0-9]+$"}
        return {"type": "number"}

    def normalize(self, raw: Raw, rule: Attribute, frame: ValueContext) -> DesiredValue:
        """Take a number; whole ones become integers, so that 5.0 equals 5."""
        if is_null(raw):
            return self.removal(rule, frame)
        return self.wanted(_whole(_number(raw, rule)), rule)

    def is_unchanged(
        self,
        raw: Raw,
        held: Value,
        rule: Attribute,  # noqa: ARG002
        frame: ValueContext,  # noqa: ARG002
    ) -> bool:
        """Return whether it is the same number, and of the same type."""
        return (
            isinstance(raw, Literal)
            and raw.type == "number"
            and type(raw.value) is type(held)
            and raw.value == held
        )

    def columns(
        self,
        cell: str,
        sort: str,
        rule: Attribute,
        frame: ValueContext,  # noqa: ARG002
    ) -> CellColumns | None:
        """Take digits that a number keeps for certain, without an exponent."""
        if sort not in {"number", "untyped"} or rule.attribute == "Age":
            return None
        return plain_number(cell)

    def plain_before(self, value: str) -> str:
        """Take a number in the only form in which it is written without an exponent."""
        shortest = f"(NOT contains({value}, '.') OR NOT ends_with({value}, '0'))"
        return f"CASE WHEN {_is_plain(value)} AND {shortest} THEN {value} END"


def plain_number(cell: str) -> CellColumns:
    """Return what digits say that a number keeps for certain, without an exponent."""
    value = (
        f"CASE WHEN ends_with({cell}, '0') AND contains({cell}, '.') "
        f"THEN rtrim(rtrim({cell}, '0'), '.') ELSE {cell} END"
    )
    return CellColumns(_is_plain(cell), value)


def _is_plain(text: str) -> str:
    """Return SQL: fifteen digits at most, none of them lost, and no zero with a sign.

    Fractions of less than a thousandth are written with an exponent sooner or later.
    """
    return (
        f"(regexp_full_match({text}, '{_SOUND}') AND CASE WHEN strlen({text}) <= 15"
        f" THEN true ELSE strlen(replace(ltrim({text}, '-'), '.', '')) <= 15 END)"
    )


def _number(raw: Raw, rule: Attribute) -> float:
    if isinstance(raw, Literal):
        value = raw.value
        if raw.type == "number" and isinstance(value, int | float):
            return value
        if rule.attribute == "Age":
            return _age(raw, rule)
    raise Faults(wrong_type(raw, rule, "a number", _spelling(raw)))


def _age(raw: Literal, rule: Attribute) -> int:
    # The platform takes a number or a numeric string and refuses others (code 520).
    if raw.type == "text" and _DIGITS.fullmatch(raw.text):
        return int(raw.text)
    fault = wrong_type(raw, rule, "a number", "write digits, as in 42")
    code = "CT520" if fault.code == "CT203" else fault.code
    raise Faults(Fault(code, fault.message, fault.hint, fault.value))


def _spelling(raw: Raw) -> str:
    if isinstance(raw, Literal) and raw.quoted and _is_number(raw.text):
        return "write {value} without quotes"
    return "write a number as in 42 or 1.5, at most 15 digits"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _whole(value: float) -> float:
    if abs(value) <= MAX_COUNTER:
        return int(value) if value == int(value) else value
    if isinstance(value, int) or not math.isfinite(value):
        raise Faults(
            Fault("CT203", "the number is too large", "write a smaller number")
        )
    return value


_SOUND = (
    r"0|-?[1-9][0-9]*(\.[0-9]+)?|0\.0+"
    r"|-?0\.([1-9]|0[1-9]|00[1-9])[0-9]*"
)
_DIGITS = re.compile(r"[0-9]{1,15}")
KIND = NumberKind()
