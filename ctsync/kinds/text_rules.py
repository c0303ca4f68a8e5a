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
        and text[0] not in " $"  # a date begins with $D_
        and text[-1] != " "
        and not text.isdecimal()  # may be kept as a number
    )


# Assigned throughout for so long that no table of Unicode differs in them, and without
# quotes and escapes, which JSON spells otherwise: Latin, Cyrillic, signs of Devanagari,
# kana, ideographs of Chinese, syllables of Korean, and pictures.
_SIGNS = (
    "!#%-/:-Z\\]-~\u00a1-\u00ac\u00ae-\u024f\u0400-\u052f\u0904-\u0939\u3041-\u3096"
    "\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3\U0001f300-\U0001f5ff"
)
_REST = f"[$0-9{_SIGNS} ]*[$0-9{_SIGNS}]"
# Digits alone keep the digits of a number, and what begins with "$" may be a date.
SOUND_TEXT = (
    f"([{_SIGNS}]|[0-9]+[{_SIGNS}$])({_REST})?|[0-9]+ {_REST}|[1-9][0-9]{{0,14}}"
)
"""A pattern of text that is plain, and nothing odd about it, for RE2 and Python."""


def sound_text(cell: str, frame: ValueContext, pattern: str = SOUND_TEXT) -> str:
    """Return SQL that says of a cell that is not NULL: plain, and nothing odd about it.

    Left to Python is what may be a fault, a warning or only spelled otherwise in JSON:
    words for nothing, text in brackets, digits alone that may be read as a number. One
    pattern tells them from the rest, for each takes as long as all else.
    """
    words = ", ".join(map(quoted, sorted(NO_WORDS)))
    return (
        f"(strlen({cell}) <= {frame.limits.value_bytes} AND {cell} NOT IN ({words})"
        f" AND regexp_full_match({cell}, {quoted(pattern)}))"
    )


def is_sound(text: str, frame: ValueContext) -> bool:
    """Say the same of a text."""
    size = len(text.encode("utf-8", "surrogatepass"))
    is_short = size <= frame.limits.value_bytes and text not in NO_WORDS
    return is_short and re.fullmatch(SOUND_TEXT, text) is not None


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
