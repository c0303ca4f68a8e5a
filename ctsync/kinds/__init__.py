"""What an attribute can be: one file a kind, five questions each."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.discovery import discover_by_name
from ctsync.errors import CtsyncError
from ctsync.kinds.base import Kind
from ctsync.model.kind_shape import LIST
from ctsync.model.scalar_value import Literal, Raw


class _Kinds(dict[str, Kind]):
    """Kinds by name; plans and states may name one whose package is missing."""

    def __missing__(self, name: str) -> Kind:
        raise CtsyncError(
            f'no kind "{name}" is installed',
            hint="install the package that adds it, then run the command again",
            code="kind_missing",
        )


KINDS: Mapping[str, Kind] = _Kinds(discover_by_name(__name__, "KIND", Kind))

# From a trap, from nothing and from null no kind follows: text stands in for one.
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
    name = _FOLLOWS[raw.type] if isinstance(raw, Literal) else LIST
    return KINDS[name]
