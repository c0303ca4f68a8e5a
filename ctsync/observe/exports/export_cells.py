"""Cells of files with columns, as the JSON text that an object would have for them.

They are read as tables read them: a number is its digits, a day begins at midnight in
the project's time zone.
"""

from __future__ import annotations

from datetime import datetime
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from ctsync.canonical_json import canonical, parse
from ctsync.formats.cell_sorts import sort_of
from ctsync.kinds.date import moment_of
from ctsync.model.scalar_value import date_form
from ctsync.sql_text import quoted

ODD: dict[str, Any] = {}
"""What stands for a cell that is no value: an object, which nobody compares."""

_ODD = quoted(canonical(ODD).decode())
_MOMENTS = frozenset({"date", "moment", "instant"})
_NO_VALUES = ("BLOB", "BIT")
_LIST = r'\["[^"\\\x00-\x1f]*"(, ?"[^"\\\x00-\x1f]*")*\]'


def cell_json(cell: str, type_: str, zone: ZoneInfo, *, is_text: bool) -> str:
    """Return SQL of the JSON text of a cell of a type of DuckDB; NULL where it is.

    A moment of which SQL is not sure is the text of itself, which is no JSON, and so is
    a number that is none. Days of columns that are text are no moments.
    """
    sort, text = sort_of(type_), f"{cell}::VARCHAR"
    if sort in _MOMENTS and not (sort == "date" and is_text):
        said = moment_of(text, sort, zone)
        return f"coalesce(CASE WHEN {said.sound} THEN {said.value} END, {text})"
    if sort in {"text", "date"}:
        return _text_json(text)
    if sort in {"number", "boolean"}:
        return text
    if type_.startswith(_NO_VALUES):
        return f"CASE WHEN {cell} IS NOT NULL THEN {_ODD} END"
    return f"to_json({cell})::VARCHAR"


def cell_value(text: str | None, zone: ZoneInfo) -> Any:
    """Return what such a text says, as JSON has it."""
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError:
        return _moment(text, zone)


def _text_json(cell: str) -> str:
    """Return SQL of text; a list that stands in it as JSON is that list anyway."""
    form = quoted(_LIST)
    is_list = f"starts_with({cell}, '[') AND regexp_full_match({cell}, {form})"
    return f"(CASE WHEN {is_list} THEN json({cell}) ELSE to_json({cell}) END)::VARCHAR"


def _moment(text: str, zone: ZoneInfo) -> Any:
    """Return a moment that SQL left; `ODD` where the text is none."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        return date_form(floor(found.timestamp()))
    except (ValueError, OverflowError):
        return ODD
