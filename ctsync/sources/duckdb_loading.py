"""Rows of files as relations of DuckDB: key, digest and place of each row.

Only those are kept; the cells of the few rows that somebody asks for are read from
the files again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import groupby

from msgspec.structs import replace

from ctsync.diagnostics import Diagnostic
from ctsync.duckdb_connection import Connection, is_shortage, reason_of, refusals
from ctsync.errors import SpecError
from ctsync.formats import endings
from ctsync.formats.base import (
    NO_ROWS,
    FileFormat,
    FilePart,
    TypedCells,
    WantedColumns,
    named_cells,
)
from ctsync.formats.data_file import DataFile, refused
from ctsync.formats.where_filter import Expression
from ctsync.model.fault import Fault, Faults
from ctsync.model.row_lines import RowLines
from ctsync.model.row_source import RowPiece, Stream
from ctsync.model.twin_rows import NO_TWINS, Twins, twins_in
from ctsync.sources import duckdb_sql as sql
from ctsync.sources.row_keys import is_sound
from ctsync.sources.row_pieces import RowPieces
from ctsync.sql_text import named


def _format_of(file: DataFile) -> FileFormat:
    return endings()[file.ending]


class LoadedRows:
    """The rows of some files, in one connection.

    Its relations are named after `name`. `digest` gives the expression of a row's
    digest over the relation of a part.
    """

    def __init__(
        self,
        name: str,
        key_type: str,
        files: Sequence[DataFile],
        wanted: WantedColumns,
        digest: Callable[[FilePart], str],
    ) -> None:
        self.files = files
        self.rows = named(f"{name} rows")
        self.count = 0
        self.has_twins = False
        self._tables = {
            False: named(f"{name} in order"),
            True: named(f"{name} numbered"),
        }
        self._sound = is_sound(key_type)
        self._wanted = wanted
        self._digest = digest
        self.parts: tuple[FilePart, ...] = ()
        self._shapes: dict[int, Hashable] = {}
        self._ready: dict[str, DataFile] = {}

    def open(self, connection: Connection) -> Stream | None:
        """Look at the files; give their rows as a stream, if they are numbered.

        `count` is then known.

        Raises:
            SpecError: a file cannot be read so.
            Faults: `where` does not go with the columns of a file.
        """
        try:
            self.parts = tuple(self._by_shape(connection))
            # A stream is one query; rows without numbers get theirs as they are
            # inserted.
            if [part.numbered for part in self.parts] != [True]:
                return None
            kept = "" if self._wanted.condition is None else " WHERE kept"
            relation = f"SELECT * FROM ({self.parts[0].relation}){kept}"  # noqa: S608
            query = sql.COUNT_STREAM.format(relation=relation)
            self.count = connection.execute(query).fetchall()[0][0]
        except refusals() as error:
            raise self._explained(connection, error) from error
        digest, cells = self._digest(self.parts[0]), self.parts[0].cells
        return Stream(relation, digest, cells, self._sound) if self.count else None

    def load(self, connection: Connection) -> None:
        """Read every row of every file once, after `open`.

        Then `rows` is the name of a relation (id VARCHAR, key VARCHAR, digest UHUGEINT,
        file INTEGER, row BIGINT): `id` is '' where the key names no one, `key` is as
        it stands. `count` is the number of rows, and `has_twins` says that two of them
        have the same `id`.

        Raises:
            SpecError: a file cannot be read so; the first row that fails is named.
        """
        try:
            self._create(connection)
            for part in self.parts:
                self._insert(connection, part)
            self._number(connection)
            self._count(connection)
        except refusals() as error:
            raise self._explained(connection, error) from error

    def pieces(self, connection: Connection, most_rows: int) -> Iterator[RowPiece]:
        """Yield the rows, after `open`, in pieces that may be read elsewhere."""
        pieces = RowPieces(
            connection,
            digest=self._digest,
            sound=self._sound,
            is_filtered=self._wanted.condition is not None,
        )
        for part in self.parts:
            form, shape = _format_of(part.files[0]), self._shapes[part.first]
            for number, file in enumerate(part.files, part.first):
                one = form.part((file,), number, shape, self._wanted)
                yield from pieces.of(one, most_rows)

    def part_of(self, file: int) -> FilePart:
        """Return the part in which the file of a number stands."""
        return next(part for part in reversed(self.parts) if part.first <= file)

    def line_of(self, file: int, row: int) -> int | None:
        """Return the line on which a row begins, where its file has lines."""
        return self.part_of(file).line_of(file, row) if self.parts else None

    def lines(self) -> tuple[RowLines | None, ...]:
        """Return on which lines the rows of each file begin, where it has lines."""
        ready = (self._ready.get(file.name, file) for file in self.files)
        return tuple(file.layout for file in ready)

    def typed(self) -> TypedCells | None:
        """Return what the cells of every row are in SQL, if that is the same in all."""
        said = [part.typed() for part in self.parts]
        return said[0] if said and said.count(said[0]) == len(said) else None

    @property
    def lacking(self) -> tuple[str, ...]:
        """The columns that no row of any file has, and that are blank for that."""
        lacking = [frozenset(part.lacking) for part in self.parts]
        return tuple(sorted(frozenset.intersection(*lacking))) if lacking else ()

    def cells(self, wanted: str) -> str:
        """Return a query (file, row, cells) for the rows that a relation lists."""
        queries = [self._cells_of(part, wanted) for part in self.parts]
        return " UNION ALL ".join(queries) or sql.NO_CELLS

    def _cells_of(self, part: FilePart, wanted: str) -> str:
        words = {
            "rows": self.rows,
            "wanted": wanted,
            "first": part.first,
            "last": part.first + len(part.files) - 1,
        }
        picked = sql.PICKED.format(**words)
        query = sql.CELLS_BY_KEY
        if part.numbered:
            query = sql.CELLS_BY_ROW
        elif self.has_twins:
            query = sql.CELLS_OF_TWINS
        return query.format(
            picked=picked,
            cells=part.cells,
            kept="" if self._wanted.condition is None else " WHERE kept",
            digest=self._digest(part),
            relation=part.relation,
        )

    def _by_shape(self, connection: Connection) -> Iterator[FilePart]:
        shapes, findings = [], []
        for file in self.files:
            form = _format_of(file)
            try:
                ready = form.ready(connection, file, self._wanted)
                self._ready[file.name] = ready
                shape = form.shape(connection, ready, self._wanted)
                shapes.append((form, shape, ready))
            except Faults as found:
                fault = found.first
                if fault.path:  # it is about an expression of the spec
                    message = f"{fault.message}, in {file.name}"
                    raise Faults(replace(fault, message=message)) from found
                findings.append(self._in_file(fault, file))
        if findings:
            raise refused(findings)
        first = 0
        for (form, shape), group in groupby(shapes, key=lambda found: found[:2]):
            files = tuple(file for _, _, file in group)
            if shape != NO_ROWS:
                self._shapes[first] = shape
                yield form.part(files, first, shape, self._wanted)
            first += len(files)

    def _in_file(self, fault: Fault, file: DataFile) -> Diagnostic:
        ready = self._ready.get(file.name, file)
        line = ready.line_of(fault.row) or fault.line
        return replace(fault, line=line).in_file(file.name)

    def _create(self, connection: Connection) -> None:
        for numbered, table in self._tables.items():
            row = ", row BIGINT" if numbered else ""
            connection.execute(sql.CREATE.format(table=table, row=row))

    def _insert(self, connection: Connection, part: FilePart) -> None:
        query = sql.INSERT
        if self._wanted.condition is not None:
            # Where rows are numbered here, those that are not kept count too.
            query = sql.INSERT_KEPT if part.numbered else sql.INSERT_MARKED
        connection.execute(
            query.format(
                table=self._tables[part.numbered],
                digest=self._digest(part),
                sound=self._sound,
                row=", row" if part.numbered else "",
                relation=part.relation,
            )
        )

    def _number(self, connection: Connection) -> None:
        table = self._tables[False]
        starts = []
        found = connection.execute(sql.STARTS.format(table=table)).fetchall()
        for file, low, high, count in found:
            if high - low + 1 != count:
                name = self.files[file].name
                raise SpecError(f"the rows of {name} came out of order", ())
            starts.append(f"({file}, {low})")
        connection.execute(
            sql.ROWS.format(
                rows=self.rows,
                table=table,
                starts=", ".join(starts) or "(0, 0)",
                numbered=self._tables[True],
            )
        )

    def _count(self, connection: Connection) -> None:
        query = sql.COUNT.format(rows=self.rows)
        self.count, distinct = connection.execute(query).fetchall()[0]
        self.has_twins = self.count != distinct

    def twins(self, connection: Connection) -> Twins:
        """Return the rows, after `load`, whose key stood before."""
        if not self.has_twins:
            return NO_TWINS
        return twins_in(self.rows, lambda query: connection.execute(query).fetchall())

    def _explained(self, connection: Connection, error: Exception) -> Exception:
        """Find the first row that fails, or else the first file."""
        # Where memory ran out no row is at fault, and looking for one would need it
        # again.
        if is_shortage(error):
            return error
        for file in self._ready.values():
            fault = _format_of(file).first_fault(file, self._wanted)
            if fault is not None:
                return refused([self._in_file(fault, file)])
        for file in self._ready.values():
            fault = self._failure(connection, file)
            if fault is not None:
                return refused([fault.in_file(file.name)])
        return SpecError(f"DuckDB cannot read the rows: {reason_of(error)}", ())

    def _failure(self, connection: Connection, file: DataFile) -> Fault | None:
        """Find out whether a file cannot be read, or an expression fails on a row."""
        for expression in (None, *self._wanted.expressions):
            try:
                self._try(connection, file, expression)
            except Faults as found:
                return found.first
            except refusals() as error:
                return _damaged(error) if expression is None else _undecided(expression)
        return None

    def _try(
        self, connection: Connection, file: DataFile, expression: Expression | None
    ) -> None:
        """Read a file without expressions, or with one alone."""
        alone = self._wanted.without_expressions(expression)
        form = _format_of(file)
        shape = form.shape(connection, file, alone)
        if shape == NO_ROWS:
            return
        part = form.part((file,), 0, shape, alone)
        cells = named_cells(len(alone.columns))
        asked = ["key", *cells, *([] if alone.condition is None else ["kept"])]
        value = f"hash({', '.join(asked)})"
        query = sql.TRY.format(relation=part.relation, value=value)
        connection.execute(query).fetchall()


# DuckDB's own words would show the value.
def _undecided(expression: Expression) -> Fault:
    name = ".".join(expression.steps)
    return Fault(
        "CT604",
        f"`{name}` fails on a row: a value in it cannot be converted",
        "write TRY_CAST(column AS INTEGER), which gives NULL instead",
    )


def _damaged(error: Exception) -> Fault:
    message = f"cannot be read: {reason_of(error)}"
    return Fault("CT612", message, "export it again")
