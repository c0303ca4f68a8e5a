"""Text in columns of a terminal: what cannot be printed, how wide, and cut to fit."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

ELLIPSIS = "…"

# Control and format characters, line and paragraph separators and halves of surrogate
# pairs: they could move the cursor, colour, hide or turn around what a reader sees.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """Give the text with everything that a terminal would act on spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escape_one, text))


def is_unprintable(char: str) -> bool:
    """Say whether a terminal would act on the character instead of showing it."""
    return unicodedata.category(char) in _UNPRINTABLE


@lru_cache(maxsize=4096)
def _escape_one(char: str) -> str:
    if not is_unprintable(char):
        return char
    if char in _SHORT:
        return _SHORT[char]
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def columns_of(text: str) -> int:
    """Count the terminal's columns that a text takes."""
    return len(text) if text.isascii() else sum(map(_columns_of_one, text))


@lru_cache(maxsize=4096)
def _columns_of_one(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """Give the text, or as much of it as fits before an ellipsis."""
    if columns_of(text) <= columns:
        return text
    room, kept = columns - 1, []
    for char in text:
        room -= _columns_of_one(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + ELLIPSIS


def cut_name(text: str, columns: int) -> str:
    """Give a name, or its two ends: names of one family differ at the end."""
    if columns_of(text) <= columns:
        return text
    end = text[-(columns // 2) :]
    while columns_of(end) > columns // 2:
        end = end[1:]
    return cut(text, columns - columns_of(end)) + end


def pad(text: str, columns: int) -> str:
    """Give the text with spaces up to a column."""
    return text + " " * (columns - columns_of(text))
