"""Formats of data files: one file a format, found by the ends of the files' names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from ctsync.discovery import Member, discover_members, require_free
from ctsync.formats.base import FileFormat
from ctsync.formats.compression import PACKINGS

__all__ = [
    "FileFormat",
    "endings",
    "format_of",
    "is_readable",
    "readable_instead",
    "readable_words",
]

_TOLD_APART = re.compile(r" \([0-9]+\)$")  # how files of one shown name are numbered


@cache
def formats() -> Mapping[str, FileFormat]:
    """Return the formats by the ends of names, `.csv` among them.

    Raises:
        CtsyncError: two formats have the same, or one cannot be loaded.
    """
    found: dict[str, Member] = {}
    for member in discover_members(__name__, "FORMAT", FileFormat):
        for suffix in member.value.suffixes:
            require_free("FORMAT", suffix, found.get(suffix), member)
            found[suffix] = member
    return {suffix: member.value for suffix, member in found.items()}


@cache
def endings() -> Mapping[str, FileFormat]:
    """Return the formats by the whole ends of names, `.csv.gz` among them."""
    packed = {
        f"{suffix}{packing}": form
        for suffix, form in formats().items()
        if form.is_text
        for packing in PACKINGS
    }
    return {**formats(), **packed}


def ending_of(name: str) -> str | None:
    """Return the end of a file's name that says what it is; None if none does."""
    shown = _TOLD_APART.sub("", name)
    found = (each for each in endings() if shown.endswith(each))
    return max(found, key=len, default=None)


def format_of(name: str) -> FileFormat | None:
    """Return the format that the end of a file's name says; None if rows have none."""
    ending = ending_of(name)
    return None if ending is None else endings()[ending]


def is_readable(name: str) -> bool:
    """Return whether the end of a file's name is one that rows can come from."""
    return ending_of(name) is not None


def readable_instead(name: str) -> str:
    """Say what to name in the place of a file that rows cannot come from."""
    if name.lower().endswith(_OF_SHEETS):
        return "save the sheet as CSV in UTF-8, its ids as text, and name that file"
    return f"name files that end in {readable_words()}"


_OF_SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


def readable_words() -> str:
    """Return which files rows can come from, for people."""
    text = sorted(suffix for suffix, form in formats().items() if form.is_text)
    other = sorted({*formats()} - {*text})
    return f"{_listed(text)}, also {_listed([*PACKINGS])}; {_listed(other)}"


def _listed(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
