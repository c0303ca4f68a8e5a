"""Ranges of the keys that a database chose: each comes to Python at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from msgspec import Struct

from ctsync.engines import duckdb_candidates_sql as sql


class ChosenRange(Struct, frozen=True):
    """Some keys of one type, as a condition in SQL over (type, id).

    Where it is `alone`, each key is that of one row which may be decided, and nothing
    else is of these keys but entries. Unless it `has_entries`, all of them are new.
    """

    condition: str
    alone: bool
    has_entries: bool


def chosen_ranges(found: Iterable[tuple[Any, ...]]) -> Iterator[ChosenRange]:
    """Yield ranges from rows of `RANGES`: where they begin, and what is in them."""
    for this, following in pairwise([*found, _END]):
        kind, first, alone, has_entries = this
        condition = sql.between((kind, first), following[:2])
        yield ChosenRange(condition, alone, has_entries)


_END = ("", "")
