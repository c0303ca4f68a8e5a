"""What one line of JSON says, with numbers as they are written there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ctsync.model.scalar_value import Misread, Raw
from ctsync.sources.file_format import Cells, Read, number, text, word


def read_line(columns: Sequence[str], cells: Cells) -> Sequence[Read]:
    """Return the cells of the wanted columns of a row."""
    line = cells[1] if len(cells) > 1 else None
    try:
        row = parsed(line or "")
    except ValueError:
        fault = Misread("CT617", "the row is no JSON object", "correct the row")
        return [fault] * len(columns)
    return [_value(row, name) for name in columns]


def _value(row: Pairs, name: str) -> Read:
    found = [value for key, value in row if key == name]
    if len(found) > 1:
        return Misread("CT617", f'the row names "{name}" twice', "keep one of them")
    return _cell(found[0], name) if found else None


def _cell(value: Any, name: str) -> Read:
    if value is None or value == "":
        return None
    if isinstance(value, list) and not isinstance(value, Pairs):
        items = [_item(item) for item in value]
        if all(item is not None for item in items):
            return [item for item in items if item is not None]
    scalar = _item(value)
    if scalar is None:
        message = f'column "{name}" holds a map or a list of lists'
        return Misread("CT625", message, "give a scalar or a list of text")
    return scalar


def _item(value: Any) -> Raw | None:
    """Return a scalar as a raw value, None for anything else."""
    if isinstance(value, _Number):
        return number(value)
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool):
        return word({None: "null", True: "true", False: "false"}[value])
    return None


class Pairs(list[tuple[str, Any]]):
    """An object, with every key as often as it stands there."""


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _constant(name: str) -> Any:
    raise ValueError(name)


def _whole(written: str) -> _Number:
    return _Number("0" if written == "-0" else written)


_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs,
    parse_float=_Number,
    parse_int=_whole,
    parse_constant=_constant,
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
