"""Text in columns of a terminal: what cannot be printed, how wide, and cut to fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from ctsync.printable import escape, is_unprintable

__all__ = ["broken", "columns_of", "cut", "cut_name", "escape", "is_unprintable", "pad"]

ELLIPSIS = "…"


def columns_of(text: str) -> int:
    """Count the terminal's columns that a text takes."""
    return len(text) if text.isascii() else _columns_of(text)


@lru_cache(maxsize=4096)
def _columns_of(text: str) -> int:
    from wcwidth import wcswidth, wcwidth

    taken: int = wcswidth(text)
    # Of a text with a control character it gives no width at all.
    return taken if taken >= 0 else sum(max(wcwidth(char), 0) for char in text)


def _signs(text: str) -> Iterable[str]:
    """Yield what stands by itself: a letter with its marks, a family of emoji."""
    if text.isascii():
        return text
    from wcwidth import iter_graphemes

    signs: Iterable[str] = iter_graphemes(text)
    return signs


def cut(text: str, columns: int) -> str:
    """Return the text, or as much of it as fits before an ellipsis."""
    if columns_of(text) <= columns:
        return text
    room, kept = columns - 1, []
    for sign in _signs(text):
        room -= columns_of(sign)
        if room < 0:
            break
        kept.append(sign)
    return "".join(kept) + ELLIPSIS


def cut_name(text: str, columns: int) -> str:
    """Return a name, or its two ends: names of one family differ at the end."""
    if columns_of(text) <= columns:
        return text
    signs = [*_signs(text)][-(columns // 2) :]
    while columns_of("".join(signs)) > columns // 2:
        del signs[0]
    end = "".join(signs)
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
