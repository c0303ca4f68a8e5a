"""CSV record by record: the header, the first that fails, and copies without faults."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper

from msgspec.structs import replace

from ctsync.duckdb_connection import Connection
from ctsync.formats.base import Dialect
from ctsync.formats.compression import DAMAGES
from ctsync.formats.data_file import DataFile
from ctsync.formats.plain_text import MAX_LINE_BYTES, copied, damaged, short_lines
from ctsync.formats.text_layout import LayoutBuilder
from ctsync.model.fault import Fault, Faults

_LONGEST_LINE = 4 * MAX_LINE_BYTES  # of a longer line, no row is told
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_ENDINGS = {"\r\n": "CR LF", "\n": "LF", "\r": "CR", "": "nothing"}


def header_of(file: DataFile, dialect: Dialect) -> tuple[str, ...]:
    """Return the names of a file's columns; those without a name are ''.

    Raises:
        Faults: there is no header, or it names a column twice.
    """
    if dialect.header:
        return dialect.header
    with _lines(file) as lines:
        records = _records(short_lines(lines), dialect, skips_blanks=False)
        header = next(records, None)
    if not header:
        hint = "the first line names the columns, or csv: {header: [...]} does"
        raise Faults(Fault("CT616", "has no header", hint))
    places: dict[str, int] = {}
    for place, name in enumerate(header, 1):
        first = places.setdefault(name, place) if name else place
        if first != place:
            message = f"gives columns {first} and {place} the same name"
            raise Faults(Fault("CT616", message, "name each column once"))
    return tuple(header)


def first_fault(file: DataFile, dialect: Dialect) -> Fault | None:
    """Read a file record by record; give what is wrong with the first that fails."""
    try:
        width = len(header_of(file, dialect))
        with _judged(file, dialect, width) as records:
            return next((fault for _, _, fault in records if fault is not None), None)
    except Faults as found:
        return found.first


def mended(
    connection: Connection, file: DataFile, header: Sequence[str], dialect: Dialect
) -> DataFile:
    """Return a file with a copy in which every row can be read.

    The copy has a header, and a column more: what is wrong with the row.

    Raises:
        Faults: a quote is still open at the end, so that no row is sure.
    """
    builder = LayoutBuilder()

    def blocks() -> Iterator[bytes]:
        builder.add(1)
        yield _written([*header, "fault"])
        with _judged(file, dialect, len(header)) as records:
            for line, record, fault in records:
                builder.add(line)
                yield _written(_with_fault(record, len(header), fault))

    copy = copied(connection, file, blocks())
    longest = file.layout.longest if file.layout else 0
    # Quotes and faults that are added make a record longer, never twice as long.
    layout = builder.layout(2 * longest + _ROOM, 1)
    return replace(copy, layout=layout, has_faults=True)


_ROOM = 4096
_OVERLONG = 1 << 20


def _with_fault(record: Sequence[str], width: int, fault: Fault | None) -> list[str]:
    cells = [*record[:width], *[""] * (width - len(record))]
    if fault is not None:
        # Nothing of such a row is sent, and no odd key may name someone else.
        cells = [_harmless(cell) for cell in cells]
    return [*cells, "" if fault is None else fault.message]


def _written(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(cells)
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    return "" if len(cell) > _OVERLONG or _NOT_UTF8.search(cell) else cell


Judged = tuple[int, list[str], Fault | None]


@contextmanager
def _judged(file: DataFile, dialect: Dialect, width: int) -> Iterator[Iterator[Judged]]:
    """Return the line and the cells of every row, and what is wrong with it."""
    with _lines(file) as lines:
        watched = _Watched(short_lines(lines, _LONGEST_LINE))
        yield _judged_rows(watched, dialect, width)


def _judged_rows(lines: _Watched, dialect: Dialect, width: int) -> Iterator[Judged]:
    reader = csv.reader(lines, strict=True, delimiter=dialect.separator)
    ending, row, has_header = "", 0, not dialect.header
    while True:
        line = lines.number + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # Where a quote is wrong, nobody knows where the next row begins.
            raise Faults(_not_csv(error, row + 1 - has_header)) from error
        if not record:
            continue
        ending = ending or lines.ending
        if has_header:
            has_header = False
            continue
        row += 1
        yield line, record, _fault_of(record, row, width, ending, lines.ending)


def _not_csv(error: Exception, row: int | None) -> Fault:
    message = f"cannot be read as CSV: {error}"
    return Fault(
        "CT617", message, 'quote the cell, and write "" for a quote in it', row=row
    )


def _fault_of(
    record: Sequence[str], row: int, width: int, first: str, ending: str
) -> Fault | None:
    if any(_NOT_UTF8.search(cell) for cell in record):
        return Fault("CT614", "is not UTF-8", _SAVE, row=row)
    if ending not in {first, ""}:
        message = f"ends with {_ENDINGS[ending]}, the header with {_ENDINGS[first]}"
        hint = "end all lines alike; quote a cell that holds a line break"
        return Fault("CT617", message, hint, row=row)
    if len(record) != width and not _is_padded(record, width):
        message = f"has {len(record)} cells, the header has {width}"
        return Fault("CT617", message, "correct the row", row=row)
    # No character takes more than four bytes, so few records have to be encoded.
    if sum(map(len, record)) > MAX_LINE_BYTES // 4 and _is_long(record):
        message = f"has more than {MAX_LINE_BYTES >> 20} MiB"
        return Fault("CT617", message, "shorten its cells", row=row)
    return None


_SAVE = "save the file as UTF-8, or write csv: {encoding: cp1252}, or what it is in"


def _is_padded(record: Sequence[str], width: int) -> bool:
    # DuckDB takes one comma at the end of a row for no cell.
    return len(record) == width + 1 and not record[-1]


def _is_long(record: Iterable[str]) -> bool:
    size = sum(len(cell.encode("utf-8", "surrogateescape")) for cell in record)
    return size >= MAX_LINE_BYTES


@contextmanager
def _lines(file: DataFile) -> Iterator[TextIOWrapper]:
    # The limit is one of the whole process; how long a line may be is bounded here.
    before = csv.field_size_limit(sys.maxsize)
    try:
        with (
            file.text_path.open("rb") as stream,
            TextIOWrapper(
                stream, "utf-8-sig", errors="surrogateescape", newline=""
            ) as lines,
        ):
            yield lines
    except DAMAGES as error:
        raise Faults(damaged(error)) from error
    finally:
        csv.field_size_limit(before)


def _records(
    lines: Iterable[str], dialect: Dialect, *, skips_blanks: bool
) -> Iterator[list[str]]:
    """Yield the records of lines; a blank line is none.

    Raises:
        Faults: quotes stand where they may not, or the text is not UTF-8.
    """
    reader = csv.reader(lines, strict=True, delimiter=dialect.separator)
    row = 0
    try:
        for record in reader:
            if record or not skips_blanks:
                if any(_NOT_UTF8.search(cell) for cell in record):
                    raise Faults(Fault("CT614", "is not UTF-8", _SAVE, row=row or None))
                yield record
                row += 1
    except csv.Error as error:
        raise Faults(_not_csv(error, row or None)) from error


class _Watched:
    """Lines, with number and ending of the last one."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.ending = ""
        self.number = 0

    def __iter__(self) -> _Watched:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.ending = line[len(line.rstrip("\r\n")) :]
        return line
