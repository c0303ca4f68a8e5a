"""Reading the files in which the platform says which rows of an import failed.

A failure file is the input with a last column for the reason (public docs). Whoever
has one may have changed it: it is read as text that anybody wrote, within bounds.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path

from ctsync.channels.part_tables import ENCODING
from ctsync.channels.sftp_format import OPERATION_SUFFIX
from ctsync.errors import CtsyncError
from ctsync.files.plain_files import open_plain
from ctsync.model.due_import import ImportFile

LONGEST_CELL = 1 << 16
"""How long a cell may be, in characters; no value of a row is longer than 512 bytes."""

_MORE_BYTES = 1 << 20
_REASON_BYTES = 1 << 12
_KEY = "identity"


def failed_rows(path: Path, file: ImportFile) -> Iterator[Sequence[str]]:
    """Yield the rows of a failure file, each without its reason.

    Raises:
        CtsyncError: it is no failure file of that import (code CT822).
    """
    try:
        with open_plain(path) as data:
            _check_size(path, data.seek(0, 2), file)
            data.seek(0)
            csv.field_size_limit(LONGEST_CELL)
            rows = csv.reader(
                TextIOWrapper(data, encoding=f"{ENCODING}-sig", newline=""), strict=True
            )
            yield from _checked(path, rows, file)
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise damaged_report(path, "it cannot be read as CSV in UTF-8") from error


def _check_size(path: Path, size: int, file: ImportFile) -> None:
    # A reader may quote what another leaves bare; a reason is a sentence.
    if size > 2 * file.size + _REASON_BYTES * (file.rows + 1) + _MORE_BYTES:
        raise damaged_report(path, "it is larger than any report of that file can be")


def _checked(
    path: Path, rows: Iterator[Sequence[str]], file: ImportFile
) -> Iterator[Sequence[str]]:
    header = columns_of(file)
    found = next(rows, None)
    if found is None or [*found[:-1]] != header:
        raise damaged_report(path, f"its columns are not those of {file.name}")
    for number, row in enumerate(rows, start=1):
        if number > file.rows:
            raise damaged_report(path, f"{file.name} had only {file.rows:,} rows")
        if len(row) != len(header) + 1:
            raise damaged_report(path, f"row {number} has another number of cells")
        yield row[:-1]


def columns_of(file: ImportFile) -> list[str]:
    """Return the header of a data file."""
    names = [_KEY]
    for attribute, _, _ in file.columns:
        names += attribute, f"{attribute}{OPERATION_SUFFIX}"
    return names


def damaged_report(path: Path, why: str) -> CtsyncError:
    """Say that a report cannot be used; nothing was written."""
    return CtsyncError(
        f"{path.name} is no report that this state can take: {why}; "
        "nothing was written",
        hint="give the failure file as the platform wrote it",
        code="CT822",
    )
