"""Rows sorted by key with few of them in memory, however wide they are.

DuckDB sorts what is narrow, and fails for want of memory where rows are wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeAlias

from ctsync.packed_values import read_packed, write_packed
from ctsync.plan.document.plan_file import scratch_file

Row: TypeAlias = "tuple[str, bytes, bytes | None, str, Any]"
"""Id type, id, line, shape and cells, as an `ExportQuery` gives them."""

_TOGETHER = 64  # rows that are written at once
_key_of = itemgetter(0, 1)


def sorted_rows(
    batches: Iterable[tuple[int, list[Row]]], most_bytes: int
) -> Iterator[Row]:
    """Yield the rows of batches, sorted by key.

    A batch comes with its size in bytes. Batches are sorted together up to
    `most_bytes`, and written to a file of their own; files are merged.
    """
    with ExitStack() as files:
        runs = list[Iterator[Row]]()
        for run in _runs(batches, most_bytes):
            file = files.enter_context(scratch_file())
            while some := [*islice(run, _TOGETHER)]:
                write_packed(file, some)
            runs.append(chain.from_iterable(read_packed(file)))
        yield from merge(*runs, key=_key_of)


def _runs(
    batches: Iterable[tuple[int, list[Row]]], most_bytes: int
) -> Iterator[Iterator[Row]]:
    waiting, size = list[Row](), 0
    for batch_bytes, rows in batches:
        waiting += rows
        size += batch_bytes
        if size >= most_bytes:
            yield iter(sorted(waiting, key=_key_of))
            waiting, size = [], 0
    yield iter(sorted(waiting, key=_key_of))
