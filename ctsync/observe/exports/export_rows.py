"""Rows of an export, sorted by key: CSV, JSON Lines or Parquet, packed or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from ctsync.canonical_json import parse
from ctsync.duckdb_connection import (
    Connection,
    open_connection,
    reason_of,
    refusals,
)
from ctsync.errors import CtsyncError, UsageError
from ctsync.formats import FileFormat, format_of, readable_words
from ctsync.model.fault import Faults
from ctsync.observe.exports.export_batch import ExportBatch, ReadRow, columns_in
from ctsync.observe.exports.export_cells import cell_json, cell_value
from ctsync.observe.exports.export_columns import ColumnSort
from ctsync.observe.exports.export_keys import (
    KeyColumn,
    first_names,
    key_sql,
    keyless,
    keys_among,
    keys_in_objects,
)
from ctsync.observe.exports.export_objects import of_objects
from ctsync.observe.exports.export_profile import seen_in, sort_of_name
from ctsync.observe.exports.export_query import (
    ColumnOf,
    ColumnPath,
    ExportQuery,
    ExportSource,
    WantedRows,
    of_columns,
)
from ctsync.observe.exports.sorted_rows import sorted_rows
from ctsync.observe.profile_reply import SeenProfile
from ctsync.sql_text import named

MEMORY_MIB = 400
_WIDE_MEMORY_MIB = 1_024
_BATCH = 2_000
_MOST_SORTED_BYTES = 64 << 20


class ExportFile(Struct, frozen=True):
    """A file of profiles; `key` is the id type and its column, where they are given.

    Moments that say no zone are in `timezone`, and days begin there at midnight, but
    for those of columns of which `is_text` says that they are text.
    """

    path: Path
    key: KeyColumn | None = None
    timezone: ZoneInfo = ZoneInfo("UTC")
    is_text: Callable[[str], bool] = lambda _name: False

    def batches(self, column_of: ColumnOf, *, whole: bool) -> Generator[ExportBatch]:
        """Yield rows sorted by key, with cells of those alone that have no line.

        With `whole` all have their cells.

        Raises:
            CtsyncError: the file cannot be read, no column names anybody, or two rows
                are of one profile.
        """
        before: ExportBatch | None = None
        with closing(self._batches(WantedRows(column_of, whole))) as batches:
            for batch in batches:
                if batch.has_twins(before):
                    raise self._duplicate()
                yield batch
                before = batch

    def seen(self, row: Mapping[str, Any]) -> SeenProfile:
        """Give the profile that a row is."""
        if self.key is None:
            return seen_in(row)
        return seen_in({n: v for n, v in row.items() if n != self.key[1]})

    def sort_of(self, path: ColumnPath) -> ColumnSort:
        """Say what a column holds; no object of attributes is looked for in another."""
        if path == (self.key and self.key[1],):
            return "nothing"
        sort = sort_of_name(path[-1])
        return "special" if sort == "data" and len(path) > 1 else sort

    def _duplicate(self) -> CtsyncError:
        return CtsyncError(
            f"{self.path} has two rows of one profile",
            hint="leave one of them; which of the two is so, nobody can tell",
            code="export_duplicate",
        )

    def _unreadable(self, error: Exception) -> CtsyncError:
        return CtsyncError(
            f"{self.path} cannot be read: {reason_of(error)}",
            hint="see that it is whole, and that its name ends as what it is",
            code="export_unreadable",
        )

    def _batches(self, wanted: WantedRows) -> Generator[ExportBatch]:
        form = _form_of(self.path)
        with open_connection(
            files=[self.path], memory_mib=MEMORY_MIB, threads=1
        ) as connection:
            try:
                relation = form.whole(connection, self.path)
                make = self._objects if form.holds_objects else self._columnar
                source, query, read = make(connection, relation, wanted)
                rows = 0
                for columns in _columns_of(connection, query.text, source):
                    yield ExportBatch(columns, query.names, read)
                    rows += 1
                if not rows and source.width:
                    raise keyless(self.path, source.names)
            except (refusals(), Faults, ValueError) as error:
                raise self._unreadable(error) from error

    def _objects(
        self, connection: Connection, relation: str, wanted: WantedRows
    ) -> tuple[ExportSource, ExportQuery, ReadRow]:
        names = first_names(connection, relation)
        keys = keys_in_objects(names, self.key)
        source = _source(connection, relation, keys, names)
        return source, of_objects(connection, source, wanted), self._object

    def _object(self, text: str) -> Mapping[str, Any]:
        """Read an object, of which DuckDB may take more for one than Python does."""
        try:
            row: Mapping[str, Any] = parse(text)
        except ValueError as error:
            raise self._unreadable(error) from error
        return row

    def _columnar(
        self, connection: Connection, relation: str, wanted: WantedRows
    ) -> tuple[ExportSource, ExportQuery, ReadRow]:
        described = f"DESCRIBE SELECT * FROM {relation}"  # noqa: S608 - quoted
        types = {
            str(n): str(t) for n, t, *_ in connection.execute(described).fetchall()
        }
        keys = keys_among([*types], self.key, self.path)
        source = _source(connection, relation, keys, [*types])
        cells = [(name, self._cell(name, type_)) for name, type_ in types.items()]

        def read(row: list[str | None]) -> Mapping[str, Any]:
            values = (cell_value(text, self.timezone) for text in row)
            return dict(zip(types, values, strict=True))

        return source, of_columns(source, cells, wanted), read

    def _cell(self, name: str, type_: str) -> str:
        is_text = self.is_text(name)
        return cell_json(named(name), type_, self.timezone, is_text=is_text)


def _form_of(path: Path) -> FileFormat:
    form = format_of(_JSON.sub(".jsonl", path.name.lower()))
    if form is None:
        raise UsageError(
            f"{path} is no export: its name says nothing of what it is",
            hint=f"it ends in {readable_words()}",
        )
    return form


# The platform calls its own exports so, and they hold an object a line.
_JSON = re.compile(r"\.json(?=$|\.)")


def _source(
    connection: Connection,
    relation: str,
    keys: Sequence[KeyColumn],
    names: Sequence[str],
) -> ExportSource:
    ((width,),) = connection.execute(_WIDTH.format(relation=relation)).fetchall()
    return ExportSource(relation, key_sql(keys), width, names)


_WIDTH = """SELECT coalesce(avg(strlen(part::VARCHAR)), 0)
FROM (SELECT * FROM {relation} LIMIT 10000) part"""


def _columns_of(
    connection: Connection, query: str, source: ExportSource
) -> Iterator[list[Any]]:
    """Yield the columns of the query for rows of a source, sorted by key."""
    if source.is_wide:
        connection.execute(f"SET memory_limit = '{_WIDE_MEMORY_MIB}MiB'")
    reader: Any = connection.sql(query).to_arrow_reader(_BATCH)
    if not source.is_wide:
        yield from map(columns_in, reader)
        return
    batches = (
        (table.nbytes, [*zip(*columns_in(table), strict=True)]) for table in reader
    )
    rows = sorted_rows(batches, _MOST_SORTED_BYTES)
    while some := [*islice(rows, _BATCH)]:
        yield [*map(list, zip(*some, strict=True))]
