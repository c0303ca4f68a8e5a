"""Values: how they are written in a source, and their normal forms.

Normal forms are what JSON can say: text, number, boolean, and a date as the
platform writes it, `$D_<epoch seconds>`. A list of values is a sorted tuple.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

from msgspec import Struct

Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = Scalar | tuple[str, ...] | None

LiteralType = OneOf["text", "number", "boolean", "date", "null", "empty", "trap"]

DATE_PREFIX = "$D_"


class Literal(Struct, frozen=True):
    """A scalar as a source wrote it.

    `type` is what the language takes it for; `trap` is a word that YAML readers
    disagree about (`yes`, `True`, `NULL`), `empty` is nothing at all or `~`.
    `text` is always the text as written.
    """

    text: str
    type: LiteralType
    value: Scalar | None = None
    quoted: bool = False


Raw: TypeAlias = "Literal | list[Raw] | dict[str, Raw]"


def date_form(epoch_seconds: int) -> str:
    """Return the normal form of a date."""
    return f"{DATE_PREFIX}{epoch_seconds}"


def epoch_of(date: str) -> int:
    """Return the epoch seconds of a date in normal form."""
    return int(date.removeprefix(DATE_PREFIX))
