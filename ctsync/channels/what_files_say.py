"""What no file can say, whichever door it goes through, and how its cells are spelled.

Cells are quoted, all of them, and a quote within is doubled (RFC 4180). How either door
reads an exponent is not documented, so numbers have none.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ctsync.channels.row_keys import fits_in_a_cell
from ctsync.model.fault import Fault
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Value

ONLY_BY_API: Final = frozenset({"CT801", "CT802"})
"""Codes of what only the upload API knows, whatever a file may be made to say."""

PLAIN_KINDS: Final = frozenset({"string", "number", "boolean", "date"})
"""Kinds whose operands are one value, at which no channel has to look twice."""


def common_fault(operation: Operation) -> Fault | None:
    """Return why neither door can take an operation; None where that is for each."""
    operand = operation.operand
    if operation.kind in PLAIN_KINDS and _is_one_value(operand):
        return None  # as most are
    if operation.kind == "counter" and operation.operator != "$delete":
        return Fault(
            "CT801",
            f"{operation.attribute} is a counter, and no file can move one",
            "the upload API moves it",
        )
    if operation.kind == "subscription":
        return Fault(
            "CT802",
            f"{operation.attribute} is a command that no file is documented to take",
            "the upload API takes it",
        )
    values = operand if isinstance(operand, tuple) else (operand,)
    if values and all(map(_is_one_value, values)):
        return None
    return Fault(
        "CT804",
        f"{operation.attribute} has a character that no cell can hold",
        "correct it, or leave the attribute to the upload API",
    )


def _is_one_value(value: Value) -> bool:
    if isinstance(value, str):
        return fits_in_a_cell(value)
    return value is not None and not isinstance(value, tuple)


def quoted_cell(text: str) -> str:
    """Return a cell with its quotes."""
    return f'"{doubled(text)}"'


def doubled(text: str) -> str:
    """Return what stands between the quotes of a cell."""
    return text.replace('"', '""') if '"' in text else text


def spell_text(value: Value) -> str:
    """Spell text as it is."""
    return doubled(str(value))


def spell_boolean(value: Value) -> str:
    """Spell a boolean as JSON does."""
    return "true" if value else "false"


def spell_number(value: Value) -> str:
    """Spell a number with all its digits and no exponent."""
    text = repr(value)  # of floats the shortest that reads back as the same
    return format(Decimal(text), "f") if "e" in text else text
