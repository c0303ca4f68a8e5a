"""Lines of entries straight from the rows of an export: the quick way for most of them.

A row whose cells are of the plain sorts becomes the line that the careful way would
give; any other row is left to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ctsync.canonical_json import canonical
from ctsync.model.profile_key import ProfileKey

Cell: TypeAlias = "Callable[[Any], Mapping[str, Any] | None]"
Column: TypeAlias = "tuple[str, Cell] | None"
"""A folded name and what makes the stored form of a cell; None: nobody takes it."""

_SAFE = 2**53
_LONG = 65_536


class EntryLines:
    """Makes lines; `column_of` says what a column is, once for each name."""

    def __init__(self, column_of: Callable[[str], Column]) -> None:
        self._column_of = column_of
        self._columns: dict[str, Column] = {}

    def line(self, key: ProfileKey, row: Mapping[str, Any]) -> tuple[bytes, int] | None:
        """Give the line of a row and its number of attributes, or None."""
        found: dict[str, Mapping[str, Any]] = {}
        columns = self._columns
        for name, value in row.items():
            if value is None or value == "":
                continue
            if name not in columns:
                columns[name] = self._column_of(name)
            column = columns[name]
            if column is None:
                continue
            data = column[1](value)
            if data is None or column[0] in found:
                return None
            found[column[0]] = data
        line = canonical({"attributes": found, "key": {key.type: key.id}}) + b"\n"
        return line, len(found)


def cells_of(name: str, kind: str | None) -> Cell:
    """Give what makes the stored form of plain cells of an attribute."""

    def cell(value: Any) -> Mapping[str, Any] | None:
        sort = _sort_of(value)
        if sort is None or (kind is not None and kind != sort and _other(kind, sort)):
            return None
        if sort == "list":
            present = sorted(set(value))
            data = {"complete": True, "kind": "list", "name": name}
            return {**data, "present": present} if present else None
        return {"kind": kind or sort, "name": name, "value": value}

    return cell


def phone_cell(value: Any) -> Mapping[str, Any] | None:
    """Give the stored form of a phone number, which a read shows without its plus."""
    if type(value) is int:
        value = f"+{value}"
    if not (isinstance(value, str) and value.startswith("+") and len(value) < _LONG):
        return None
    return {"kind": "string", "name": "Phone", "value": value}


def _other(kind: str, sort: str) -> bool:
    return not (sort == "number" and kind == "counter")


def _sort_of(value: Any) -> str | None:
    """Give the kind of a plain value; None where it has to be looked at."""
    if isinstance(value, str):
        is_plain = len(value) < _LONG and value[0] not in "$["
        return "string" if is_plain else None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "number" if -_SAFE < value < _SAFE else None
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "list"
    return None
