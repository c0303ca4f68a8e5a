"""JSON Lines: one object a line, in UTF-8."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

from ctsync.duckdb_connection import Connection, quoted
from ctsync.sources.compression import DAMAGES, unpacked
from ctsync.sources.data_files import DataFile, Unreadable
from ctsync.sources.file_format import (
    FilePart,
    WantedColumns,
    kept,
    named_cells,
    require,
)
from ctsync.sources.formats.json_rows import parsed, read_line
from ctsync.sources.whole_files import damaged, require_whole, short_lines

BOM = b"\xef\xbb\xbf"
_SAMPLED_ROWS = 1000
_SAMPLED_BYTES = 1 << 20
_OBJECTS = (
    "SELECT json::VARCHAR AS line, file_index FROM read_ndjson_objects([{files}])"
)
# DuckDB's reader of JSON refuses a byte order mark, that of CSV passes over it. No
# JSON holds the control character that stands here between cells.
_LINES = (
    "SELECT line, file_index FROM read_csv([{files}], columns = {{'line': 'VARCHAR'}}, "
    "auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', "
    "hive_partitioning = false, max_line_size = 33554432) WHERE trim(line) <> ''"
)
_RELATION = """
SELECT {cells}, line, file{kept} FROM (
    SELECT
        CASE WHEN NOT starts_with(ltrim(line), '{{') THEN error('no object')
        WHEN starts_with(x[1], '"') THEN x[1] ->> '$'
        WHEN regexp_full_match(x[1], '-?[0-9]+') THEN x[1]::VARCHAR END AS key,
        {columns}
        line,
        (file_index + {first})::INTEGER AS file
    FROM (SELECT json_extract(line, [{pointers}]) AS x, * FROM ({lines}))
)"""


class JsonLinesFormat:
    """JSON Lines files.

    A cell is the text that DuckDB makes of a value: equal values have equal text, and
    numbers that differ only in how they are written have it too. What a row says is
    read from the line itself.
    """

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return whether the file has a byte order mark, and the columns of `where`.

        Raises:
            Unreadable: it is damaged, or no row has a wanted column.
        """
        require_whole(file)
        has_mark, seen = _sample(file)
        names = wanted.names
        condition = wanted.condition
        if not seen.issuperset(names) or (
            condition is not None and not seen.issuperset(condition.names)
        ):
            seen |= _all_names(connection, file, has_mark=has_mark)
        looked_at: tuple[str, ...] = ()
        if seen:
            require(names, sorted(seen))
            if condition is not None:
                looked_at = condition.columns(sorted(seen))
        elif condition is not None:
            looked_at = condition.names
        if condition is not None:
            condition.bind(connection, ["VARCHAR"] * len(looked_at))
        return has_mark, looked_at

    def part(
        self, files: tuple[DataFile, ...], first: int, shape: Any, wanted: WantedColumns
    ) -> FilePart:
        """Return the part that files are, with a byte order mark or without."""
        has_mark, looked_at = shape
        return FilePart(
            files,
            first,
            _relation(files, first, wanted, looked_at, has_mark=has_mark),
            "json",
            "[key, line]",
            partial(read_line, wanted.columns),
            lossy=_lossy(wanted),
        )

    def first_fault(self, file: DataFile) -> Unreadable | None:
        """Read a file line by line; give what is wrong with the first that fails."""
        try:
            with _rows(file) as rows:
                faults = (_fault(line, row) for row, line in enumerate(rows, 1))
                return next((fault for fault in faults if fault is not None), None)
        except Unreadable as fault:
            return fault


def _relation(
    files: Sequence[DataFile],
    first: int,
    wanted: WantedColumns,
    looked_at: Sequence[str],
    *,
    has_mark: bool,
) -> str:
    names = (wanted.key, *wanted.columns, *looked_at)
    count = len(wanted.columns)
    columns = [f"x[{n + 1}]::VARCHAR AS c{n}" for n in range(1, count + 1)]
    seen = range(1, len(looked_at) + 1)
    columns += [f"x[{count + n + 1}] ->> '$' AS w{n}" for n in seen]
    return _RELATION.format(
        cells=", ".join(["key", *named_cells(len(wanted.columns))]),
        kept=kept(wanted),
        columns="".join(f"{column}, " for column in columns),
        first=first,
        pointers=", ".join(quoted(_pointer(name)) for name in names),
        lines=_lines_of(files, has_mark=has_mark),
    )


def _lines_of(files: Sequence[DataFile], *, has_mark: bool) -> str:
    names = ", ".join(file.sql for file in files)
    return (_LINES if has_mark else _OBJECTS).format(files=names)


def _pointer(name: str) -> str:
    """Return the JSON pointer of a key (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _lossy(wanted: WantedColumns) -> str | None:
    """Return the line of rows in which a number's own spelling may count."""
    texts = [f"c{place + 1}" for place in wanted.verbatim]
    if not texts:
        return None
    spelled = " OR ".join(f"regexp_matches({t}, '^[-0-9\\[].*[.eE]')" for t in texts)
    return f"CASE WHEN {spelled} THEN line END"


@contextmanager
def _rows(file: DataFile) -> Iterator[Iterator[bytes]]:
    """Return the lines of a file that are not blank."""
    try:
        with unpacked(file.path) as lines:
            rows = _without_mark(short_lines(lines))
            yield (line for line in rows if line.strip())
    except DAMAGES as error:
        raise damaged(error) from error


def _without_mark(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line.removeprefix(BOM)
        break
    yield from lines


def _sample(file: DataFile) -> tuple[bool, set[str]]:
    """Return whether a file has a byte order mark; give the names in its first rows."""
    seen: set[str] = set()
    size = 0
    try:
        with unpacked(file.path) as stream:
            has_mark = stream.read(3) == BOM
    except DAMAGES as error:
        raise damaged(error) from error
    with _rows(file) as rows:
        for line in islice(rows, _SAMPLED_ROWS):
            try:
                seen.update(key for key, _ in parsed(line.decode()))
            except ValueError:
                break  # reading all of it will say which row it is
            size += len(line)
            if size > _SAMPLED_BYTES:
                break
    return has_mark, seen


def _all_names(connection: Connection, file: DataFile, *, has_mark: bool) -> set[str]:
    lines = _lines_of([file], has_mark=has_mark)
    query = f"SELECT DISTINCT unnest(json_keys(line)) FROM ({lines})"  # noqa: S608
    return {name for (name,) in connection.execute(query).fetchall()}


def _fault(line: bytes, row: int) -> Unreadable | None:
    try:
        written = line.decode()
    except UnicodeDecodeError:
        return Unreadable("CT614", "is not UTF-8", "save the file as UTF-8", row)
    try:
        json.dumps(parsed(written.strip()), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "holds half of a surrogate pair"
        return Unreadable("CT617", message, "write the character itself", row)
    except json.JSONDecodeError as error:
        message = f"is not JSON from character {error.pos + 1} on"
        return Unreadable("CT617", message, "write one object a line", row)
    except ValueError:
        return Unreadable("CT617", "is no JSON object", "write one object a line", row)
    return None


FORM = JsonLinesFormat()
