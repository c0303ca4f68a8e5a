"""Rows of files that speak of profiles, as an engine sees them.

An engine neither opens these files nor understands what stands in them: it joins
digests, and asks for the cells of the few rows that differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

from msgspec import Struct

from ctsync.canonical_json import canonical
from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import Connection
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import membership_in
from ctsync.model.row_lines import RowLines, lines_sql
from ctsync.model.scalar_value import Raw
from ctsync.model.twin_rows import NO_TWINS, Keeps, Twins
from ctsync.sql_text import quoted


class Stream(Struct, frozen=True):
    """Rows as they are read from their files, in SQL: nothing of them is kept before.

    `relation` is a query of every row: key VARCHAR, file INTEGER, row BIGINT, and what
    the expressions look at. (file, row) is in no two. `digest` is a UHUGEINT, `cells` a
    VARCHAR[]; `sound`, never NULL, says whether the key names someone who can be used.
    A digest that `tells_key` is of the key, too: rows of two keys never have the same.
    """

    relation: str
    digest: str
    cells: str
    sound: str
    tells_key: bool = False


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

    `sort` is what a cell is, as typed files say it; '' where only the reader can tell.
    `map` gives the values of words. Unless it `keeps_blank`, a blank cell says
    something. `text` is the cell in SQL over `cells`, and where `sound`, which is NULL
    of blank cells at most, does not hold, only the reader can tell. What an entry holds
    stays where the cell is blank if `stays`, in SQL, does.
    """

    attribute: str
    sort: str
    map: Mapping[str, Raw] | None = None
    keeps_blank: bool = True
    text: str = ""
    sound: str = "true"
    stays: str = "true"


class RowColumns(Struct, frozen=True):
    """What the cells of every row of a table, or of the members of a cohort, are.

    `lines` are those of the rows of each file, None where it has none. Rows of which
    `sound`, an expression over `cells`, does not hold are for the reader. A table
    that `keeps_missing` leaves alone what it says of profiles that it does not list.
    """

    table: str | None
    files: tuple[str, ...]
    cells: tuple[CellColumn, ...]
    lines: tuple[RowLines | None, ...]
    sound: str = "true"
    cohort: str | None = None
    keeps_missing: bool = True

    place: ClassVar[str] = "file"
    """The column that tells where a row stands, for `standing`."""

    def standing(self, place: int | str) -> Sequence[RowFile]:
        """Return the files in which a row stands, by what that column has."""
        return (RowFile(self.table, self.cohort, self.files[int(place)]),)

    def of(self, source: int) -> RowColumns:  # noqa: ARG002 - there is but one
        """Return what the cells of one source are."""
        return self

    def origin(self, file: int, row: int) -> Origin:
        """Return where a row of one of the files stands."""
        lines = self.lines[file]
        line = None if lines is None else lines.line_of(row)
        return Origin(self.files[file], line, row, self.cohort, self.table)

    @property
    def membership(self) -> str:
        """What an entry keeps, among its cohorts, of having such a row."""
        return _membership(self.table, self.cohort)

    @property
    def memberships(self) -> str:
        """SQL: all that an entry keeps so, as JSON."""
        return quoted(canonical([self.membership]).decode())

    @property
    def memberships_shown(self) -> str:
        """SQL: the same where origins do not show it, else NULL."""
        return "NULL" if self.cohort is None else self.memberships

    @property
    def origins(self) -> str:
        """SQL over `file` and `row`: the place of a row, as a plan writes it."""
        files = [canonical([name]).decode()[:-1] for name in self.files]
        listed = ", ".join(map(quoted, files))
        table, line = canonical(self.table).decode(), lines_sql(self.lines)
        end = f"(',' || {line})"
        if self.cohort is not None:
            name = canonical(self.cohort).decode()
            end = f"',', coalesce({line}::VARCHAR, 'null'), {quoted(f',{name}')}"
        return (
            f"concat([{listed}][file + 1], ',', row, ',', {quoted(table)}, {end}, ']')"
        )


class RowFile(NamedTuple):
    """A file in which a row stands, and of what: a table or a cohort."""

    table: str | None
    cohort: str | None
    file: str

    @property
    def membership(self) -> str:
        """What an entry keeps, among its cohorts, of standing there."""
        return _membership(self.table, self.cohort)


def _membership(table: str | None, cohort: str | None) -> str:
    return membership_in(table or "") if cohort is None else cohort


class RowReader(Protocol):
    """Tells what rows say."""

    def contribution(
        self,
        identifier: str,
        digest: bytes,
        file: int,
        row: int,
        cells: Sequence[str | None],
    ) -> Contribution:
        """Return what a row says; its cells are understood when they are asked for."""


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

    @property
    def keeps(self) -> Keeps | None:
        """Which of the rows of one key counts; None where there may be but one."""

    def take_count(self, rows: int, twins: Twins = NO_TWINS) -> None:
        """Take in how many rows somebody read in pieces, and the twins among them.

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

    def reader(self) -> RowReader:
        """Return what tells what rows say, once the files are open, without them.

        It may be pickled, if what the format of a file reads with may.
        """

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
