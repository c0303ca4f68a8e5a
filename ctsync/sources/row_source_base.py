"""What tables and files of members have in common: files, their rows, their keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import Connection
from ctsync.formats.base import FilePart, TypedCells, WantedColumns
from ctsync.formats.data_file import DataFile
from ctsync.model.row_lines import RowLines
from ctsync.model.row_source import RowColumns, RowPiece, Stream
from ctsync.model.twin_rows import NO_TWINS, Keeps, Twins
from ctsync.project.project import Project
from ctsync.project.tables import FileText
from ctsync.sources import duckdb_sql as sql
from ctsync.sources.data_files import check_unchanged, find_files
from ctsync.sources.duckdb_loading import LoadedRows
from ctsync.sources.duplicate_keys import surplus_of
from ctsync.sources.row_readers import FileRowReader


class RowFiles(ABC):
    """The rows of some files; `name` is for messages and names of relations."""

    def __init__(
        self, project: Project, name: str, words: FileText, key_type: str
    ) -> None:
        self.project = project
        self.words = words
        self.name = name
        self.key_type = key_type
        self.rows = 0
        self.warnings: Sequence[Diagnostic] = ()
        self._loaded: LoadedRows | None = None
        self._connection: Connection | None = None
        self._surplus: str | None = None
        self._reader: FileRowReader | None = None

    @abstractmethod
    def wanted(self, connection: Connection) -> WantedColumns:
        """Return the columns that are wanted of each file.

        Raises:
            SpecError: `where` cannot be used.
        """

    @abstractmethod
    def digest_of(self, part: FilePart) -> str:
        """Return the expression of a row's digest over the relation of a part."""

    @property
    @abstractmethod
    def keeps(self) -> Keeps | None:
        """Which of the rows of one key counts; None where there may be but one."""

    @abstractmethod
    def judge(self, loaded: LoadedRows, twins: Twins) -> None:
        """Judge what needs every row, and say what is odd.

        Raises:
            SpecError: there are no rows, or one key stands twice where it may not.
        """

    @abstractmethod
    def reading(
        self, names: tuple[str, ...], parts: tuple[FilePart, ...]
    ) -> FileRowReader:
        """Return what reads the rows of files that are read in these parts."""

    def reader(self) -> FileRowReader:
        """Return what reads the rows of files that are open."""
        if self._reader is None:
            parts = () if self._loaded is None else self._loaded.parts
            names = tuple(file.name for file in self.files)
            self._reader = self.reading(names, parts)
        return self._reader

    @cached_property
    def files(self) -> tuple[DataFile, ...]:
        """The files, as they were when they were first asked for."""
        return find_files(self.project, self.words)

    @property
    def reads(self) -> tuple[Path, ...]:
        """The files that SQL of these rows reads."""
        return tuple(file.path for file in self.files)

    def open(self, connection: Connection) -> Stream | None:
        """Open the files in a connection, and give their rows as they can be read.

        Raises:
            SpecError: a file is missing, is none of its kind, or lacks a column.
        """
        return self.opened(connection)[1]

    def opened(self, connection: Connection) -> tuple[LoadedRows, Stream | None]:
        """Look at the files; give what loads them, and their rows as they can be read.

        Raises:
            SpecError: a file is missing, is none of its kind, or lacks a column.
        """
        wanted = self.wanted(connection)
        loaded = LoadedRows(
            self.name, self.key_type, self.files, wanted, self.digest_of
        )
        stream = loaded.open(connection)
        self._loaded, self.rows, self._reader = loaded, loaded.count, None
        self._connection = connection
        return loaded, stream

    def load(self, connection: Connection) -> None:
        """Read every row, and judge all that needs all of them.

        Raises:
            SpecError: a file is missing, cannot be read, lacks a column, is empty or
                holds a key twice where it may not.
        """
        loaded = self._loaded
        # What was made ready for another connection has gone with that.
        if loaded is None or self._connection is not connection:
            loaded = self.opened(connection)[0]
        loaded.load(connection)
        self.check_unchanged()
        twins = loaded.twins(connection)
        self.judge(loaded, twins)
        self._surplus = None
        if self.keeps is not None and twins.count:
            self._surplus = surplus_of(connection, loaded, self.name, self.keeps)
        self.rows = loaded.count - twins.count

    def pieces(self, connection: Connection, most_rows: int) -> Iterator[RowPiece]:
        """Yield the rows, opened before, in pieces that may be read elsewhere."""
        if self._loaded is not None:
            yield from self._loaded.pieces(connection, most_rows)

    def take_count(self, rows: int, twins: Twins = NO_TWINS) -> None:
        """Take in how many rows somebody read in pieces, and the twins among them.

        Raises:
            SpecError: there have to be some, and are none.
        """
        if self._loaded is not None:
            self._loaded.count = rows
            self.judge(self._loaded, twins)
        self.rows = rows - twins.count

    @property
    def keys(self) -> str:
        """A query: id, digest, file, row."""
        if self._loaded is None:
            return sql.NO_KEYS
        query = sql.KEYS if self._surplus is None else sql.KEYS_WITHOUT
        return query.format(rows=self._loaded.rows, surplus=self._surplus)

    def cells(self, wanted: str) -> str:
        """Return a query: file, row, cells of the rows that a relation lists."""
        return sql.NO_CELLS if self._loaded is None else self._loaded.cells(wanted)

    def in_columns(self) -> RowColumns | None:
        """Give nothing: what a row says is told row by row."""
        return None

    def typed(self) -> TypedCells | None:
        """Return what the cells of every row are in SQL, if that is the same in all."""
        return None if self._loaded is None else self._loaded.typed()

    def lines(self) -> tuple[RowLines | None, ...]:
        """Return on which lines the rows of each file begin, where it has lines."""
        return () if self._loaded is None else self._loaded.lines()

    def check_unchanged(self) -> None:
        """Make sure that the files are still those that were opened.

        Raises:
            SpecError: one of them has changed meanwhile.
        """
        check_unchanged(self.project, self.words, self.files)

    def inputs(self) -> Iterator[tuple[str, str]]:
        """Yield name and digest of every file."""
        for file in self.files:
            yield file.name, file.digest()
