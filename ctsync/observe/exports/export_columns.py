"""What the columns of an export hold, and what is taken of them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

ColumnSort: TypeAlias = Literal["nothing", "attribute", "switch", "data", "special"]


class ExportColumn(Struct, frozen=True):
    """A column of which something is taken.

    `folded` is the folded name of the attribute, and `attribute` its spelling; `kind`
    is None where nothing declares one. A "switch" is a flag (`MSG-*`), "data" may be an
    object of attributes, and what is "special" says several in another way.
    """

    sort: ColumnSort
    folded: str
    attribute: str = ""
    kind: str | None = None


LONG = 65_536
"""Bytes of a text that is looked at before it is taken."""
