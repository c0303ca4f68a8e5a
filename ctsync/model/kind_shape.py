"""Whether the values of a kind are sets, as the name of the kind says.

Entries, plans and journals outlive the package that added a kind, and are shown where
it is not installed. So the name alone tells: `list`, or `list-` and what sort of it.
"""

from __future__ import annotations

from typing import Literal

Shape = Literal["scalar", "set"]
LIST = "list"
"""The kind of a set of which nothing says a narrower one."""


def shape_of(kind: str) -> Shape:
    """Return what values of a kind are: one scalar, or a set of texts."""
    return "set" if kind == LIST or kind.startswith(f"{LIST}-") else "scalar"


def holds_sets(kind: str | None) -> bool:
    """Return whether values of a kind are sets; False where there is no kind."""
    return kind is not None and shape_of(kind) == "set"
