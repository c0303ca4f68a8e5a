"""Tables: what the rows of files say, one contribution a row."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import Connection
from ctsync.formats.base import Dialect, FilePart, WantedColumns, named_cells
from ctsync.formats.data_file import refused
from ctsync.formats.where_filter import Expression, checked_condition
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.fault import Fault, Faults
from ctsync.model.row_source import RowColumns, RowSource, Stream
from ctsync.model.twin_rows import Keeps, Twins
from ctsync.project.project import Project
from ctsync.project.table_columns import Column
from ctsync.project.tables import Table
from ctsync.sources.base import Source
from ctsync.sources.column_cells import cell_column
from ctsync.sources.column_values import ColumnReader
from ctsync.sources.data_files import missing
from ctsync.sources.duckdb_loading import LoadedRows
from ctsync.sources.duplicate_keys import twin_findings, twin_places
from ctsync.sources.reading import contributions_of
from ctsync.sources.row_digests import row_digest
from ctsync.sources.row_readers import FileRowReader, TableReader
from ctsync.sources.row_source_base import RowFiles


class TableRows(RowFiles):
    """The rows of one table."""

    def __init__(self, project: Project, table: Table) -> None:
        name = f"table {table.name}"
        super().__init__(project, name, table.words, table.key_type)
        self._table = table

    def wanted(self, connection: Connection) -> WantedColumns:
        """Return the columns of key, attributes and condition.

        Raises:
            SpecError: `where` cannot be used.
        """
        table = self._table
        mapped = [place for place, column in enumerate(table.columns) if column.map]
        try:
            return WantedColumns(
                self._key(connection),
                tuple(self._cells(connection)),
                None
                if table.where is None
                else checked_condition(connection, table.where),
                tuple(mapped),
                table.nulls,
                Dialect(table.csv.separator, table.csv.encoding, table.csv.header),
                skips=table.invalid == "skip",
                int96_is_utc=table.int96 == "utc",
            )
        except Faults as found:
            raise refused([self._about(found.first)]) from found

    def _key(self, connection: Connection) -> str | Expression:
        table = self._table
        if table.key_expression is None:
            return table.key_column
        return checked_condition(
            connection, table.key_expression, "k", ("compute", "key")
        )

    def _cells(self, connection: Connection) -> Iterator[str | Expression]:
        for place, column in enumerate(self._table.columns):
            if column.expression is None:
                yield column.column
            else:
                steps = ("compute", column.attribute)
                yield checked_condition(
                    connection, column.expression, f"x{place}_", steps
                )

    def opened(self, connection: Connection) -> tuple[LoadedRows, Stream | None]:
        """Look at the files; there have to be some, unless the table may be empty.

        Raises:
            SpecError: a file is missing, is none of its kind, or lacks a column; or
                `where` cannot be used.
        """
        if not self.files and not self._table.allow_empty:
            raise refused([missing(self.project, self.words)])
        try:
            loaded, stream = super().opened(connection)
        except Faults as found:
            raise refused([self._about(found.first)]) from found
        self.warnings = [*map(self._lacking, loaded.lacking)]
        return loaded, stream and replace(stream, tells_key=True)

    def _lacking(self, column: str) -> Diagnostic:
        message = f'no row has column "{column}", so it is blank for all'
        path = ("columns", column)
        return self._table.finding("CT628", message, "correct the name", *path)

    def _about(self, fault: Fault) -> Diagnostic:
        steps = map(str, fault.path)
        return self._table.finding(fault.code, fault.message, fault.hint, *steps)

    @property
    def keeps(self) -> Keeps | None:
        """Which of the rows of one key counts; None where there may be but one."""
        return "last" if self._table.duplicates == "last" else None

    def judge(self, loaded: LoadedRows, twins: Twins) -> None:
        """Judge whether there are rows, and whether a key stands twice.

        Raises:
            SpecError: there are none, or it does where it may not.
        """
        table = self._table
        if not loaded.count and not table.allow_empty:
            which = "no rows" if table.where is None else "no rows that `where` keeps"
            message = f'table "{table.name}" has {which}'
            hint = "write allow_empty: true if that may be"
            raise refused([table.finding("CT618", message, hint, "file")])
        if not twins.count:
            return
        if self.keeps is None:
            raise refused(twin_findings(loaded, twins, self._twin, self._twins))
        self._tell_surplus(loaded, twins)

    def _tell_surplus(self, loaded: LoadedRows, twins: Twins) -> None:
        """Say how many rows give way to a later one, and name one of them."""
        count = twins.count
        here, first = next(twin_places(loaded, twins))
        rows = "1 row gives" if count == 1 else f"{count:,} rows give"
        message = f"{rows} way to a later one of the same key, as {first} does"
        file, line, row = here.file, here.line, here.row
        note = Diagnostic("info", "CT629", message, None, file, line, row=row)
        self.warnings = [*self.warnings, note]

    def _twin(self, here: Origin, first: str) -> Diagnostic:
        message = f"has the same key as {first}"
        file, line, row = here.file, here.line, here.row
        return Diagnostic("error", "CT621", message, _KEEP_ONE, file, line, row=row)

    def _twins(self, more: int) -> Diagnostic:
        rows = "row has" if more == 1 else "rows have"
        message = (
            f'{more:,} more {rows} the key of another in table "{self._table.name}"'
        )
        return self._table.finding("CT621", message, _KEEP_ONE)

    def digest_of(self, part: FilePart) -> str:
        """Return the expression of a row's digest, which tells apart all rows."""
        salt = self._salt(part)
        cells = named_cells(len(self._table.columns))
        # Where the spelling of a number may count the line itself is digested: DuckDB
        # has one text for 1.10 and 1.1.
        if part.lossy is not None:
            cells.append(part.lossy)
        digest = row_digest(salt, *cells, "key")
        if part.fault is None:
            return digest
        # A row that cannot be read differs from every other one, and from itself once
        # it is spoilt in another way.
        spoilt = row_digest(salt + _SPOILT, part.fault, "key")
        return f"CASE WHEN {part.fault} IS NULL THEN {digest} ELSE {spoilt} END"

    def _salt(self, part: FilePart) -> bytes:
        meaning = canonical([part.meaning, self._table.meaning])
        salt = blake2b(meaning, digest_size=_SALT_BYTES, key=self.project.salt)
        return salt.digest()

    def reading(
        self, names: tuple[str, ...], parts: tuple[FilePart, ...]
    ) -> FileRowReader:
        """Return what reads the rows of files that are read in these parts."""
        skips = self._table.invalid == "skip"
        columns = tuple((c.attribute, self._reader_of(c)) for c in self._table.columns)
        return TableReader(
            self.key_type, names, parts, skips, self._table.name, columns
        )

    def _reader_of(self, column: Column) -> ColumnReader:
        return ColumnReader(column, self.project.rule_for(column.attribute))

    def in_columns(self) -> RowColumns | None:
        """Return what the cells of every row are, where that can be said in SQL."""
        typed, table = self.typed(), self._table
        if typed is None:
            return None
        rules = [self.project.rule_for(c.attribute) for c in table.columns]
        return RowColumns(
            table.name,
            tuple(file.name for file in self.files),
            tuple(map(cell_column, table.columns, rules, typed.cells)),
            self.lines(),
            typed.sound,
            keeps_missing=table.missing == "keep",
        )


_SALT_BYTES = 12  # it is digested with every row
_SPOILT = b"!"
_KEEP_ONE = "keep one of them, or write duplicates: last"


def table_rows(project: Project) -> Iterator[RowSource]:
    """Yield the rows of every table, by its name."""
    for _, table in sorted(project.tables.items()):
        yield TableRows(project, table)


def table_contributions(project: Project) -> Iterator[Contribution]:
    """Yield what every row of every table says, by table, file and row."""
    for rows in table_rows(project):
        yield from contributions_of(rows, project)


def _none(project: Project) -> Iterator[Contribution]:  # noqa: ARG001 - as asked of all
    yield from ()


SOURCE = Source(3, table_contributions, row_sources=table_rows, loose=_none)
