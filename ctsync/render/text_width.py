"""Text in columns of a terminal: what cannot be printed, how wide, and cut to fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from ctsync.printable import escape, is_unprintable

__all__ = ["broken", "columns_of", "cut", "cut_name", "escape", "is_unprintable", "pad"]

ELLIPSIS = "…"


def columns_of(text: str) -> int:
    """Count the terminal's columns that a text takes."""
    return len(text) if text.isascii() else sum(map(_columns_of_one, text))


@lru_cache(maxsize=4096)
def _columns_of_one(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """Return the text, or as much of it as fits before an ellipsis."""
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
    """Return a name, or its two ends: names of one family differ at the end."""
    if columns_of(text) <= columns:
        return text
    end = text[-(columns // 2) :]
    while columns_of(end) > columns // 2:
        end = end[1:]
    return cut(text, columns - columns_of(end)) + end


def broken(text: str, columns: int, indent: str = "") -> Iterator[str]:
    """Yield the text in lines that fit, broken at words; a longer word stands whole."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line.strip() and columns_of(longer) > columns:
            yield line
            longer = indent + word
        line = longer
    yield line


def pad(text: str, columns: int) -> str:
    """Return the text with spaces up to a column."""
    return text + " " * (columns - columns_of(text))
