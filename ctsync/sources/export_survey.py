"""Looking at an export: what its columns are, as far as their cells tell.

Only what all looked-at cells agree on is taken for sure; the rest is said as a doubt,
and left for somebody to decide who knows the people behind it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct, field

from ctsync.duckdb_connection import open_connection
from ctsync.errors import CtsyncError, UsageError
from ctsync.project.tables import is_readable
from ctsync.sources.compression import DAMAGES, unpacked
from ctsync.sources.formats.json_rows import parsed
from ctsync.sources.typed_cells import sort_of

LOOKED_AT = 10_000  # rows; more would seldom change what they say
_HEAD_BYTES = 8 << 20
_SEPARATORS = ",;\t|"
_NULLS = ("NULL", "null", "None", "\\N", "nan", "NaN", "N/A", "#N/A", "<NA>")


class SeenColumn(Struct):
    """One column of an export, and the words of its cells that are not blank.

    `sort` is what the file itself says that they are: text, if nothing; '' are no
    values, and `mixed` are several sorts.
    """

    name: str
    sort: str = "text"
    words: Counter[str] = field(default_factory=Counter)
    nulls: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many cells are not blank."""
        return self.words.total()

    @property
    def is_unique(self) -> bool:
        """Whether no word stands twice."""
        return len(self.words) == self.count

    def add(self, word: str) -> None:
        """Take a cell in."""
        (self.nulls if word in _NULLS else self.words)[word] += 1


class Export(Struct, frozen=True):
    """What an export looks like: how it is written, its columns, rows looked at.

    Rows that stand there before, word for word, are `repeated` and looked at once;
    `ragged` ones have more or fewer cells than the header.
    """

    columns: tuple[SeenColumn, ...]
    rows: int
    separator: str = ","
    encoding: str = "utf-8"
    is_csv: bool = False
    repeated: int = 0
    ragged: int = 0


def survey_export(path: Path) -> Export:
    """Look at the first rows of an export.

    Raises:
        UsageError: it is no file that rows can come from, or it has no rows.
        CtsyncError: it cannot be read.
    """
    if not is_readable(path.name):
        hint = "name a .csv, .jsonl or .parquet file, the first two also .gz or .zst"
        raise UsageError(f"{path.name} is no file that rows can come from", hint=hint)
    try:
        found = _survey(path)
    except DAMAGES as error:
        raise CtsyncError(
            f"{path.name} cannot be read: {type(error).__name__}"
        ) from error
    if not found.rows or not found.columns:
        raise UsageError(f"{path.name} has no rows", hint="export it again")
    return found


def _survey(path: Path) -> Export:
    if path.name.endswith(".parquet"):
        return _of_parquet(path)
    head = _head_of(path)
    if ".jsonl" in path.suffixes:
        return _of_json(head)
    return _of_csv(head)


def _head_of(path: Path) -> bytes:
    """Return the first whole lines of a file."""
    with unpacked(path) as stream:
        head = stream.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return head
    return head[: head.rfind(b"\n") + 1]


def _of_csv(head: bytes) -> Export:
    encoding = _encoding_of(head)
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
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
    _fill(columns, rows)
    named = tuple(column for column in columns if column.name)
    return Export(
        named,
        len(found),
        separator,
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


def _of_json(head: bytes) -> Export:
    columns: dict[str, SeenColumn] = {}
    lines = [*islice(filter(bytes.strip, head.splitlines()), LOOKED_AT)]
    rows = dict.fromkeys(lines)
    for line in rows:
        for name, value in parsed(line.decode("utf-8-sig")):
            column = columns.setdefault(name, SeenColumn(name, _json_sort(value)))
            column.sort = _common(column.sort, _json_sort(value))
            for word in _words_of(value):
                column.add(word)
    return Export(tuple(columns.values()), len(lines), repeated=len(lines) - len(rows))


def _common(one: str, other: str) -> str:
    """Return the sort of cells of two sorts; null goes with any."""
    if other in {one, "blank"}:
        return one
    return other if one == "blank" else "mixed"


def _json_sort(value: object) -> str:
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list):
        is_map = type(value) is not list
        return "" if is_map else "list"
    return "text" if type(value) is str else "number"


def _words_of(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, str) and value:
        yield str(value)
    elif type(value) is list:
        yield from (str(item) for item in value if item)


def _of_parquet(path: Path) -> Export:
    from ctsync.duckdb_connection import path_in_sql, refusals
    from ctsync.sql_text import named

    with open_connection(files=[path]) as connection:
        try:
            reader = f"read_parquet({path_in_sql(path)})"
            found = connection.sql(f"FROM {reader}")
            texts = ", ".join(f"{named(name)}::VARCHAR" for name in found.columns)
            query = f"SELECT {texts} FROM {reader} LIMIT {LOOKED_AT}"  # noqa: S608
            found_rows = connection.execute(query).fetchall()
        except refusals() as error:
            message = f"{path.name} is no Parquet file that can be read"
            raise CtsyncError(message, hint="export it again") from error
        sorts = [sort_of(str(type_)) for type_ in found.types]
        names = [*found.columns]
    columns = [SeenColumn(name, sort) for name, sort in zip(names, sorts, strict=True)]
    rows = dict.fromkeys(found_rows)
    _fill(columns, rows)
    repeated = len(found_rows) - len(rows)
    return Export(tuple(columns), len(found_rows), repeated=repeated)


def _fill(columns: Sequence[SeenColumn], rows: Iterable[Sequence[str | None]]) -> None:
    for row in rows:
        for column, cell in zip(columns, row, strict=False):
            if cell:
                column.add(cell)


# Letters of any script: one that is none of A to Z counts as small.
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")


def words_in(name: str) -> list[str]:
    """Return the words of a column's name: `last_visit`, `LastVisit`, `Last visit`."""
    return [word.lower() for word in _WORD.findall(name)]
