"""Parquet: columns that have types, and keep them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from ctsync.duckdb_connection import Connection, path_in_sql, refusals
from ctsync.formats.base import (
    NO_ROWS,
    FileFormat,
    FilePart,
    WantedColumns,
    named_cells,
    no_fault,
    require,
)
from ctsync.formats.cell_sorts import WHOLE, sort_of
from ctsync.formats.data_file import DataFile
from ctsync.formats.row_query import (
    FAILED,
    Columns,
    Seen,
    can_fail,
    failure_in,
    query_of,
    seen_by,
    sorts_of,
    without,
)
from ctsync.formats.typed_cells import cell_sql, read_cells, readers_of, typed_cells
from ctsync.formats.where_filter import Expression
from ctsync.model.fault import Fault, Faults
from ctsync.sql_text import named

_OURS = ("file_index", "file_row_number", "filename")
_TREE = "SELECT name, type, num_children FROM parquet_schema({file})"
_COUNT = "SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({file})"
_LEAST_MOST_ROWS = 1_000_000
_MOST_ROWS_A_BYTE = 10
_INT96 = "INT96"
# Text of such a cell is made where somebody reads it, and not to compare all rows.
_DEAR_AS_TEXT = frozenset(("DATE", "DOUBLE", "VARCHAR[]"))
_NO_COLUMNS = "Need at least one non-root column"  # as pandas writes an empty frame


class _Column(Struct, frozen=True):
    """A column: what DuckDB calls it, and its type; letter case tells no two apart."""

    alias: str
    type: str


class ParquetFormat(FileFormat):
    """Parquet files; those with the same columns and types are read together."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return names and types of the columns, and what expressions look at.

        Of a file without rows nothing is asked: what wrote it saw no values.

        Raises:
            Faults: the file is damaged, lacks a wanted column, or one has a type
                that is no value.
        """
        columns = _columns_of(connection, file)
        if not columns:
            return NO_ROWS
        if not _rows_in(connection, file):
            return NO_ROWS
        require(wanted.names, [*columns])
        _require_names(columns)
        looked_at = [e.columns([*columns]) for e in wanted.expressions]
        _require_zones(columns, wanted, looked_at)
        _require_types(columns, wanted)
        seen = seen_by(
            connection, wanted, [*columns], lambda name: _sql_type(columns[name].type)
        )
        return tuple(columns.items()), seen

    def part(
        self, files: tuple[DataFile, ...], first: int, shape: Any, wanted: WantedColumns
    ) -> FilePart:
        """Return the part that files of the same columns are."""
        columns, seen = dict(shape[0]), shape[1]
        sorts = sorts_of(wanted, seen, lambda name: _sort(columns[name].type))
        names = named_cells(len(wanted.columns))
        typed = [_keeps_type(cell, columns) for cell in wanted.columns]
        each = zip(names, sorts, typed, strict=True)
        texts = (cell_sql(n, sort) if has_type else n for n, sort, has_type in each)
        cells = ["key", *texts]
        if can_fail(wanted):
            cells.append(FAILED)
        return FilePart(
            files,
            first,
            _relation(files, first, wanted, columns, seen),
            ["parquet", *sorts, typed],
            f"[{', '.join(cells)}]",
            partial(read_cells, readers_of(wanted, sorts)),
            numbered=True,
            fault=FAILED if can_fail(wanted) else None,
            row_fault=failure_in if can_fail(wanted) else no_fault,
            typed=partial(typed_cells, sorts, faults=int(can_fail(wanted))),
        )

    def whole(self, connection: Connection, path: Path) -> str:  # noqa: ARG002 - as every format is asked
        """Return a relation of the columns, with their own types."""
        return f"read_parquet({path_in_sql(path)})"


def _rows_in(connection: Connection, file: DataFile) -> int:
    """Count rows; refuse a few bytes that say they are millions of them."""
    ((rows,),) = connection.execute(_COUNT.format(file=file.sql)).fetchall()
    if rows > most_rows(file.mark[0]):
        message = f"has {rows:,} rows in {file.mark[0]:,} bytes"
        raise Faults(Fault("CT640", message, "rows with keys of their own take more"))
    return int(rows)


def most_rows(size: int) -> int:
    """Return how many rows may be in a file of some bytes."""
    return max(_LEAST_MOST_ROWS, _MOST_ROWS_A_BYTE * size)


def _columns_of(connection: Connection, file: DataFile) -> dict[str, _Column]:
    """The columns by their own names, which DuckDB changes where two are alike."""
    query = f"SELECT * FROM {_reader([file])}"  # noqa: S608
    try:
        found = connection.sql(query)
        tree = connection.execute(_TREE.format(file=file.sql)).fetchall()
    except refusals() as error:
        if _NO_COLUMNS in str(error):
            return {}
        message = "is no Parquet file that can be read"
        raise Faults(Fault("CT612", message, "export it again")) from error
    columns: dict[str, _Column] = {}
    own = zip(_top_level(tree), found.columns, map(str, found.types), strict=True)
    for (name, is_int96), alias, type_ in own:
        if name in columns:
            message = "names a column twice"
            raise Faults(Fault("CT616", message, "name each column once"))
        columns[name] = _Column(alias, _INT96 if is_int96 else type_)
    return columns


def _top_level(tree: Sequence[tuple[str, str | None, int | None]]) -> Any:
    """Yield name of each column, and whether it is INT96; the tree is in pre-order."""
    skipped = 0
    for name, type_, children in tree[1:]:
        if not skipped:
            yield name, type_ == _INT96
        else:
            skipped -= 1
        skipped += children or 0


def _reader(files: Sequence[DataFile]) -> str:
    names = ", ".join(file.sql for file in files)
    # Else a folder that is called like `country=IN` would add a column to its files.
    return f"read_parquet([{names}], hive_partitioning = false)"


def _sort(type_: str) -> str:
    return "instant" if type_ == _INT96 else sort_of(type_)


def _keeps_type(cell: str | Expression, columns: Mapping[str, _Column]) -> bool:
    return isinstance(cell, str) and columns[cell].type in _DEAR_AS_TEXT


def _sql_type(type_: str) -> str:
    return "TIMESTAMP WITH TIME ZONE" if type_ == _INT96 else type_


def _require_names(columns: dict[str, _Column]) -> None:
    kept_back = [name for name in columns if name.lower() in _OURS]
    if kept_back:
        message = f'column "{kept_back[0].lower()}" has a name that DuckDB keeps'
        raise Faults(Fault("CT616", message, "export it under another name"))


def _require_zones(
    columns: dict[str, _Column],
    wanted: WantedColumns,
    looked_at: Sequence[Sequence[str]],
) -> None:
    """Make sure that moments are written in a way that tells their time zone."""
    if wanted.int96_is_utc:
        return
    for name in (*wanted.names, *(each for names in looked_at for each in names)):
        if columns[name].type == _INT96:
            message = f'column "{name}" is INT96, which does not tell its time zone'
            hint = "write int96: utc if Spark wrote it, or export TIMESTAMP_MICROS"
            raise Faults(Fault("CT625", message, hint))


def _require_types(columns: dict[str, _Column], wanted: WantedColumns) -> None:
    if isinstance(wanted.key, str):
        key = columns[wanted.key].type
        if sort_of(key) not in {"text", "blank"} and not WHOLE.fullmatch(key):
            message = f'key column "{wanted.key}" is {_noun(key)}'
            hint = (
                "a key is text or a whole number; "
                f"compute: {{key: 'CAST({named(wanted.key)} AS BIGINT)'}} makes one"
            )
            raise Faults(Fault("CT625", message, hint))
    for name in wanted.columns:
        if isinstance(name, str) and not _sort(columns[name].type):
            noun = _noun(columns[name].type)
            message = f'column "{name}" is {noun}, which is no value'
            hint = "export text, numbers, booleans, dates or lists of text"
            raise Faults(Fault("CT625", message, hint))


def _noun(type_: str) -> str:
    # Names of fields and words of an ENUM stand in brackets.
    return type_ if type_.startswith("DECIMAL") else type_.partition("(")[0]


def _relation(
    files: Sequence[DataFile],
    first: int,
    wanted: WantedColumns,
    columns: dict[str, _Column],
    seen: Sequence[Seen],
) -> str:
    def value(name: str) -> str:
        column = columns[name]
        plain = named(column.alias)
        if column.type == _INT96:
            return f"timezone('UTC', {plain})"
        return without(plain, wanted.nulls) if column.type == "VARCHAR" else plain

    def cell(_: int, name: str) -> str:
        if _keeps_type(name, columns):
            return value(name)
        return cell_sql(value(name), _sort(columns[name].type))

    others = (
        f"(file_index + {first})::INTEGER AS file",
        "(file_row_number + 1)::BIGINT AS row",
    )
    how = Columns(lambda name: f"({value(name)})::VARCHAR", cell, value)
    return query_of(wanted, seen, how, _reader(files), *others)


FORMAT = ParquetFormat()
