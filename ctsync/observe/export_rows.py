"""Rows of an export, sorted by key: CSV, JSON Lines or Parquet, packed or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from ctsync.canonical_json import fold_name, parse
from ctsync.duckdb_connection import (
    Connection,
    open_connection,
    reason_of,
    refusals,
)
from ctsync.errors import CtsyncError, UsageError
from ctsync.formats import FileFormat, format_of, readable_words
from ctsync.formats.json_columns import pointer
from ctsync.model.fault import Faults
from ctsync.model.profile_key import ID_TYPES
from ctsync.observe.export_batch import ExportBatch, ReadRow
from ctsync.observe.export_cells import cell_json, cell_value
from ctsync.observe.export_columns import ColumnSort
from ctsync.observe.export_objects import of_objects
from ctsync.observe.export_profile import seen_in, sort_of_name
from ctsync.observe.export_query import (
    ColumnOf,
    ColumnPath,
    ExportQuery,
    of_columns,
)
from ctsync.observe.profile_reply import SeenProfile
from ctsync.sql_text import named, quoted

MEMORY_MIB = 400
_BATCH = 2_000


class ExportFile(Struct, frozen=True):
    """A file of profiles; `key` is the id type and its column, where they are given.

    Moments that say no zone are in `timezone`, and days begin there at midnight, but
    for those of columns of which `is_text` says that they are text.
    """

    path: Path
    key: tuple[str, str] | None = None
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
        with closing(self._batches(column_of, whole=whole)) as batches:
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

    def _batches(self, column_of: ColumnOf, *, whole: bool) -> Generator[ExportBatch]:
        form = _form_of(self.path)
        with open_connection(
            files=[self.path], memory_mib=MEMORY_MIB, threads=1
        ) as connection:
            try:
                source = form.whole(connection, self.path)
                make = self._objects if form.holds_objects else self._columnar
                query, read = make(connection, source, column_of, whole)
                reader: Any = connection.sql(query.text).to_arrow_reader(_BATCH)
                for columns in reader:
                    yield ExportBatch(columns, query.names, read)
            except (refusals(), Faults, ValueError) as error:
                raise self._unreadable(error) from error

    def _objects(
        self,
        connection: Connection,
        source: str,
        column_of: ColumnOf,
        whole: bool,  # noqa: FBT001
    ) -> tuple[ExportQuery, ReadRow]:
        key = _key_of(_keys_in_objects(self.key))
        query = of_objects(connection, source, key, column_of, whole=whole)
        return query, self._object

    def _object(self, text: str) -> Mapping[str, Any]:
        """Read an object, of which DuckDB may take more for one than Python does."""
        try:
            row: Mapping[str, Any] = parse(text)
        except ValueError as error:
            raise self._unreadable(error) from error
        return row

    def _columnar(
        self,
        connection: Connection,
        source: str,
        column_of: ColumnOf,
        whole: bool,  # noqa: FBT001
    ) -> tuple[ExportQuery, ReadRow]:
        described = f"DESCRIBE SELECT * FROM {source}"  # noqa: S608 - quoted
        types = {
            str(n): str(t) for n, t, *_ in connection.execute(described).fetchall()
        }
        key = _key_of(_keys_among([*types], self.key, self.path))
        cells = [(name, self._cell(name, type_)) for name, type_ in types.items()]

        def read(row: list[str | None]) -> Mapping[str, Any]:
            values = (cell_value(text, self.timezone) for text in row)
            return dict(zip(types, values, strict=True))

        return of_columns(source, key, cells, column_of, whole=whole), read

    def _cell(self, name: str, type_: str) -> str:
        is_text = self.is_text(name)
        return cell_json(named(name), type_, self.timezone, is_text=is_text)


def parse_key_column(word: str | None) -> tuple[str, str] | None:
    """Read `--key identity=COLUMN`.

    Raises:
        UsageError: it is none.
    """
    if word is None:
        return None
    kind, _, column = word.partition("=")
    if kind not in ID_TYPES or not column:
        raise UsageError(
            f"--key {word} means nothing",
            hint=f"write --key TYPE=COLUMN, TYPE one of {', '.join(ID_TYPES)}",
        )
    return kind, column


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


def _keys_in_objects(key: tuple[str, str] | None) -> list[tuple[str, str]]:
    if key is None:
        return [(kind, f"json ->> '$.{kind}'") for kind in ("identity", "objectId")]
    return [(key[0], f"json ->> {quoted(pointer(key[1]))}")]


def _keys_among(
    names: list[str], key: tuple[str, str] | None, path: Path
) -> list[tuple[str, str]]:
    if key is not None:
        if key[1] not in names:
            raise UsageError(
                f'{path} has no column "{key[1]}"',
                hint=f"it has {', '.join(names[:12])}",
            )
        return [(key[0], f"{named(key[1])}::VARCHAR")]
    wanted = {fold_name(kind): kind for kind in ("identity", "objectId")}
    found = {wanted[fold_name(n)]: n for n in names if fold_name(n) in wanted}
    if not found:
        raise UsageError(
            f"no column of {path} says whose the rows are",
            hint=f"name it with --key identity=COLUMN; it has {', '.join(names[:12])}",
        )
    # Sorted, identity comes first, by which most profiles are known.
    return [(kind, f"{named(found[kind])}::VARCHAR") for kind in sorted(found)]


def _key_of(found: list[tuple[str, str]]) -> str:
    """Give two columns of SQL: id type and id, of the first that is not blank."""
    cases = [(kind, f"nullif(trim({column}), '')") for kind, column in found]
    kinds = "".join(f"WHEN {c} IS NOT NULL THEN '{k}' " for k, c in cases)
    ids = ", ".join(column for _, column in cases)
    return f"CASE {kinds} END AS kind, coalesce({ids}, NULL) AS id"
