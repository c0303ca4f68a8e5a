"""One uploaded file: its rows become records, and what is said of those that fail.

Documented: a file has up to 50 MB, rows create profiles or overwrite values, errors are
counted, and the rows that failed can be looked at. Inferred (I): that a row fails as a
whole and alone, whatever the upload API would refuse among the reasons; that an empty
cell changes nothing; and the form of the answer. Rows are carried out in no order that
anybody could rely on, as the records of a call.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import islice

from msgspec import Struct

from ctsync.sandbox.dashboard.csv_columns import (
    CsvColumn,
    CsvLayout,
    UploadRefusedError,
    lay_out,
)
from ctsync.sandbox.keys import Json
from ctsync.sandbox.platform import Platform
from ctsync.sandbox.violations import Violation

LIMIT_BYTES = 50_000_000  # "50 MB per file", public docs
_ROWS_AT_ONCE = 1000


class CsvReport(Struct):
    """How many rows there were, and why some failed, by their numbers from 1."""

    rows: int = 0
    failures: dict[int, str] = {}

    def to_json(self) -> dict[str, Json]:
        """Return the report, its failures in the order of the rows."""
        failed = len(self.failures)
        status = "fail" if failed == self.rows else "partial"
        return {
            "status": status if failed else "success",
            "rows": self.rows,
            "processed": self.rows - failed,
            "failed": failed,
            "failures": [
                {"row": row, "reason": reason}
                for row, reason in sorted(self.failures.items())
            ],
        }


def upload_csv(
    platform: Platform, data: bytes, types: Mapping[str, str], zone: tzinfo
) -> CsvReport:
    """Carry out a file; who uploads it says the types of columns that are no text.

    Raises:
        UploadRefusedError: it is too large or no CSV, or its header cannot be read;
            nothing of it is carried out.
    """
    header, *rows = _read(data)
    layout = lay_out(header, types, zone)
    for name in layout.commands:
        platform.note(Violation("undocumented-column", None, name))
    report = CsvReport(len(rows))
    records = _records(rows, layout, report)
    while batch := [*islice(records, _ROWS_AT_ONCE)]:
        for refused in platform.upload([record for _, record in batch]):
            report.failures[batch[refused.place][0]] = refused.text.strip()
    return report


def _read(data: bytes) -> list[list[str]]:
    if len(data) > LIMIT_BYTES:
        raise UploadRefusedError("the file is larger than 50 MB")
    try:
        rows = [*csv.reader(io.StringIO(data.decode(), newline=""), strict=True)]
    except (csv.Error, UnicodeError) as error:
        raise UploadRefusedError("the file is unreadable") from error
    if not rows:
        raise UploadRefusedError("the file is empty")
    return rows


def _records(
    rows: Sequence[Sequence[str]], layout: CsvLayout, report: CsvReport
) -> Iterator[tuple[int, Json]]:
    for number, cells in enumerate(rows, 1):
        try:
            yield number, _record(cells, layout)
        except ValueError as error:
            report.failures[number] = str(error)


def _record(cells: Sequence[str], layout: CsvLayout) -> Json:
    """Return the record of the upload API that says what a row says."""
    if len(cells) != layout.width:
        raise ValueError("the row has not as many cells as the header")
    values = {
        column.attribute: _value(column, text)
        for column in layout.columns
        if (text := cells[column.place])
    }
    key = {layout.key_kind: cells[layout.key_place]}
    return {**key, "type": "profile", "profileData": values}


def _value(column: CsvColumn, text: str) -> Json:
    try:
        return column.read(text)
    except ValueError as error:
        raise ValueError(f"{column.attribute}: {error}") from error
