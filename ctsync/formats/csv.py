"""CSV: RFC 4180 with double quotes, under a header or names from the spec.

DuckDB is told every column, since what it guesses costs zeros, words and blanks. It
matches columns by position alone, so the header is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from msgspec.structs import replace

from ctsync.duckdb_connection import Connection, path_in_sql, refusals
from ctsync.formats.base import (
    Cells,
    Dialect,
    FileFormat,
    FilePart,
    Read,
    WantedColumns,
    named_cells,
    no_fault,
    require,
)
from ctsync.formats.csv_records import first_fault, header_of, mended
from ctsync.formats.csv_survey import survey_csv
from ctsync.formats.data_file import DataFile
from ctsync.formats.plain_text import MAX_LINE_BYTES, plain
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
from ctsync.formats.survey import Export
from ctsync.formats.text_layout import layout_of
from ctsync.formats.typed_cells import read_cells, readers_of, typed_cells, untyped
from ctsync.model.fault import Fault, Faults
from ctsync.sql_text import quoted

# A row of too few cells is refused: padded, its last ones would be blank, and with
# `blank: remove` that removes values.
_OPTIONS = (
    "auto_detect = false, quote = '\"', escape = '\"', strict_mode = true, "
    "null_padding = false, allow_quoted_nulls = false, hive_partitioning = false"
)
_WHOLE = "all_varchar = true, header = true, allow_quoted_nulls = false"
_COUNT = "SELECT count(*), max(h0) FROM {reader}"
_LEAST_LINE_BYTES = 2 << 20
_FAULT = "fault"


class CsvFormat(FileFormat):
    """CSV files; those with the same header are read together."""

    suffixes = (".csv",)
    is_text = True
    has_dialect = True
    separator: ClassVar[str] = ","  # where `csv:` names no other

    def ready(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> DataFile:
        """Return a file as plain text in UTF-8; with `skips`, one that can be read.

        Raises:
            Faults: it is damaged, in another encoding, or has no header.
        """
        wanted = self._spelled(wanted)
        dialect = wanted.dialect
        ready = plain(connection, file, dialect.encoding)
        heading = 0 if dialect.header else 1
        layout = layout_of(ready.text_path, heading=heading, is_quoted=True)
        ready = replace(ready, layout=layout)
        if wanted.skips:
            header = header_of(ready, dialect)
            if not _is_sound(connection, ready, header, wanted):
                return _mended(connection, ready, header, dialect)
        return ready

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return the header, and what expressions look at.

        Raises:
            Faults: it is none, lacks a wanted column, or the file is damaged.
        """
        wanted = self._spelled(wanted)
        header = header_of(file, _dialect_of(file, wanted))
        if file.has_faults:
            header = header[:-1]
        _require_separator(header, wanted)
        _require_columns(header, wanted)
        seen = seen_by(connection, wanted, header, lambda _: "VARCHAR")
        return header, seen, file.has_faults

    def part(
        self, files: tuple[DataFile, ...], first: int, shape: Any, wanted: WantedColumns
    ) -> FilePart:
        """Return the part that files with one header are."""
        wanted = self._spelled(wanted)
        header, seen, has_faults = shape
        sorts = sorts_of(wanted, seen, lambda _: "untyped")
        is_text = {"untyped"}.issuperset(sorts)
        cells = ["key", *named_cells(len(sorts)), *([_FAULT] if has_faults else [])]
        fault = f"nullif({_FAULT}, '')" if has_faults else None
        row_fault = _fault_in_last if has_faults else no_fault
        if can_fail(wanted):
            cells.append(FAILED)
            fault = FAILED if fault is None else f"coalesce({fault}, {FAILED})"
            row_fault = partial(_fault_of_either, row_fault)
        return FilePart(
            files,
            first,
            _relation(files, first, header, seen, wanted),
            "csv" if is_text else ["csv", *sorts],
            f"[{', '.join(cells)}]",
            _reader(wanted, sorts),
            fault=fault,
            row_fault=row_fault,
            typed=partial(typed_cells, sorts, faults=2),
        )

    def first_fault(self, file: DataFile, wanted: WantedColumns) -> Fault | None:
        """Read a file row by row; give what is wrong with the first that fails."""
        return first_fault(file, _dialect_of(file, self._spelled(wanted)))

    def whole(self, connection: Connection, path: Path) -> str:  # noqa: ARG002 - as every format is asked
        """Return a relation of the cells, all of them text."""
        file, separator = path_in_sql(path), quoted(self.separator)
        return f"read_csv({file}, delim = {separator}, {_WHOLE})"

    def survey(self, path: Path) -> Export:
        """Look at the first rows, whatever parts their cells.

        Raises:
            CtsyncError: it is no CSV.
        """
        return survey_csv(path, self.separator)

    def _spelled(self, wanted: WantedColumns) -> WantedColumns:
        """Return what is wanted with the format's own separator, if there is none."""
        if wanted.dialect.separator:
            return wanted
        return replace(
            wanted, dialect=replace(wanted.dialect, separator=self.separator)
        )


def _dialect_of(file: DataFile, wanted: WantedColumns) -> Dialect:
    """Return how a file is written; a copy that was mended is so as most are."""
    return Dialect(",") if file.has_faults else wanted.dialect


def _mended(
    connection: Connection, file: DataFile, header: tuple[str, ...], dialect: Dialect
) -> DataFile:
    try:
        return mended(connection, file, header, dialect)
    except Faults as found:
        fault = found.first
        raise Faults(replace(fault, line=file.line_of(fault.row))) from found


def _relation(
    files: Sequence[DataFile],
    first: int,
    header: Sequence[str],
    seen: Sequence[Seen],
    wanted: WantedColumns,
) -> str:
    def column(name: str) -> str:
        return without(f"h{header.index(name)}", wanted.nulls)

    has_faults = files[0].has_faults
    others = [f"(file_index + {first})::INTEGER AS file"]
    if has_faults:
        others.append(f"{_FAULT} AS {_FAULT}")
    reader = _reader_of(files, header, wanted)
    if len(header) == 1:
        # A blank line is a cell where there is one column: no row, as elsewhere.
        reader += " WHERE h0 IS NOT NULL"
    columns = Columns(column, lambda _, name: column(name), column)
    return query_of(wanted, seen, columns, reader, *others)


def _reader_of(
    files: Sequence[DataFile], header: Sequence[str], wanted: WantedColumns
) -> str:
    names = ", ".join(file.sql for file in files)
    columns = [f"'h{index}': 'VARCHAR'" for index in range(len(header))]
    if files[0].has_faults:
        columns.append(f"'{_FAULT}': 'VARCHAR'")
    dialect = _dialect_of(files[0], wanted)
    written = f"header = {not dialect.header}, delim = {quoted(dialect.separator)}"
    return (
        f"read_csv([{names}], columns = {{{', '.join(columns)}}}, {written}, "
        f"{_OPTIONS}, {_sizes(files)})"
    )


def _sizes(files: Sequence[DataFile]) -> str:
    """Return the options for lines that are long, and for buffers that are not.

    By default a buffer takes sixteen of the longest lines there may be, for each file
    and thread: more memory than a search has.
    """
    longest = max(file.layout.longest if file.layout else 0 for file in files)
    line = _LEAST_LINE_BYTES
    while line < longest + 2 and line < MAX_LINE_BYTES:  # and CR LF
        line *= 2
    return f"max_line_size = {line}, buffer_size = {2 * line}"


def _is_sound(
    connection: Connection, file: DataFile, header: Sequence[str], wanted: WantedColumns
) -> bool:
    reader = _reader_of([file], header, wanted)
    try:
        connection.execute(_COUNT.format(reader=reader)).fetchall()
    except refusals():
        return False
    return True


def _reader(
    wanted: WantedColumns, sorts: Sequence[str]
) -> Callable[[Cells], Sequence[Read]]:
    if {"untyped"}.issuperset(sorts):
        return partial(_read_text, len(sorts) + 1)
    return partial(read_cells, readers_of(wanted, sorts))


def _read_text(end: int, cells: Cells) -> Sequence[Read]:
    return [untyped(text) if text else None for text in cells[1:end]]


def _fault_of_either(
    in_file: Callable[[Cells], Fault | None], cells: Cells
) -> Fault | None:
    """Return what is wrong with a row, in its file or where something is computed."""
    return in_file(cells[:-1]) or failure_in(cells)


def _fault_in_last(cells: Cells) -> Fault | None:
    fault = cells[-1] if cells else None
    return Fault("CT617", fault, "correct the row") if fault else None


def _require_separator(header: Sequence[str], wanted: WantedColumns) -> None:
    if len(header) > 1 or wanted.dialect.header:
        return
    others = [char for char in ",;\t|" if char in header[0]]
    if others and others[0] != wanted.dialect.separator:
        shown = {"\t": "tabs"}.get(others[0], f'"{others[0]}"')
        written = {"\t": "\\t"}.get(others[0], others[0])
        message = f"parts its cells with {shown}"
        raise Faults(Fault("CT616", message, f'write csv: {{separator: "{written}"}}'))


def _require_columns(header: Sequence[str], wanted: WantedColumns) -> None:
    """Make sure that the header has what is wanted, or say how a file may lack one."""
    try:
        require(wanted.names, header)
    except Faults as found:
        is_none = frozenset(header).isdisjoint(wanted.names)
        hint = found.first.hint or ""
        if not (is_none and wanted.columns and hint.endswith(_OTHERS)):
            raise
        hint += "; csv: {header: [...]} names those of a file whose first line is a row"
        raise Faults(replace(found.first, hint=hint)) from found


_OTHERS = ("other columns", "other column")


FORMAT = CsvFormat()
