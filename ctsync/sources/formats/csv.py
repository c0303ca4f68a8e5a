"""CSV: RFC 4180 with commas and double quotes, in UTF-8, under a header.

DuckDB is told every column, since what it guesses costs zeros, words and blanks. It
matches columns by position alone, so the header is read here.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import cast

from ctsync.duckdb_connection import Connection
from ctsync.sources.compression import DAMAGES, unpacked
from ctsync.sources.data_files import DataFile, Unreadable
from ctsync.sources.file_format import (
    Cells,
    FilePart,
    Read,
    WantedColumns,
    kept,
    named_cells,
    require,
    untyped,
)
from ctsync.sources.whole_files import (
    MAX_LINE_BYTES,
    damaged,
    require_whole,
    short_lines,
)

_OPTIONS = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
    "strict_mode = true, null_padding = false, allow_quoted_nulls = false, "
    f"hive_partitioning = false, max_line_size = {MAX_LINE_BYTES}"
)
_RELATION = """
SELECT {cells}, file{kept} FROM (
    SELECT {columns}, (file_index + {first})::INTEGER AS file FROM {reader}{records}
)"""
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_ENDINGS = {"\r\n": "CR LF", "\n": "LF", "\r": "CR", "": "nothing"}


class CsvFormat:
    """CSV files; those with the same header are read together."""

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return the header.

        Raises:
            Unreadable: it is none, lacks a wanted column, or the file is damaged.
        """
        require_whole(file)
        header = header_of(file)
        _require_commas(header)
        require(wanted.names, header)
        if wanted.condition is not None:
            names = wanted.condition.columns(header)
            wanted.condition.bind(connection, ["VARCHAR"] * len(names))
        return header

    def part(
        self,
        files: tuple[DataFile, ...],
        first: int,
        shape: Hashable,
        wanted: WantedColumns,
    ) -> FilePart:
        """Return the part that files with one header are."""
        header = cast("tuple[str, ...]", shape)
        cells = named_cells(len(wanted.columns))
        return FilePart(
            files,
            first,
            _relation(files, first, header, wanted),
            "csv",
            f"[{', '.join(['key', *cells])}]",
            _read,
        )

    def first_fault(self, file: DataFile) -> Unreadable | None:
        """Read a file row by row; give what is wrong with the first that fails."""
        try:
            header = header_of(file)
            return next(_faults(file, len(header)), None)
        except Unreadable as fault:
            return fault


def _relation(
    files: Sequence[DataFile], first: int, header: Sequence[str], wanted: WantedColumns
) -> str:
    types = ", ".join(f"'h{index}': 'VARCHAR'" for index in range(len(header)))
    names = ", ".join(file.sql for file in files)
    columns = [f"h{header.index(wanted.key)} AS key"]
    for number, name in enumerate(wanted.columns, 1):
        columns.append(f"h{header.index(name)} AS c{number}")
    condition = wanted.condition
    looked_at = () if condition is None else condition.columns(header)
    for number, name in enumerate(looked_at, 1):
        columns.append(f"h{header.index(name)} AS w{number}")
    return _RELATION.format(
        cells=", ".join(["key", *named_cells(len(wanted.columns))]),
        kept=kept(wanted),
        columns=", ".join(columns),
        first=first,
        reader=f"read_csv([{names}], columns = {{{types}}}, {_OPTIONS})",
        # A blank line is a cell where there is one column: no row, as elsewhere.
        records=" WHERE h0 IS NOT NULL" if len(header) == 1 else "",
    )


def _read(cells: Cells) -> Sequence[Read]:
    return [untyped(text) if text else None for text in cells[1:]]


def header_of(file: DataFile) -> tuple[str, ...]:
    """Return the names of a file's columns; those without a name are ''.

    Raises:
        Unreadable: there is no header, or it names a column twice.
    """
    with _lines(file) as lines:
        header = next(_records(short_lines(lines), skips_blanks=False), None)
    if not header:
        hint = "the first line names the columns"
        raise Unreadable("CT616", "has no header", hint)
    places: dict[str, int] = {}
    for place, name in enumerate(header, 1):
        first = places.setdefault(name, place) if name else place
        if first != place:
            message = f"gives columns {first} and {place} the same name"
            raise Unreadable("CT616", message, "name each column once")
    return tuple(header)


def _require_commas(header: Sequence[str]) -> None:
    others = [char for char in ";\t|" if char in header[0]]
    if len(header) == 1 and others:
        shown = {"\t": "tabs"}.get(others[0], f'"{others[0]}"')
        message = f"parts its cells with {shown}"
        raise Unreadable("CT616", message, "export it with commas")


@contextmanager
def _lines(file: DataFile) -> Iterator[TextIOWrapper]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        with (
            unpacked(file.path) as stream,
            TextIOWrapper(
                stream, "utf-8-sig", errors="surrogateescape", newline=""
            ) as lines,
        ):
            yield lines
    except DAMAGES as error:
        raise damaged(error) from error
    finally:
        csv.field_size_limit(before)


def _records(lines: Iterable[str], *, skips_blanks: bool = True) -> Iterator[list[str]]:
    """Yield records; a blank line is none.

    Raises:
        Unreadable: quotes stand where they may not, or the text is not UTF-8.
    """
    reader = csv.reader(lines, strict=True)
    row = 0
    try:
        for record in reader:
            if record or not skips_blanks:
                _require_utf8(record, row)
                yield record
                row += 1
    except csv.Error as error:
        message = f"cannot be read as CSV: {error}"
        hint = 'quote the cell, and write "" for a quote in it'
        raise Unreadable("CT617", message, hint, row or None) from error


def _require_utf8(record: Iterable[str], row: int) -> None:
    if any(_NOT_UTF8.search(cell) for cell in record):
        hint = "save the file as UTF-8"
        raise Unreadable("CT614", "is not UTF-8", hint, row or None)


def _faults(file: DataFile, width: int) -> Iterator[Unreadable]:
    with _lines(file) as lines:
        watched = _Watched(lines)
        ending = None
        for row, record in enumerate(_records(watched)):
            ending = ending or watched.ending
            if watched.ending not in {ending, ""}:
                message = (
                    f"ends with {_ENDINGS[watched.ending]}, "
                    f"the header with {_ENDINGS[ending]}"
                )
                hint = "end all lines alike; quote a cell that holds a line break"
                yield Unreadable("CT617", message, hint, row)
            elif row and len(record) != width and not _is_padded(record, width):
                message = f"has {len(record)} cells, the header has {width}"
                yield Unreadable("CT617", message, "correct the row", row)
            elif sum(map(len, record)) > MAX_LINE_BYTES // 4 and _bytes_of(record):
                message = f"has more than {MAX_LINE_BYTES >> 20} MiB"
                yield Unreadable("CT617", message, "shorten its cells", row)


def _is_padded(record: Sequence[str], width: int) -> bool:
    # DuckDB takes one comma at the end of a row for no cell.
    return len(record) == width + 1 and not record[-1]


def _bytes_of(record: Iterable[str]) -> bool:
    size = sum(len(cell.encode("utf-8", "surrogateescape")) for cell in record)
    return size >= MAX_LINE_BYTES


class _Watched:
    """Lines, with the ending of the last one."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.ending = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.ending = line[len(line.rstrip("\r\n")) :]
            yield line


FORM = CsvFormat()
