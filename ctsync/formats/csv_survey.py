"""Looking at the first rows of a CSV file: separator, encoding, header, cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from ctsync.errors import CtsyncError
from ctsync.formats.compression import head_of
from ctsync.formats.survey import LOOKED_AT, Export, SeenColumn, fill

_SEPARATORS = ",;\t|"


def survey_csv(path: Path, own: str) -> Export:
    """Look at the first rows of a file; a separator is said if it is not its `own`.

    Raises:
        CtsyncError: it is no CSV.
    """
    head = head_of(path)
    encoding = _encoding_of(head)
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    first = text.partition("\n")[0]
    separator = max((own, *_SEPARATORS), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = next(reader, [])
        found = [tuple(row) for row in islice(reader, LOOKED_AT) if row]
    except csv.Error as error:
        hint = "quote cells that hold quotes or line breaks"
        raise CtsyncError("the file is not CSV", hint=hint) from error
    _require_each_once([name for name in header if name])
    rows = dict.fromkeys(found)
    columns = [SeenColumn(name) for name in header]
    fill(columns, rows)
    named = tuple(column for column in columns if column.name)
    return Export(
        named,
        len(found),
        "" if separator == own else separator,
        encoding,
        is_csv=True,
        repeated=len(found) - len(rows),
        ragged=sum(len(row) != len(header) for row in found),
    )


def _require_each_once(names: Sequence[str]) -> None:
    if len({*names}) < len(names):
        message = "the first line gives two columns the same name"
        raise CtsyncError(message, hint="name each column once")


def _encoding_of(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
