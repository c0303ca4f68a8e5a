"""What a column makes of its cells, as SQL: what `column_values` says cell by cell.

Said is only what is sure; of all other cells `sound` is false, and Python reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctsync.formats.base import TypedCell
from ctsync.model.attribute import Attribute
from ctsync.model.kind_shape import LIST
from ctsync.model.row_source import CellColumn
from ctsync.project.table_columns import Column
from ctsync.sources.column_values import NUMBERS
from ctsync.sql_text import quoted

_TEXTS = frozenset({"text", "untyped"})
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
_PIECE = re.compile("%(.)|([^%])", re.DOTALL)
_DAY = ("Y", "-", "m", "-", "d")
_TIME = (" ", "H", ":", "M", ":", "S")


def cell_column(column: Column, rule: Attribute, cell: TypedCell) -> CellColumn:
    """Return what stands in one place of the cells of every row."""
    made = _made(column, rule, cell)
    return CellColumn(
        column.attribute,
        made.sort,
        column.map,
        keeps_blank=column.blank == "keep",
        text=made.text,
        sound=made.sound,
    )


def _made(column: Column, rule: Attribute, cell: TypedCell) -> TypedCell:
    """Return the cell with what the options of its column make of it."""
    unsaid = TypedCell(cell.text, "", cell.sound)
    options = [column.map, column.split, column.format]
    if column.how != "exactly" or sum(each is not None for each in options) > 1:
        return unsaid
    if cell.sort not in _TEXTS:
        is_list = cell.sort == LIST and options != [None, column.split, None]
        return unsaid if is_list else cell
    if column.split is not None:
        return _parted(cell, column.split)
    if column.format is not None:
        return _dated(cell, column.format) or unsaid
    is_number = column.map is None and rule.kind in NUMBERS
    if column.decimal == "," and is_number and cell.sort == "untyped":
        text, dot = f"replace({cell.text}, ',', '.')", f"contains({cell.text}, '.')"
        return _also(cell, text, cell.sort, f"NOT {dot}")
    return cell


def _also(cell: TypedCell, text: str, sort: str, sound: str) -> TypedCell:
    """Return a cell with another text, of which something more has to hold."""
    return TypedCell(text, sort, f"({cell.sound} AND {sound})")


def _parted(cell: TypedCell, separator: str) -> TypedCell:
    """Return a list of parts; who takes lists in SQL takes no part that is empty."""
    parts = f"replace({cell.text}, {quoted(separator)}, '\",\"')"
    text = f"CASE WHEN {cell.text} <> '' THEN concat('[\"', {parts}, '\"]') END"
    return _also(cell, text, LIST, f"NOT contains({cell.text}, '\"')")


def _dated(cell: TypedCell, form: str) -> TypedCell | None:
    """Return a date or a moment; None where directives have no width of their own."""
    pieces = [(match[1] or "", match[2] or "") for match in _PIECE.finditer(form)]
    names = [name for name, _ in pieces if name]
    has_width = len({*names}) == len(names) and _WIDTHS.keys() >= {*names}
    if not has_width or not {"Y", "m", "d"}.issubset(names):
        return None
    has_time = not {"H", "M", "S"}.isdisjoint(names)
    wanted = (*_DAY, *(_TIME if has_time else ()))
    places = _places(pieces)
    if [*wanted] == [name or char for name, char in pieces]:
        text = cell.text
    else:
        made = ", ".join(_spelled(cell.text, each, places) for each in wanted)
        text = f"CASE WHEN {cell.text} <> '' THEN concat({made}) END"
    has_form = f"regexp_full_match({cell.text}, {quoted(''.join(_pattern(pieces)))})"
    sound = f"({cell.text} = '' OR {has_form})"
    return _also(cell, text, "moment" if has_time else "date", sound)


def _pattern(pieces: list[tuple[str, str]]) -> Iterator[str]:
    for name, char in pieces:
        yield f"[0-9]{{{_WIDTHS[name]}}}" if name else re.escape(char)


def _places(pieces: list[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return the first and the last place of what each directive reads."""
    places, end = {}, 0
    for name, _ in pieces:
        start, end = end + 1, end + _WIDTHS.get(name, 1)
        places[name] = (start, end)
    return places


def _spelled(text: str, piece: str, places: dict[str, tuple[int, int]]) -> str:
    if piece not in _WIDTHS:
        return quoted(piece)
    if piece not in places:
        return "'00'"
    first, last = places[piece]
    return f"{text}[{first}:{last}]"
