"""What one line of JSON says, with numbers as they are written there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ctsync.formats.base import Cells, Read, WantedColumns
from ctsync.formats.typed_cells import Reader, number, text, word
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal, Raw
from ctsync.sql_text import whole_id_sql

ROW_FAULT = "ctsync: what is wrong with the row"


def read_line(
    wanted: WantedColumns, computed: Mapping[int, Reader], cells: Cells
) -> Sequence[Read]:
    """Return the cells of a row that are wanted; those `computed` follow its line."""
    line = cells[1] if len(cells) > 1 else None
    try:
        row = parsed(line or "")
    except ValueError:
        fault = Fault("CT617", "the row is no JSON object", "correct the row")
        return [fault] * len(wanted.columns)
    others = iter(cells[2:])
    return [
        _computed(computed[place], next(others))
        if place in computed
        else _value(row, str(name), wanted.nulls)
        for place, name in enumerate(wanted.columns)
    ]


def _computed(read: Reader, cell: str | None) -> Read:
    return read(cell) if cell else None


def row_fault(key: object, cells: Cells) -> Fault | None:
    """What is wrong with a row that names no one, if not that its id is blank."""
    try:
        row = parsed((cells[1] if len(cells) > 1 else None) or "")
    except ValueError:
        return None
    if [name for name, _ in row] == [ROW_FAULT]:
        return Fault("CT617", f"the row {row[0][1]}", "correct the row")
    found = [value for name, value in row if name == key]
    if len(found) > 1:
        return Fault("CT617", f'the row names "{key}" twice', "keep one of them")
    if found and isinstance(found[0], str) and not isinstance(found[0], _Word):
        return None
    return _odd_id(str(key), found[0]) if found else None


def _odd_id(column: str, value: Any) -> Fault | None:
    if value is None or (isinstance(value, _Number) and value.lstrip("-").isdigit()):
        return None
    noun = _noun(value)
    message = f'the id in column "{column}" is {noun}, not text or a whole number'
    hint = "export it as text"
    if isinstance(value, _Number):
        exact = json.dumps(whole_id_sql(column))
        hint = f"export it as text, or write compute: {{key: {exact}}}"
    return Fault("CT625", message, hint)


def _noun(value: Any) -> str:
    if isinstance(value, Pairs):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "a boolean"
    return "a number with a fraction" if isinstance(value, _Number) else "no number"


def _value(row: Pairs, name: str, nulls: Sequence[str]) -> Read:
    found = [value for key, value in row if key == name]
    if len(found) > 1:
        return Fault("CT617", f'the row names "{name}" twice', "keep one of them")
    return _cell(found[0], name, nulls) if found else None


def _cell(value: Any, name: str, nulls: Sequence[str]) -> Read:
    if value is None or value == "":
        return None
    if isinstance(value, _Constant) and value not in nulls:
        message = f'column "{name}" holds {{value}}, which is no number'
        hint = f'write nulls: ["{value}"] if it means a blank cell'
        return Fault("CT625", message, hint, value)
    if isinstance(value, list) and not isinstance(value, Pairs):
        items = [_item(item) for item in value]
        if all(item is not None for item in items):
            return [item for item in items if item is not None]
    scalar = _item(value)
    if scalar is None:
        held = "a map" if isinstance(value, Pairs) else "a list of lists or maps"
        message = f'column "{name}" holds {held}'
        hint = "give a scalar or a list of text, or compute one: json_extract_string()"
        return Fault("CT625", message, hint)
    return None if isinstance(scalar, Literal) and scalar.text in nulls else scalar


def _item(value: Any) -> Raw | None:
    """Return a scalar as a raw value, None for anything else."""
    if isinstance(value, _Number):
        return number(value)
    if isinstance(value, _Constant):
        return text(value)
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool):
        return word({None: "null", True: "true", False: "false"}[value])
    return None


def sort_of_value(value: Any) -> str:
    """Return the sort of cells that a value is; '' where it is none, or blank."""
    if isinstance(value, Pairs) or value is None or value == "":
        return ""
    if isinstance(value, list):
        return "list"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, _Number) else "text"


class Pairs(list[tuple[str, Any]]):
    """An object, with every key as often as it stands there."""


class _Word(str):
    """What stands without quotes, as it is written."""

    __slots__ = ()


class _Number(_Word):
    """A number."""

    __slots__ = ()


class _Constant(_Word):
    """NaN or an infinity, which some write though no JSON has them."""

    __slots__ = ()


def _whole(written: str) -> _Number:
    return _Number("0" if written == "-0" else written)


_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs,
    parse_float=_Number,
    parse_int=_whole,
    parse_constant=_Constant,
)


def parsed(line: str) -> Pairs:
    """Read a row.

    Raises:
        ValueError: it is no JSON object.
    """
    try:
        row = _DECODER.decode(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(row, Pairs):
        raise ValueError("not an object")  # noqa: TRY004 - it is the text that is wrong
    return row
