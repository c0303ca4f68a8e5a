"""What an attribute can be: one file a kind, five questions each."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.discovery import discover_by_name
from ctsync.kinds.base import Kind
from ctsync.model.scalar_value import Literal, Raw

KINDS: Mapping[str, Kind] = discover_by_name(__name__, "KIND")

_FOLLOWS = {
    "text": "string",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "trap": "string",
    "empty": "string",
    "null": "string",
}


def kind_of(raw: Raw) -> Kind:
    """Return the kind that follows from a value which nothing else declares."""
    name = _FOLLOWS[raw.type] if isinstance(raw, Literal) else "list"
    return KINDS[name]
