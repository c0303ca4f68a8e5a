"""How much text a condition may make of one row.

DuckDB holds two thousand rows of it at once, outside of the memory that it counts, so
`repeat('x', 2000000000)` would take the machine down.
"""

from __future__ import annotations

import re
from typing import Any

MOST_BYTES = 1 << 16
_CELL_BYTES = 512  # what a value on the platform may have
_GROWTH = 3  # the most that a spelling takes for a byte
_PADDING = frozenset({"lpad", "rpad"})
_REPLACING = frozenset({"replace", "regexp_replace"})
_FORMATTING = frozenset({"format", "strftime"})
_SPELLING = frozenset({"hex", "to_base64", "url_encode", "regexp_escape"})
_NUMBER = re.compile(r"\d+")


def size_of(node: Any) -> int:
    """Return about how many bytes an expression makes of one row, at most."""
    if isinstance(node, list):
        return sum(map(size_of, node))
    if not isinstance(node, dict):
        return 0
    sort = node.get("class")
    if sort == "CONSTANT":
        return len(_text_of(node) or "")
    if sort == "COLUMN_REF":
        return _CELL_BYTES
    if sort == "FUNCTION":
        arguments = [each["expression"] for each in node["arguments"]]
        return _of_function(node["function_name"], arguments)
    return sum(map(size_of, node.values()))


def _of_function(name: str, arguments: list[Any]) -> int:
    sizes = [size_of(argument) for argument in arguments]
    texts = [_text_of(argument) for argument in arguments]
    if name == "repeat" and len(arguments) > 1:
        return sizes[0] * _number(texts[1])
    if name in _PADDING and len(arguments) > 1:
        return sum(sizes) + _number(texts[1])
    if name in _REPLACING and len(arguments) > 2:
        groups = (texts[2] or "").count("\\") * sizes[0]
        return sizes[0] * max(1, sizes[2] + groups)
    if name in _FORMATTING and arguments:
        widths = _NUMBER.findall(texts[0] or "") if texts[0] else [str(MOST_BYTES)]
        return _GROWTH * sum(sizes) + sum(map(_number, widths))
    return sum(sizes) * (_GROWTH if name in _SPELLING else 1)


def _number(text: str | None) -> int:
    """Return a number that stands there; what a row would say is too much."""
    is_number = text is not None and _NUMBER.fullmatch(text) is not None
    return int((text or "")[:9]) if is_number else MOST_BYTES + 1


def _text_of(node: Any) -> str | None:
    """Return the text of a constant, None of anything else."""
    found = node.get("literal") if isinstance(node, dict) else None
    return str(found.get("text", "")) if isinstance(found, dict) else None
