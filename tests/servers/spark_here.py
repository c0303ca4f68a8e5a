"""As much of Spark as ctsync uses, in this process: tasks run one by one, pickled.

What executors do is the same code as on a cluster; what is left out is the cluster.
Tasks are pickled and come in an order drawn anew, some of them twice, as after a loss.
"""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TYPES = {
    "int": pa.int32(),
    "long": pa.int64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "boolean": pa.bool_(),
}


def schema_of(words: str) -> pa.Schema:
    """Return the schema that words such as `id string, row long` mean."""
    return pa.schema([(n, TYPES[t]) for n, t in map(str.split, words.split(","))])


class Frame:
    """Rows in partitions, in no order."""

    def __init__(self, session: "SessionHere", partitions: list[pa.Table]) -> None:
        self.sparkSession = session
        self._partitions = partitions

    def mapInArrow(self, task: Any, words: str) -> "Frame":  # noqa: N802 - Spark's name
        """Run a task over every partition."""
        data, chance = pickle.dumps(task), self.sparkSession.chance
        done = []
        for partition in chance.sample(self._partitions, len(self._partitions)):
            for _ in range(chance.choice([1, 1, 2])):
                batches = partition.to_batches(max_chunksize=chance.choice([1, 16]))
                given = list(pickle.loads(data)(iter(batches)))
            done.append(pa.Table.from_batches(given, schema_of(words)))
        return Frame(self.sparkSession, done)

    def repartitionById(self, count: int, name: str) -> "Frame":  # noqa: N802
        """Bring the rows of a number into the partition of that number."""
        rows = self.toArrow()
        return self._parted(rows, [pc.equal(rows[name], n) for n in range(count)])

    def repartition(self, count: int, name: str) -> "Frame":
        """Bring rows of one number together; several may share a partition."""
        rows, few = self.toArrow(), max(1, count // 2)
        numbers = pa.array([number % few for number in rows[name].to_pylist()])
        return self._parted(rows, [pc.equal(numbers, n) for n in range(few)])

    def _parted(self, rows: pa.Table, masks: list[Any]) -> "Frame":
        return Frame(self.sparkSession, [rows.filter(mask) for mask in masks])

    def toArrow(self) -> pa.Table:  # noqa: N802
        """Return all rows."""
        return pa.concat_tables(self._partitions)

    def groupBy(self, *names: str) -> "Frame":  # noqa: N802
        """Group rows, to be counted."""
        groups = self.toArrow().group_by([*names]).aggregate([([], "count_all")])
        return Frame(self.sparkSession, [groups])

    def count(self) -> "Frame":
        """Return the groups with their counts."""
        rows = self.toArrow()
        names = [n.replace("count_all", "count") for n in rows.column_names]
        return Frame(self.sparkSession, [rows.rename_columns(names)])

    def where(self, words: str) -> "Frame":
        """Keep rows for which a number is greater."""
        name, sign, number = words.split()
        assert sign == ">"
        rows = self.toArrow()
        return self._parted(rows, [pc.greater(rows[name], int(number))])

    def select(self, *names: str) -> "Frame":
        """Keep some columns."""
        return Frame(self.sparkSession, [self.toArrow().select([*names])])

    def unionByName(self, other: "Frame") -> "Frame":  # noqa: N802
        """Add the rows of another."""
        rows = self.toArrow()
        more = other.toArrow().select(rows.column_names).cast(rows.schema)
        return Frame(self.sparkSession, [rows, more])

    def distinct(self) -> "Frame":
        """Keep each row once."""
        rows = self.toArrow()
        once = rows.group_by(rows.column_names).aggregate([])
        return Frame(self.sparkSession, [once])

    def join(self, other: "Frame", names: list[str], how: str) -> "Frame":
        """Join with another."""
        how = {"leftsemi": "left semi"}[how]
        joined = self.toArrow().join(other.toArrow(), names, join_type=how)
        return Frame(self.sparkSession, [joined])


class SessionHere:
    """A session without a cluster; an older `version` has no partitions by number."""

    def __init__(self, chance: Random, version: str) -> None:
        self.chance = chance
        self.version = version

    def range(self, start: int, end: int, step: int, count: int) -> Frame:
        """Return a partition for every number."""
        assert count == len(range(start, end, step))
        numbers = [pa.table({"id": pa.array([n], "int64")}) for n in range(start, end)]
        return Frame(self, numbers)

    def createDataFrame(self, table: pa.Table) -> Frame:  # noqa: N802
        """Return the rows of a table."""
        return Frame(self, [table])


class SparkHere:
    """Gives sessions as `ctsync.spark_session.open_session` does."""

    def __init__(self) -> None:
        self._chance = Random(0)

    @contextmanager
    def open_session(self) -> Iterator[SessionHere]:
        """Return a session."""
        version = self._chance.choice(["4.0.2", "4.1.0", "4.3.0"])
        yield SessionHere(self._chance, version)
