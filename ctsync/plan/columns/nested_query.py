"""Queries around the one that rows come from: what both that decide have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctsync.model.decided_rows import PLACED
from ctsync.model.row_source import RowColumns
from ctsync.plan.columns.decided_places import Place

_SELECT = "SELECT {} FROM ("


def nested(layers: Iterable[Iterable[str]], given: Iterable[str]) -> tuple[str, str]:
    """Return what stands before and behind the query that rows come from.

    Each layer names what it adds to the columns of the one inside it; `given` are those
    that come out.
    """
    added = [_SELECT.format(f"*, {', '.join(layer)}") for layer in layers]
    added.append(_SELECT.format(", ".join(given)))
    return "".join(reversed(added)), ")" * len(added)


def cells_of(places: Sequence[Place]) -> Iterator[str]:
    """Yield the texts of cells as c1, c2, ..., and whether each is sound as u1, ..."""
    for place in places:
        yield f"{place.column.text} AS c{place.number}"
        yield f"coalesce({place.column.sound}, true) AS u{place.number}"


def left_to_weigh(rows: RowColumns) -> Iterator[str]:
    """Yield where a row stands, and what weighs it one by one unless it is decided."""
    yield from PLACED
    for name in ("digest", "cells", "body"):
        yield f"CASE WHEN NOT decided THEN {name} END AS {name}"
    if rows.place not in PLACED:
        yield rows.place
