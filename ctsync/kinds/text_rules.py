"""What text may be sent as a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctsync.kinds.base import ValueContext
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import DATE_PREFIX
from ctsync.sql_text import quoted

NO_WORDS = frozenset(
    {"NULL", "Null", "null", "None", "\\N", "nan", "NaN", "NAN", "#N/A", "<NA>", "NaT"}
)
"""Words that mean no value in one tool or another, and are text here."""
# All of Unicode's control characters (Cc) and halves of surrogate pairs (Cs).
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_plain(text: str, frame: ValueContext) -> bool:
    """Say at a look that text has none of the faults below, as most has not.

    Where this is False, they tell.
    """
    # No character takes more than four bytes; of spaces only " " is printable.
    return (
        text.isprintable()
        and 0 < len(text) * 4 <= frame.limits.value_bytes
        and text[0] not in " $"
        and text[-1] != " "
        and not text.isdecimal()
    )


# Assigned throughout for so long that no table of Unicode differs in them, and without
# quotes and escapes, which JSON spells otherwise: Latin, Cyrillic, signs of Devanagari,
# kana, ideographs of Chinese, syllables of Korean, and pictures.
_LETTERS = (
    r"!#-Z\]-~\x{a1}-\x{ac}\x{ae}-\x{24f}\x{400}-\x{52f}\x{904}-\x{939}"
    r"\x{3041}-\x{3096}\x{30a1}-\x{30fa}\x{4e00}-\x{9fa5}\x{ac00}-\x{d7a3}"
    r"\x{1f300}-\x{1f5ff}"
)
_SOUND_TEXT = f"[{_LETTERS}][{_LETTERS} ]*"


def sound_text(cell: str, frame: ValueContext) -> str:
    """Return SQL that says of a cell that is not NULL: plain, and nothing odd about it.

    Left to Python is what may be a fault, a warning or only spelled otherwise in JSON:
    words for nothing, text in brackets, digits alone that may be read as a number.
    """
    words = ", ".join(map(quoted, sorted(NO_WORDS)))
    return (
        f"(length({cell}) * 4 <= {frame.limits.value_bytes}"
        f" AND regexp_full_match({cell}, {quoted(_SOUND_TEXT)})"
        f" AND NOT ends_with({cell}, ' ') AND NOT starts_with({cell}, '$')"
        f" AND {cell} NOT IN ({words})"
        f" AND (NOT regexp_full_match({cell}, '[0-9]+')"
        f" OR (length({cell}) <= 15 AND NOT starts_with({cell}, '0'))))"
    )


def text_faults(text: str, frame: ValueContext) -> tuple[Fault, ...]:
    """Return what the platform would refuse or silently damage in a text value.

    Bytes are counted in UTF-8: the founding document limits values to 512 bytes, and
    the platform cuts or drops what is longer without an error.
    """
    return () if is_plain(text, frame) else tuple(_text_faults(text, frame))


def _text_faults(text: str, frame: ValueContext) -> Iterator[Fault]:
    if not text.strip():
        yield Fault(
            "CT202",
            "empty text is not a value for the platform",
            "write a value, write null to remove, or leave the line out",
        )
    if text.startswith(DATE_PREFIX):
        yield Fault(
            "CT208",
            f"text that starts with {DATE_PREFIX} would be read as a date",
            "write a date as 1990-02-20, without quotes",
        )
    if _CONTROL.search(text):
        yield Fault(
            "CT208", "text holds control characters", "remove them from the value"
        )
    size = len(text.encode("utf-8", "surrogatepass"))
    limit = frame.limits.value_bytes
    if size > limit:
        yield Fault(
            "CT206",
            f"value has {size:,} bytes, the platform takes {limit}",
            "shorten it; longer values are cut or dropped without an error",
        )


def unstable_faults(text: str) -> tuple[Fault, ...]:
    """Return what the platform may turn into something else (seen in traffic)."""
    is_digits = text.isascii() and text.isdigit()
    if not is_digits and text == text.strip():
        return ()
    return tuple(_unstable_faults(text))


def _unstable_faults(text: str) -> Iterator[Fault]:
    if text.isascii() and text.isdigit() and (text[0] == "0" or len(text) > 15):
        yield Fault(
            "CT210",
            "the platform may store this text as a number and lose digits: {value}",
            "add a letter or a dash if the digits matter",
            text,
        )
    if text != text.strip():
        yield Fault(
            "CT211",
            "outer spaces may be trimmed by the platform: {value}",
            "remove them",
            repr(text),
        )
