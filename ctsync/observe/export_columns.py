"""What the columns of an export hold, and what is taken of them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

ColumnSort: TypeAlias = Literal["nothing", "attribute", "switch", "special"]


class ExportColumn(Struct, frozen=True):
    """A column of which something is taken.

    `folded` is the folded name of the attribute, and `attribute` its spelling; `kind`
    is None where nothing declares one. A "switch" is a flag (`MSG-*`), and what is
    "special" says more than one attribute.
    """

    sort: ColumnSort
    folded: str
    attribute: str = ""
    kind: str | None = None


LONG = 65_536
"""Bytes of a text that is looked at before it is taken."""
