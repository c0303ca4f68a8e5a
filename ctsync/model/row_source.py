"""Rows of files that speak of profiles, as an engine sees them.

An engine neither opens these files nor understands what stands in them: it joins
digests, and asks for the cells of the few rows that differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import Connection
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.row_lines import RowLines
from ctsync.model.scalar_value import Raw


class Stream(Struct, frozen=True):
    """Rows as they are read from their files, in SQL: nothing of them is kept before.

    `relation` is a query of every row: key VARCHAR, file INTEGER, row BIGINT, and what
    the expressions look at. (file, row) is in no two. `digest` is a UHUGEINT, `cells` a
    VARCHAR[]; `sound`, never NULL, says whether the key names someone who can be used.
    """

    relation: str
    digest: str
    cells: str
    sound: str


class RowPiece(Struct, frozen=True):
    """Some rows of a source, for any connection that may read their files.

    `query` gives id VARCHAR, digest BLOB of sixteen bytes, the highest first, file
    INTEGER, row BIGINT and cells VARCHAR[], one row a row that counts; `id` is '' where
    a row names no one. It counts rows as they come: nothing may change their order.
    """

    query: str
    files: tuple[str, ...]


class CellColumn(Struct, frozen=True):
    """What stands in one place of the cells of every row.

    `sort` is what a cell is, as typed files say it; '' where only `contribution` can
    tell. `map` gives the values of words. Unless it `keeps_blank`, a blank cell says
    something. `text` is the cell in SQL over `cells`, and where `sound`, which is NULL
    of blank cells at most, does not hold, only `contribution` can tell.
    """

    attribute: str
    sort: str
    map: Mapping[str, Raw] | None = None
    keeps_blank: bool = True
    text: str = ""
    sound: str = "true"


class RowColumns(Struct, frozen=True):
    """What the cells of every row of a table are.

    `lines` are those of the rows of each file, None where it has none. Rows of which
    `sound`, an expression over `cells`, does not hold are for `contribution`.
    """

    table: str
    files: tuple[str, ...]
    cells: tuple[CellColumn, ...]
    lines: tuple[RowLines | None, ...]
    sound: str = "true"

    def origin(self, file: int, row: int) -> Origin:
        """Return where a row of one of the files stands."""
        lines = self.lines[file]
        line = None if lines is None else lines.line_of(row)
        return Origin(self.files[file], line, row, None, self.table)


class RowSource(Protocol):
    """The rows of one table, or of the file of one cohort.

    `open` comes first, and then `load`, where it is wanted; `keys` and `cells` are text
    of SQL for that connection once `load` is done.
    """

    @property
    def name(self) -> str:
        """`table loyalty`, `cohort vip`: for messages and names of relations."""

    @property
    def key_type(self) -> str:
        """The id type of every row."""

    @property
    def rows(self) -> int:
        """How many rows there are, after `where`."""

    @property
    def reads(self) -> Sequence[Path]:
        """The files that SQL of these rows reads; no other is within its reach.

        Raises:
            SpecError: one of them is missing or may not be read.
        """

    @property
    def warnings(self) -> Sequence[Diagnostic]:
        """What is odd about the files and does no harm."""

    def open(self, connection: Connection) -> Stream | None:
        """Open the files in a connection, and give their rows as they can be read.

        Gives None where rows have to be loaded: those that are still to be numbered,
        and none at all. With a stream, `rows` is known, and whether a key stands twice
        is for the reader to find out; if one does, or reading fails, `load` tells what
        is wrong.

        Raises:
            SpecError: a file is missing, is none of its kind, or lacks a column.
        """

    def load(self, connection: Connection) -> None:
        """Read every row, and judge all that needs all of them; opens what is not open.

        Raises:
            SpecError: a file is missing, cannot be read, lacks a column, is empty or
                holds a key twice where it may not.
        """

    def pieces(self, connection: Connection, most_rows: int) -> Iterator[RowPiece]:
        """Yield all rows, opened before, in pieces of about so many rows at most.

        Where the rows of a file are numbered as they come, it is one piece.
        """

    def take_count(self, connection: Connection, rows: int) -> None:
        """Take in how many rows somebody read in pieces, no key of them twice.

        Raises:
            SpecError: there have to be some, and are none.
        """

    @property
    def keys(self) -> str:
        """A query: id VARCHAR, digest UHUGEINT, file INTEGER, row BIGINT.

        One row a row that counts, in no order; (file, row) is in no two. `id` is ''
        where a row names no one that could be used, and otherwise stands once.
        """

    def cells(self, wanted: str) -> str:
        """Return a query: file INTEGER, row BIGINT, cells VARCHAR[].

        It gives every row of `wanted` once, in no order. `wanted` is the name of a
        table or view with at least file INTEGER and row BIGINT, out of `keys`. Where
        it holds few rows, the query is cheap.
        """

    def contribution(
        self,
        identifier: str,
        digest: bytes,
        file: int,
        row: int,
        cells: Sequence[str | None],
    ) -> Contribution:
        """Return what a row says; its cells are understood when they are asked for."""

    def in_columns(self) -> RowColumns | None:
        """Return what the cells are, once the files are open.

        None where rows differ in that, or where more has to be known of each.
        """

    def check_unchanged(self) -> None:
        """Make sure that the files are still those that were opened.

        Raises:
            SpecError: one of them has changed meanwhile.
        """

    def inputs(self) -> Iterator[tuple[str, str]]:
        """Yield name and digest of every file; `load` need not have been called."""
