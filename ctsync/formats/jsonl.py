"""JSON Lines: one object a line, in UTF-8."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ctsync.duckdb_connection import Connection, path_in_sql, refusals
from ctsync.formats.base import (
    Cells,
    FileFormat,
    FilePart,
    TypedCell,
    TypedCells,
    WantedColumns,
    require,
)
from ctsync.formats.data_file import DataFile
from ctsync.formats.json_columns import pointer, typed_line, usual_sorts
from ctsync.formats.json_rows import ROW_FAULT, Pairs, parsed, read_line, row_fault
from ctsync.formats.json_survey import survey_json
from ctsync.formats.plain_text import copied, damaged, plain, short_lines
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
from ctsync.formats.typed_cells import Reader, reader_of, without_fault
from ctsync.formats.where_filter import Expression
from ctsync.model.fault import Fault, Faults
from ctsync.sql_text import quoted

_SAMPLED_ROWS = 1000
_SAMPLED_BYTES = 1 << 20
_LONGEST_OBJECT = 4 << 20
_LINES = "SELECT json::VARCHAR AS line, file_index FROM read_ndjson_objects([{files}])"
_ARE_OBJECTS = "SELECT bool_and(starts_with(ltrim(line), '{{')) FROM ({lines})"
# All pointers at once: one by one, each would read the whole line again.
_EXTRACTED = "(SELECT json_extract(line, [{pointers}]) AS x, * FROM ({lines}))"
# Of a name that stands twice readers of JSON take the first or the last value, so a
# line with two keys names no one. LIKE goes first, since it passes nearly every line
# without a list of its names.
_KEY = """CASE WHEN NOT starts_with(ltrim(line), '{{') THEN error('no object')
WHEN (line LIKE {twice} OR contains(line, '\\u'))
    AND len(list_filter(json_keys(line), lambda k: k = {name})) > 1 THEN NULL
WHEN starts_with({value}, '"') THEN {text}
WHEN regexp_full_match({value}, '-?[0-9]+') THEN {text} END"""


class JsonLinesFormat(FileFormat):
    """JSON Lines files.

    A cell is the text that DuckDB makes of a value: equal values have equal text, and
    numbers that differ only in how they are written have it too. What a row says is
    read from the line itself.
    """

    suffixes = (".jsonl", ".ndjson")
    is_text = True
    holds_objects = True

    def ready(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> DataFile:
        """Return a file as plain text without a byte order mark.

        Raises:
            Faults: it is damaged, or in another encoding.
        """
        ready = plain(connection, file, keeps_mark=False)
        layout = layout_of(ready.text_path, heading=0, is_quoted=False)
        ready = replace(ready, layout=layout)
        if wanted.skips and not _are_objects(connection, ready):
            lines = (_harmless(line, row) for row, line in _numbered(ready))
            return replace(copied(connection, ready, lines), has_faults=True)
        return ready

    def shape(
        self, connection: Connection, file: DataFile, wanted: WantedColumns
    ) -> Hashable:
        """Return what expressions look at, and the columns that no row has.

        Raises:
            Faults: no row has the column of the key.
        """
        known = _sample(file)
        looked_at = {name for each in wanted.expressions for name in each.names}
        names = looked_at.union(wanted.names)
        if known and not known.issuperset(names):
            known |= _all_names(connection, file)
        if not known:
            known = {*names}
        elif isinstance(wanted.key, str):
            require([wanted.key], sorted(known))
        # A column that no row has is as blank as one that a row lacks. Letter case
        # counts where one is mapped; in an expression only if it tells two apart.
        unseen = looked_at - known - _alike(looked_at, known)
        seen = seen_by(connection, wanted, sorted({*known, *unseen}), _text)
        lacking = unseen.union(wanted.names) - known
        return seen, tuple(sorted(lacking)), file.has_faults

    def part(
        self, files: tuple[DataFile, ...], first: int, shape: Any, wanted: WantedColumns
    ) -> FilePart:
        """Return the part that files are."""
        seen, lacking, _ = shape
        sorts = sorts_of(wanted, seen, lambda _: "")
        computed = [place for place, sort in enumerate(sorts) if sort]
        readers = dict(zip(computed, _readers(wanted, sorts), strict=True))
        cells = ["key", "line", *(f"c{place + 1}" for place in computed)]
        if can_fail(wanted):
            cells.append(FAILED)
        return FilePart(
            files,
            first,
            _relation(files, first, wanted, seen),
            "json" if not computed else ["json", *sorts],
            f"[{', '.join(cells)}]",
            partial(read_line, wanted, readers),
            lossy=_lossy(wanted),
            fault=FAILED if can_fail(wanted) else None,
            row_fault=partial(_row_fault, wanted),
            lacking=lacking,
            typed=partial(_typed, files, wanted, sorts),
        )

    def first_fault(self, file: DataFile, wanted: WantedColumns) -> Fault | None:  # noqa: ARG002
        """Read a file line by line; give what is wrong with the first that fails."""
        try:
            faults = (_fault(line, row) for row, line in _numbered(file))
            return next((fault for fault in faults if fault is not None), None)
        except Faults as found:
            return found.first

    def whole(self, connection: Connection, path: Path) -> str:  # noqa: ARG002 - as every format is asked
        """Return a relation of the objects."""
        longest = f"maximum_object_size = {_LONGEST_OBJECT}"
        return f"read_ndjson_objects({path_in_sql(path)}, {longest})"

    def survey(self, path: Path) -> Export:
        """Look at the first lines."""
        return survey_json(path)


def _typed(
    files: Sequence[DataFile], wanted: WantedColumns, sorts: Sequence[str]
) -> TypedCells:
    """Return the cells of all files as most values in the first rows are."""
    computed = count(3)
    cells = [
        str(cell) if not sort else TypedCell(f"cells[{next(computed)}]", sort)
        for cell, sort in zip(wanted.columns, sorts, strict=True)
    ]
    rows = chain.from_iterable(map(_first_rows, files))
    usual = usual_sorts(islice(rows, _SAMPLED_ROWS))
    said = typed_line(cells, usual, wanted.nulls)
    if not can_fail(wanted):
        return said
    is_whole = without_fault(next(computed), 1)
    return replace(said, sound=f"({said.sound} AND {is_whole})")


def _row_fault(wanted: WantedColumns, cells: Cells) -> Fault | None:
    in_line = row_fault(wanted.key, cells)
    return in_line or (failure_in(cells) if can_fail(wanted) else None)


def _relation(
    files: Sequence[DataFile], first: int, wanted: WantedColumns, seen: Sequence[Seen]
) -> str:
    names = [*wanted.names, *(name for each in seen for name in each.columns)]
    places = {name: place for place, name in enumerate(dict.fromkeys(names), 1)}

    def value(name: str) -> str:
        return f"x[{places[name]}]"

    def text(name: str) -> str:
        return without(f"({value(name)} ->> '$')", wanted.nulls)

    def key(name: str) -> str:
        twice = quoted(f"%{_like(name)}%{_like(name)}%")
        words = {"value": value(name), "text": text(name), "name": quoted(name)}
        return _KEY.format(twice=twice, **words)

    def cell(_: int, name: str) -> str:
        if not wanted.nulls:
            return f"{value(name)}::VARCHAR"
        return f"CASE WHEN {text(name)} IS NOT NULL THEN {value(name)}::VARCHAR END"

    pointers = ", ".join(quoted(pointer(name)) for name in places) or "''"
    reader = _EXTRACTED.format(pointers=pointers, lines=_lines_of(files))
    others = ("line AS line", f"(file_index + {first})::INTEGER AS file")
    return query_of(wanted, seen, Columns(key, cell, text), reader, *others)


def _like(name: str) -> str:
    """Return a pattern of LIKE for a key as it is written without escapes."""
    is_plain = name.isascii() and name.isprintable() and not {*'"\\%_'} & {*name}
    return f'"{name}"' if is_plain else '"%"'


def _lines_of(files: Sequence[DataFile]) -> str:
    return _LINES.format(files=", ".join(file.sql for file in files))


def _text(_: str) -> str:
    return "VARCHAR"


def _alike(names: Iterable[str], known: Iterable[str]) -> set[str]:
    """Return the names that differ from a known one in letter case alone."""
    folded = {name.lower() for name in known}
    return {name for name in names if name.lower() in folded}


def _readers(wanted: WantedColumns, sorts: Sequence[str]) -> Iterator[Reader]:
    for cell, sort in zip(wanted.columns, sorts, strict=True):
        if isinstance(cell, Expression):
            yield reader_of(cell.steps[-1], sort)


def _lossy(wanted: WantedColumns) -> str | None:
    """Return the line of rows in which a number's own spelling may count."""
    texts = [f"c{place + 1}" for place in wanted.verbatim]
    if not texts:
        return None
    spelled = " OR ".join(f"regexp_matches({t}, '^[-0-9\\[].*[.eE]')" for t in texts)
    return f"CASE WHEN {spelled} THEN line END"


def _numbered(file: DataFile) -> Iterator[tuple[int, bytes]]:
    """Yield the rows of a file: lines that are not blank."""
    try:
        with file.text_path.open("rb") as stream:
            lines = short_lines(stream)
            yield from enumerate((line for line in lines if line.strip()), 1)
    except OSError as error:
        raise Faults(damaged(error)) from error


def _are_objects(connection: Connection, file: DataFile) -> bool:
    query = _ARE_OBJECTS.format(lines=_lines_of([file]))
    try:
        ((are_objects,),) = connection.execute(query).fetchall()
    except refusals():
        return False
    return are_objects is not False


def _harmless(line: bytes, row: int) -> bytes:
    """Return a line itself, or one that says what is wrong with it."""
    fault = _fault(line, row)
    if fault is None:
        return line.rstrip(b"\r\n") + b"\n"
    return json.dumps({ROW_FAULT: fault.message}).encode() + b"\n"


def _sample(file: DataFile) -> set[str]:
    """Return the names in the first rows of a file."""
    return {name for row in _first_rows(file) for name, _ in row}


def _first_rows(file: DataFile) -> Iterator[Pairs]:
    size = 0
    for row, line in _numbered(file):
        try:
            yield parsed(line.decode())
        except ValueError:
            break  # reading all of it will say which row it is
        size += len(line)
        if size > _SAMPLED_BYTES or row >= _SAMPLED_ROWS:
            break


def _all_names(connection: Connection, file: DataFile) -> set[str]:
    lines = _lines_of([file])
    query = f"SELECT DISTINCT unnest(json_keys(line)) FROM ({lines})"  # noqa: S608
    return {name for (name,) in connection.execute(query).fetchall()}


def _fault(line: bytes, row: int) -> Fault | None:
    try:
        written = line.decode()
    except UnicodeDecodeError:
        return Fault("CT614", "is not UTF-8", "save the file as UTF-8", row=row)
    try:
        # Written again only to see that it can be: a lone half of a surrogate pair
        # cannot.
        json.dumps(parsed(written.strip()), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "holds half of a surrogate pair"
        return Fault("CT617", message, "write the character itself", row=row)
    except json.JSONDecodeError as error:
        message = f"is not JSON from character {error.pos + 1} on"
        return Fault("CT617", message, "write one object a line", row=row)
    except ValueError:
        return Fault("CT617", "is no JSON object", "write one object a line", row=row)
    return None


FORMAT = JsonLinesFormat()
