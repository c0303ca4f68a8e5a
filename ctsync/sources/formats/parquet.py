"""Parquet: columns that have types, and keep them."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

from ctsync.canonical_json import parse
from ctsync.duckdb_connection import Connection, named, refusals
from ctsync.model.scalar_value import Literal, Misread
from ctsync.sources.data_files import DataFile, Unreadable
from ctsync.sources.file_format import (
    Cells,
    FilePart,
    Read,
    WantedColumns,
    kept,
    named_cells,
    number,
    require,
    text,
    word,
)

Reader: TypeAlias = "Callable[[str], Read]"

_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,0\)")
_NUMBER = re.compile(r"FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)")
_MOMENT = re.compile(r"TIMESTAMP(_S|_MS|_NS)?")
_SORTS = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "instant",
    "TIMESTAMPTZ_NS": "instant",  # what pandas writes, by DuckDB 2.0.1
    "VARCHAR[]": "list",
}
_RELATION = """
SELECT {cells}, file, row{kept} FROM (
    SELECT {columns}, (file_index + {first})::INTEGER AS file,
        (file_row_number + 1)::BIGINT AS row
    FROM {reader}
)"""
_LEAST_MOST_ROWS = 1_000_000
_MOST_ROWS_A_BYTE = 10
_OURS = ("file_index", "file_row_number", "filename")


class ParquetFormat:
    """Parquet files; those with the same columns and types are read together."""

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return names and types of the columns, and those of `where`.

        Raises:
            Unreadable: the file is damaged, lacks a wanted column, or one has a type
                that is no value.
        """
        query = f"SELECT * FROM {_reader([file])}"  # noqa: S608
        try:
            found = connection.sql(query)
        except refusals() as error:
            message = "is no Parquet file that can be read"
            raise Unreadable("CT612", message, "export it again") from error
        _require_bounds(connection, file)
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        require(wanted.names, found.columns)
        _require_types(types, wanted)
        looked_at: tuple[str, ...] = ()
        if wanted.condition is not None:
            looked_at = wanted.condition.columns(found.columns)
            wanted.condition.bind(connection, [types[name] for name in looked_at])
        return tuple(types.items()), looked_at

    def part(
        self, files: tuple[DataFile, ...], first: int, shape: Any, wanted: WantedColumns
    ) -> FilePart:
        """Return the part that files of the same columns are."""
        types, looked_at = dict(shape[0]), shape[1]
        sorts = tuple(_sort(types[name]) for name in wanted.columns)
        cells = named_cells(len(wanted.columns))
        return FilePart(
            files,
            first,
            _relation(files, first, wanted, sorts, looked_at),
            ["parquet", *sorts],
            f"[{', '.join(['key', *cells])}]",
            partial(_read, [*map(_reader_of, wanted.columns, sorts)]),
            numbered=True,
        )

    def first_fault(self, file: DataFile) -> Unreadable | None:  # noqa: ARG002
        """Parquet has no rows that could be read by themselves."""
        return None


def _require_bounds(connection: Connection, file: DataFile) -> None:
    """Refuse a few bytes that say they are millions of rows."""
    query = f"SELECT sum(num_rows) FROM parquet_file_metadata([{file.sql}])"  # noqa: S608
    ((rows,),) = connection.execute(query).fetchall()
    if rows > max(_LEAST_MOST_ROWS, _MOST_ROWS_A_BYTE * file.mark[0]):
        message = f"has {rows:,} rows in {file.mark[0]:,} bytes"
        raise Unreadable("CT640", message, "rows with keys of their own take more")


def _reader(files: Sequence[DataFile]) -> str:
    names = ", ".join(file.sql for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def _sort(type_: str) -> str:
    if _WHOLE.fullmatch(type_) or _NUMBER.fullmatch(type_):
        return "number"
    if _MOMENT.fullmatch(type_):
        return "moment"
    return _SORTS.get(type_) or ("text" if type_.startswith("ENUM(") else "")


def _require_types(types: dict[str, str], wanted: WantedColumns) -> None:
    kept_back = [name for name in types if name.lower() in _OURS]
    if kept_back:
        message = f'column "{kept_back[0].lower()}" has a name that DuckDB keeps'
        raise Unreadable("CT616", message, "export it under another name")
    key = types[wanted.key]
    if _sort(key) != "text" and not _WHOLE.fullmatch(key):
        message = f'key column "{wanted.key}" is {_noun(key)}'
        raise Unreadable("CT625", message, "a key is text or a whole number")
    for name in wanted.columns:
        if not _sort(types[name]):
            message = f'column "{name}" is {_noun(types[name])}, which is no value'
            hint = "export text, numbers, booleans, dates or lists of text"
            raise Unreadable("CT625", message, hint)


def _noun(type_: str) -> str:
    # Names of fields and words of an ENUM stand in brackets.
    return type_ if type_.startswith("DECIMAL") else type_.partition("(")[0]


def _relation(
    files: Sequence[DataFile],
    first: int,
    wanted: WantedColumns,
    sorts: Sequence[str],
    looked_at: Sequence[str],
) -> str:
    columns = [f"{named(wanted.key)}::VARCHAR AS key"]
    for place, (name, sort) in enumerate(zip(wanted.columns, sorts, strict=True), 1):
        column = named(name)
        value = f"to_json({column})" if sort == "list" else column
        columns.append(f"{value}::VARCHAR AS c{place}")
    for place, name in enumerate(looked_at, 1):
        columns.append(f"{named(name)} AS w{place}")
    return _RELATION.format(
        cells=", ".join(["key", *named_cells(len(wanted.columns))]),
        kept=kept(wanted),
        columns=", ".join(columns),
        first=first,
        reader=_reader(files),
    )


def _read(readers: Sequence[Reader], cells: Cells) -> Sequence[Read]:
    found = zip(readers, islice(cells, 1, None), strict=True)
    return [read(cell) if cell else None for read, cell in found]


def _reader_of(name: str, sort: str) -> Reader:
    """Return what reads the cells of a column."""
    return partial(_number, name) if sort == "number" else _READERS[sort]


def _list(cell: str) -> Read:
    return [_NULL if item is None else text(item) for item in parse(cell)]


def _number(name: str, cell: str) -> Read:
    found = number(cell)
    if found.type == "number" or cell.lstrip("-").isdigit():
        return found
    message = f'column "{name}" holds {{value}}, which is no number'
    return Misread("CT625", message, "export it as null", cell)


def _date(cell: str) -> Read:
    return Literal(cell, "date")


def _moment(cell: str, zone: str = "") -> Read:
    """Return a moment as a spec would write it."""
    written = cell.removesuffix("+00") + zone
    if "." in written:
        message = "{value} has parts of a second"
        hint = "the platform stores whole seconds; export it without"
        return Misread("CT624", message, hint, cell)
    return Literal(written.replace(" ", "T", 1), "date")


_NULL = word("null")
_READERS: Mapping[str, Reader] = {
    "text": text,
    "list": _list,
    "boolean": word,
    "date": _date,
    "moment": _moment,
    "instant": partial(_moment, zone="Z"),
}


FORM = ParquetFormat()
