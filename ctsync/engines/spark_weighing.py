"""What executors do last: weigh in Python what SQL was not sure of.

Candidates that follow each other become one row of what was found. Whoever has
something to be told is left as it was found, and so is all that cannot travel here.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from ctsync.arrow import arrow, arrow_compute
from ctsync.engines.base import RunWeigher, Weigher
from ctsync.engines.found_rows import (
    LOOSE,
    SAME,
    WEIGHED,
    FoundRow,
    candidate_of,
    rows_of,
)
from ctsync.model.decided_rows import Table
from ctsync.model.row_source import RowReader

_MOST_IN_A_RUN = 4096


def packed_weighing(weigher: Weigher, readers: Sequence[RowReader]) -> bytes:
    """Return what `opened_weighing` takes; nothing where that cannot travel."""
    try:
        return pickle.dumps((weigher, (*readers,)))
    except (pickle.PicklingError, AttributeError, TypeError):
        return b""  # a format of another package reads by what is only here


def opened_weighing(data: bytes) -> RangeWeighing | None:
    """Return what weighs in this process; None where it would not do the same."""
    if not data:
        return None
    try:
        weigher, readers = pickle.loads(data)  # noqa: S301 - it came with the task
    except (ImportError, AttributeError):
        return None  # a kind or format of a package that is not installed here
    opened = weigher.open()
    return None if opened is None else RangeWeighing(opened, readers)


class RangeWeighing(NamedTuple):
    """Weighs what was found in a range."""

    weigher: RunWeigher
    readers: Sequence[RowReader]

    def weighed(self, found: Table) -> Table:
        """Return what was found, with runs in place of what could be weighed."""
        rows = [*_open_rows(found)]
        if not rows:
            return found
        stays = dict(self._bodies(rows))
        dropped = {place for place, _ in rows if place not in stays}
        kept = [place for place in range(found.num_rows) if place not in dropped]
        return _with_runs(found, kept, {p: body for p, body in stays.items() if body})

    def _bodies(self, rows: list[tuple[int, FoundRow]]) -> Iterator[tuple[int, str]]:
        """Yield the places of rows that stay; of those of runs, with what they say."""
        run: list[int] = []
        last = -1
        for _, group in groupby(rows, lambda row: row[1][:2]):
            found = [*group]
            first = found[0][0]
            # A run takes the place of its first, so nothing else may stand between
            # those in it.
            if run and (first != last + 1 or len(run) == _MOST_IN_A_RUN):
                yield self._closed(run)
            last = found[-1][0]
            if self._takes([row for _, row in found]):
                run.append(first)
                continue
            if run:
                yield self._closed(run)
            yield from ((place, "") for place, _ in found)
        if run:
            yield self._closed(run)

    def _closed(self, run: list[int]) -> tuple[int, str]:
        first = run[0]
        run.clear()
        return first, self.weigher.close().as_text()

    def _takes(self, rows: Sequence[FoundRow]) -> bool:
        """Take in whom rows of sources name; what is loose says here no word."""
        sources = [row[2] for row in rows]
        if max(sources) < 0 or LOOSE in sources or SAME in sources:
            return False
        candidate, _ = candidate_of(rows, self.readers)
        return self.weigher.take(candidate)


def _open_rows(found: Table) -> Iterator[tuple[int, FoundRow]]:
    """Yield the rows that are not decided, with their places."""
    places = [*range(found.num_rows)]
    if "is_new" in found.column_names:
        is_open = found["is_new"].is_null().to_pylist()
        places = [place for place in places if is_open[place]]
        found = found.take(_places(places))
    yield from zip(places, rows_of(found), strict=True)


def _with_runs(found: Table, kept: list[int], runs: dict[int, str]) -> Table:
    """Return the rows that are kept, with what runs say in those that stand for one."""
    table = found.take(_places(kept))
    said = arrow().array([runs.get(place) for place in kept], arrow().string())
    is_run = said.is_valid()
    columns = {
        "source": arrow_compute().if_else(is_run, WEIGHED, table["source"]),
        "body": arrow_compute().coalesce(said, table["body"]),
    }
    # Of the first of a run nothing else travels.
    others = [None if place in runs else place for place in kept]
    for name in ("digest", "cells"):
        columns[name] = found[name].take(_places(others))
    for name, column in columns.items():
        field = found.schema.field(name)
        place = found.schema.get_field_index(name)
        table = table.set_column(place, field, column.cast(field.type))
    return table


def _places(numbers: Sequence[int | None]) -> Table:
    """Return numbers of rows for `take`, which of no number at all knows no type."""
    return arrow().array(numbers, arrow().int64())
