"""Rows of a source that were read elsewhere and came to a key range: the same, for SQL.

Nobody reads here what a row says; that is for whoever began the search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctsync.arrow import arrow
from ctsync.duckdb_connection import Connection, as_number
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.decided_rows import Table
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns, RowPiece, RowReader, Stream
from ctsync.model.twin_rows import NO_TWINS, Keeps, Twins, surplus_sql, twins_in

_HAS_TWINS = "SELECT count(*) > count(DISTINCT id) FROM {table} WHERE id <> ''"
_COUNTING = """
FROM {table} t WHERE NOT EXISTS (
    SELECT 1 FROM ({surplus}) s WHERE s.file = t.file AND s.row = t.row
)"""
_STREAM = "SELECT id AS key, digest AS mark, cells AS words, file, row FROM {table}"
_CELLS = """
SELECT s.file, s.row, s.cells
FROM {table} s JOIN {wanted} w ON s.file = w.file AND s.row = w.row"""


def no_rows() -> Table:
    """Return a table of no rows, as they are sent."""
    pa = arrow()
    columns = [
        ("id", pa.string()),
        ("digest", pa.binary()),
        ("file", pa.int32()),
        ("row", pa.int64()),
        ("cells", pa.list_(pa.string())),
    ]
    return pa.schema(columns).empty_table()


class SentRows:
    """The rows of one source that came to a range, as a row source."""

    warnings = ()
    reads = ()

    def __init__(
        self,
        number: int,
        key_type: str,
        keeps: Keeps | None,
        connection: Connection,
        table: Table | None,
    ) -> None:
        self.name = f"source {number}"
        self.key_type = key_type
        self.keeps = keeps
        self._number = number
        self._connection = connection
        self._table = f"sent_{number}"
        self._register(no_rows() if table is None else table)

    def part_twins(self) -> Twins:
        """Return the rows whose key stood before; only those that count stay.

        Where there may be but one row of a key, all of them do.
        """
        if not self.rows:
            return NO_TWINS
        ((found,),) = self._connection.execute(
            _HAS_TWINS.format(table=self._table)
        ).fetchall()
        if not found:
            return NO_TWINS
        twins = twins_in(self._table, lambda q: self._connection.execute(q).fetchall())
        if self.keeps is not None:
            surplus = surplus_sql(self._table, self.keeps)
            query = _COUNTING.format(table=self._table, surplus=surplus)
            self._register(self._connection.sql(query).to_arrow_table())
        return twins

    def _register(self, table: Table) -> None:
        self.rows = table.num_rows
        self._connection.register(self._table, table)

    def open(self, connection: Connection) -> Stream | None:  # noqa: ARG002 - as asked of all
        """Give the rows as they came."""
        if not self.rows:
            return None
        digest = as_number("mark")
        return Stream(_STREAM.format(table=self._table), digest, "words", "key <> ''")

    def load(self, connection: Connection) -> None:
        """Do nothing: all rows have come."""

    @property
    def keys(self) -> str:
        """A query: id, digest, file, row."""
        digest = as_number("digest")
        return f"SELECT id, {digest} AS digest, file, row FROM {self._table}"  # noqa: S608 - a name of ours

    def cells(self, wanted: str) -> str:
        """Return a query: file, row, cells."""
        return _CELLS.format(table=self._table, wanted=wanted)

    def contribution(
        self,
        identifier: str,
        digest: bytes,
        file: int,  # noqa: ARG002 - whoever began the search reads what a row says
        row: int,  # noqa: ARG002
        cells: Sequence[str | None],  # noqa: ARG002
    ) -> Contribution:
        """Return what a row is to a search, which reads none of it."""
        return Contribution(
            ProfileKey(self.key_type, identifier), Origin(""), digest, dict
        )

    def reader(self) -> RowReader:
        """Return the rows themselves, which say nothing."""
        return self

    def in_columns(self) -> RowColumns:
        """Return columns that say nothing but which source this is."""
        return RowColumns(str(self._number), (), (), ())

    def pieces(
        self,
        connection: Connection,  # noqa: ARG002
        most_rows: int,  # noqa: ARG002
    ) -> Iterator[RowPiece]:
        """Give nothing: the rows have been read."""
        yield from ()

    def take_count(self, rows: int, twins: Twins = NO_TWINS) -> None:
        """Do nothing: all rows have come."""

    def check_unchanged(self) -> None:
        """Do nothing: whoever began the search looks at the files."""

    def inputs(self) -> Iterator[tuple[str, str]]:
        """Give nothing."""
        yield from ()
