"""Tasks on executors: any that can be pickled, on pieces of its own work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from ctsync.arrow import arrow
from ctsync.engines.own_processes import made_ahead
from ctsync.model.workers import Task, Workers
from ctsync.spark_session import open_session

WORTH_PROFILES = 1_000_000  # with fewer it is over before a cluster has begun
MOST_FILES = 64  # each is open later on, while a state is read
_DONE = "number long, result binary"


class _PieceTask(Struct, frozen=True):
    """Runs a task on pieces; called with their numbers it gives rows of `_DONE`."""

    task: Task
    pieces: tuple[bytes, ...]

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield a batch for every piece."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                arrays = [
                    arrow().array([number], "int64"),
                    arrow().array([self.task(self.pieces[number])], "binary"),
                ]
                yield arrow().RecordBatch.from_arrays(arrays, ["number", "result"])


def run_on_executors(task: Task, pieces: Sequence[bytes]) -> list[bytes]:
    """Return what a task gives for each piece, in their order.

    Raises:
        CtsyncError: there is no Spark, or it could not do its part.
        KeyError: it did not do all of it.
    """
    count = len(pieces)
    with open_session() as session:
        numbers = session.range(0, count, 1, count)
        done = numbers.mapInArrow(_PieceTask(task, tuple(pieces)), _DONE).toArrow()
    results = dict(zip(*(done[name].to_pylist() for name in _NAMES), strict=True))
    return [results[number] for number in range(count)]


_NAMES = ("number", "result")
# Calls leave from here, so what they carry is made here.
EXECUTORS = Workers(run_on_executors, made_ahead, WORTH_PROFILES, MOST_FILES)
