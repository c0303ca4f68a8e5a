"""What a scalar of a spec means.

The reader gives every scalar as text behind one character that says how it was
written: `:` for a plain one, `"` for a quoted or block one. Nothing else is kept, so
that a population of scalars stays small and can be digested as it stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias

from ctsync.model.scalar_value import Literal, Raw, Scalar

Node: TypeAlias = "str | list[Node] | dict[str, Node]"

PLAIN = ":"
QUOTED = '"'
MAX_PLAIN_DIGITS = 15  # beyond it a JSON reader may lose digits

# As JSON writes them. YAML readers disagree about +1, .5, 0x1F and 1_000: these are
# text.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_SWITCHES = frozenset({"yes", "no", "on", "off"})
_TRAPS = frozenset({"True", "TRUE", "False", "FALSE", "Null", "NULL"})
_WORDS = {
    "true": Literal("true", "boolean", value=True),
    "false": Literal("false", "boolean", value=False),
    "null": Literal("null", "null"),
    "": Literal("", "empty"),
    "~": Literal("~", "empty"),
}


@lru_cache(maxsize=65_536)
def literal(node: str) -> Literal:
    """Return the meaning of a scalar as the reader keeps it."""
    text = node[1:]
    if node[0] == QUOTED:
        return Literal(text, "text", text, quoted=True)
    return _WORDS.get(text) or _plain(text)


def _plain(text: str) -> Literal:
    if text in _TRAPS or text.lower() in _SWITCHES:
        return Literal(text, "trap")
    number = _number(text)
    if number is not None:
        return Literal(text, "number", number)
    if _DATE.fullmatch(text):
        return Literal(text, "date")
    return Literal(text, "text", text)


def _number(text: str) -> int | float | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    if match[1] is None and match[2] is None:
        is_short = len(text.removeprefix("-")) <= MAX_PLAIN_DIGITS
        return int(text) if is_short else None
    return float(text)  # infinity where it is too large, which kinds refuse


def raw_of(node: Node) -> Raw:
    """Return a node as the kinds take it."""
    if isinstance(node, str):
        return literal(node)
    if isinstance(node, list):
        return [raw_of(item) for item in node]
    return {name: raw_of(value) for name, value in node.items()}


def json_of(node: Node) -> Any:
    """Return a node as JSON, for judging its shape: a date is text, nothing is null."""
    if isinstance(node, list):
        return [json_of(item) for item in node]
    if isinstance(node, dict):
        return {name: json_of(value) for name, value in node.items()}
    return json_scalar(literal(node))


def json_scalar(word: Literal) -> Scalar | None:
    """Return a scalar as JSON."""
    if word.type in {"null", "empty"}:
        return None
    return word.text if word.value is None else word.value
