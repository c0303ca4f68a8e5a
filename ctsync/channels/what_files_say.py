"""What no file can say, whichever door it goes through, and how its cells are spelled.

Cells are quoted, all of them, and a quote within is doubled (RFC 4180). How either door
reads an exponent is not documented, so numbers have none.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from ctsync.canonical_json import canonical
from ctsync.channels.base import KEY_COLUMN
from ctsync.model.fault import Fault
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import Scalar

ONLY_BY_API: Final = frozenset({"CT801", "CT802"})
"""Codes of what only the upload API knows, whatever a file may be made to say."""

MAX_IDENTITY_CHARS = 1023  # "under 1024 characters", public docs on SFTP

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def common_fault(key: ProfileKey, operation: Operation) -> Fault | None:
    """Return why neither door can take an operation; None where that is for each."""
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
    return _key_fault(key) or _cell_fault(operation)


def _key_fault(key: ProfileKey) -> Fault | None:
    if key.type != KEY_COLUMN:
        return Fault(
            "CT803",
            f"a profile with {key.type} cannot stand in a file, which knows "
            f"{KEY_COLUMN} alone",
            f'leave it to the upload API: plan with --exclude "{key.type}=*"',
        )
    if len(key.id) > MAX_IDENTITY_CHARS or _BREAKS.search(key.id):
        return Fault(
            "CT804",
            "the identity has over 1023 characters, or one that no cell can hold",
            "correct it, or leave the profile to the upload API",
        )
    return None


def _cell_fault(operation: Operation) -> Fault | None:
    operand = operation.operand
    values = operand if isinstance(operand, tuple) else (operand,)
    if not values or any(isinstance(v, str) and _BREAKS.search(v) for v in values):
        return Fault(
            "CT804",
            f"{operation.attribute} has a character that no cell can hold",
            "correct it, or leave the attribute to the upload API",
        )
    return None


def quoted_cell(text: str) -> str:
    """Return a cell with its quotes."""
    return f'"{doubled(text)}"'


def doubled(text: str) -> str:
    """Return what stands between the quotes of a cell."""
    return text.replace('"', '""') if '"' in text else text


def spell_text(value: Scalar) -> str:
    """Spell text as it is."""
    return doubled(str(value))


def spell_boolean(value: Scalar) -> str:
    """Spell a boolean as JSON does."""
    return "true" if value else "false"


def spell_number(value: Scalar) -> str:
    """Spell a number with all its digits and no exponent."""
    text = canonical(value).decode()
    return format(Decimal(text), "f") if "e" in text else text
