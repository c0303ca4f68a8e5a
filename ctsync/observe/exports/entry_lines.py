"""Lines of entries straight from the rows of an export: the quick way for most of them.

Cells of the plain sorts become at a look what the careful way would make of them, other
cells go that way, and so do whole rows with columns that say more than one attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeAlias

from ctsync.canonical_json import canonical
from ctsync.model.entry import stored_form
from ctsync.model.kind_shape import LIST
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.compare import known_from
from ctsync.observe.exports.export_columns import LONG, ExportColumn
from ctsync.observe.exports.export_profile import list_in
from ctsync.observe.exports.export_query import ColumnOf
from ctsync.observe.profile_reply import seen_of

Cell: TypeAlias = "Callable[[Any], Mapping[str, Any] | None]"
_Column: TypeAlias = "tuple[str, Cell] | None"

NOTHING: Mapping[str, Any] = {}
"""What a cell gives that says nothing, or nothing that can be compared."""

_SAFE = 2**53


class EntryLines:
    """Makes lines; `column_of` says what a column is, once for each name."""

    def __init__(self, column_of: ColumnOf) -> None:
        self._column_of = column_of
        self._columns: dict[str, _Column] = {}

    def line(self, key: ProfileKey, row: Mapping[str, Any]) -> tuple[bytes, int] | None:
        """Give the line of a row and its number of attributes, or None."""
        found: dict[str, Mapping[str, Any]] = {}
        met: set[str] = set()
        columns = self._columns
        for name, value in row.items():
            if value is None or value == "":
                continue
            if name not in columns:
                columns[name] = _cells_in(self._column_of((name,)))
            column = columns[name]
            if column is None:
                continue
            data = column[1](value)
            if data is None or column[0] in met:
                return None
            met.add(column[0])
            if data is not NOTHING:
                found[column[0]] = data
        line = canonical({"attributes": found, "key": {key.type: key.id}}) + b"\n"
        return line, len(found)


def _cells_in(column: ExportColumn | None) -> _Column:
    if column is None:
        return None
    if column.sort != "attribute":
        return column.folded, _left
    is_phone = column.attribute == "Phone"
    return column.folded, (
        phone_cell if is_phone else cells_of(column.attribute, column.kind)
    )


def _left(_: object) -> None:
    """Leave a cell to the careful way."""


def cells_of(name: str, kind: str | None) -> Cell:
    """Give what makes the stored form of a cell of an attribute.

    Plain cells are told at a look, any other one is read as a profile is.
    """

    def cell(value: Any) -> Mapping[str, Any] | None:
        sort = _sort_of(value)
        if sort is None or (kind is not None and kind != sort and _other(kind, sort)):
            return _read(name, kind, value)
        if sort == LIST:
            present = sorted(set(value))
            data = {"complete": True, "kind": LIST, "name": name}
            return {**data, "present": present} if present else NOTHING
        return {"kind": kind or sort, "name": name, "value": value}

    return cell


def _read(name: str, kind: str | None, value: Any) -> Mapping[str, Any]:
    seen = seen_of(name, list_in(value))
    if seen.is_odd or seen.value is None:
        return NOTHING
    return stored_form(known_from(name, kind, seen.value))


def phone_cell(value: Any) -> Mapping[str, Any] | None:
    """Give the stored form of a phone number, which a read shows without its plus."""
    if type(value) is int and 0 < value < _SAFE:
        value = f"+{value}"
    if not (isinstance(value, str) and value.startswith("+") and len(value) < LONG):
        return _read("Phone", "string", value)
    return {"kind": "string", "name": "Phone", "value": value}


def _other(kind: str, sort: str) -> bool:
    return not (sort == "number" and kind == "counter")


def _sort_of(value: Any) -> str | None:
    """Give the kind of a plain value; None where it has to be looked at."""
    if isinstance(value, str):
        is_plain = len(value) < LONG and value[0] not in "$["
        return "string" if is_plain else None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "number" if -_SAFE < value < _SAFE else None
    if isinstance(value, float):
        # A whole number is kept as an integer, so it has to be looked at.
        return "number" if isfinite(value) and not value.is_integer() else None
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return LIST
    return None
