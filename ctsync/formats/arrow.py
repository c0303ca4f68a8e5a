"""Arrow IPC: record batches as they lie in memory, in files or streams; also Feather.

DuckDB reads no such file by itself, so it is given a copy as Parquet, in which columns
keep their types. Only the columns that somebody looks at are copied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any

from ctsync.arrow import arrow, arrow_failures, arrow_ipc, arrow_parquet
from ctsync.duckdb_connection import Connection
from ctsync.formats.base import WantedColumns
from ctsync.formats.data_file import DataFile, mark_of
from ctsync.formats.parquet import ParquetFormat, most_rows
from ctsync.formats.plain_text import copy_of, most_bytes, no_room
from ctsync.model.fault import Fault, Faults

_MAGIC = b"ARROW1"  # a file begins so, a stream does not
_SLICE_ROWS = 20_480  # rows of a group of the copy
_TYPES = """
bool date32[day] date64[ms] double extension<arrow.uuid> float halffloat int8
int16 int32 int64 large_string null string string_view uint8 uint16 uint32 uint64
decimal32 decimal64 decimal128 timestamp"""
_VALUES = frozenset(_TYPES.split())
_TEXTS = frozenset(("large_string", "null", "string", "string_view"))
_LISTS = ("list<", "large_list<", "fixed_size_list<", "list_view<", "large_list_view<")


class ArrowFormat(ParquetFormat):
    """Files and streams of Arrow; those with the same columns are read together."""

    suffixes = (".arrow", ".arrows", ".feather")

    def ready(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> DataFile:
        """Return a file with a copy as Parquet.

        Raises:
            Faults: it is damaged, or a wanted column has a type that is no value.
            CtsyncError: there is no room for the copy.
        """
        copied = copy_of(connection, file)
        with _file(file.path) as reader:
            names = _looked_at(reader.schema.names, wanted)
            _require_values(reader.schema, names)
            _copy(reader, names, copied.text_path, file.mark[0])
        return copied

    def whole(self, connection: Connection, path: Path) -> str:
        """Return a relation of the columns that are values, with their own types."""
        file = DataFile(path, path.name, mark_of(path.stat()), path.suffix)
        copied = copy_of(connection, file)
        with _file(path) as reader:
            names = {f.name for f in reader.schema if _is_value(f.type)}
            _copy(reader, names, copied.text_path, file.mark[0])
        return super().whole(connection, copied.text_path)


@contextmanager
def _file(path: Path) -> Iterator[Any]:
    """Open a file of record batches.

    Raises:
        Faults: it is none, or damaged, here or where it is read.
    """
    try:
        with arrow().OSFile(str(path)) as stream:
            is_file = stream.read(len(_MAGIC)) == _MAGIC
            stream.seek(0)
            yield (arrow_ipc().open_file if is_file else arrow_ipc().open_stream)(
                stream
            )
    except (arrow_failures(), OSError, ValueError) as error:
        # The copy is written while the file is open, so that a full disk is met here,
        # too.
        if isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT}:
            raise no_room(error) from error
        message = "is no Arrow file that can be read"
        raise Faults(Fault("CT612", message, "export it again")) from error


def _looked_at(known: Collection[str], wanted: WantedColumns) -> set[str]:
    """Return the columns of a file that the key, cells and expressions look at."""
    seen = {n for each in wanted.expressions for n in each.columns(sorted({*known}))}
    return {*known} & {*wanted.names, *seen}


def _require_values(schema: Any, names: Collection[str]) -> None:
    for field in schema:
        if field.name in names and not _is_value(field.type):
            noun = str(field.type).partition("<")[0].partition("[")[0]
            message = f'column "{field.name}" is {noun}, which is no value'
            hint = "export text, numbers, booleans, dates or lists of text"
            raise Faults(Fault("CT625", message, hint))


def _is_value(type_: Any) -> bool:
    name = str(type_)
    if name.startswith("dictionary<"):
        return _is_value(type_.value_type)
    if name.startswith(_LISTS):
        return _text_of(type_.value_type) in _TEXTS
    return name in _VALUES or name.partition("[")[0].partition("(")[0] in _VALUES


def _text_of(type_: Any) -> str:
    return str(getattr(type_, "value_type", type_))


def _copy(reader: Any, names: Collection[str], to: Path, size: int) -> None:
    """Write what is looked at as Parquet, in steps that need little memory."""
    schema = _schema_of(reader.schema, names)
    with arrow_parquet().ParquetWriter(to, schema, store_schema=False) as writer:
        for batch in _bounded(_batches(reader), size):
            columns = [
                _plain(batch.column(place))
                if field.name in names
                else arrow().nulls(batch.num_rows, field.type)
                for place, field in enumerate(schema)
            ]
            writer.write_batch(arrow().record_batch(columns, schema=schema))


def _schema_of(schema: Any, names: Collection[str]) -> Any:
    """Return what the copy holds: of columns that nobody looks at, the names alone."""
    nothing = arrow().null()
    return arrow().schema(
        [(f.name, _plain_type(f.type) if f.name in names else nothing) for f in schema]
    )


def _plain_type(type_: Any) -> Any:
    """Return the type in the copy: Parquet has no views behind numbers."""
    if not _is_coded_view(type_):
        return type_
    return arrow().dictionary(type_.index_type, arrow().large_string())


def _plain(column: Any) -> Any:
    if not _is_coded_view(column.type):
        return column
    texts = column.dictionary.cast(arrow().large_string())
    return arrow().DictionaryArray.from_arrays(column.indices, texts)


def _is_coded_view(type_: Any) -> bool:
    """Return whether a type is that of categories as polars writes them."""
    return str(type_).startswith("dictionary<values=string_view")


def _batches(reader: Any) -> Iterator[Any]:
    """Yield the rows in slices, looked through first: offsets may lead anywhere."""
    count = getattr(reader, "num_record_batches", None)
    whole = reader if count is None else map(reader.get_batch, range(count))
    for batch in whole:
        batch.validate(full=True)
        for start in range(0, batch.num_rows, _SLICE_ROWS):
            yield batch.slice(start, _SLICE_ROWS)


def _bounded(batches: Iterator[Any], size: int) -> Iterator[Any]:
    """Stop where a file of some bytes becomes more than exports ever do."""
    rows = taken = 0
    for batch in batches:
        rows, taken = rows + batch.num_rows, taken + batch.nbytes
        if rows > most_rows(size) or taken > most_bytes(size):
            message = f"has more than {rows:,} rows in {size:,} bytes"
            raise Faults(
                Fault("CT640", message, "rows with keys of their own take more")
            )
        yield batch


FORMAT = ArrowFormat()
