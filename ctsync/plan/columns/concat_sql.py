"""Texts one after another in SQL: those that are known are put together before."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from ctsync.sql_text import quoted


class Text(str):
    """Text as it stands; every other word is SQL of text."""

    __slots__ = ()


def concat(said: Iterable[str]) -> str:
    """Return SQL of texts one after another, without those that are NULL."""
    words: list[str] = []
    for is_text, group in groupby(said, key=lambda each: isinstance(each, Text)):
        if is_text:
            words.append(quoted("".join(group)))
        else:
            words += group
    return f"concat({', '.join(words) or 'NULL'})"


def listed(said: Iterable[str]) -> str:
    """Return SQL of texts with commas between them, without those that are NULL.

    All of them are SQL, and none is a `Text`.
    """
    return f"concat_ws(',', {', '.join(said) or 'NULL'})"
