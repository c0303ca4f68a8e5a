"""Bodies of entries, which rows of columns have, and the lines they stand for.

Most lines end with a fingerprint and a key, which stand in columns of the row as well.
A body is what such a line has between its first brace and that end. Of a line that ends
otherwise it is the whole line, as it was of all in states of before. The first
character tells the one from the other, so that both stand in one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from ctsync.arrow import arrow, arrow_compute
from ctsync.model.entry_columns import EntryColumns
from ctsync.sql_text import quoted

Rows: TypeAlias = Any  # a pyarrow.Table

SPELLED = ("type", "id", "fingerprint", "body")
"""The columns that say the line of an entry."""

_BRACE = b"{"
_MARK = b',"fingerprint":"'
_KEY = b',"key":{"'
_ID = b'":"'
_END = b'"}}'


def lines_of(rows: Rows) -> list[bytes | None]:
    """Return the lines of rows, with newlines; None of who is gone from a snapshot."""
    pc = arrow_compute()

    bodies = _bytes_in(rows, "body")
    lines = _joined(_BRACE, bodies, *_end_of(rows), b"\n")
    if _has_whole(bodies):
        whole = _joined(bodies, b"\n")
        lines = pc.if_else(pc.starts_with(bodies, _BRACE), whole, lines)
    found: list[bytes | None] = lines.to_pylist()
    return found


def with_cut_bodies(rows: Rows) -> Rows:
    """Return rows with the body of every line that can be cut."""
    bodies = _bytes_in(rows, "body")
    if not _has_whole(bodies):
        return rows
    ends = _joined(*_end_of(rows)).to_pylist()
    cut = arrow().array([*map(_cut, bodies.to_pylist(), ends)], "binary")
    field = rows.schema.field("body")
    return rows.set_column(rows.schema.names.index("body"), field, cut.view("string"))


def _cut(body: bytes | None, end: bytes) -> bytes | None:
    if body is None or not (body.startswith(_BRACE) and body.endswith(end)):
        return body
    return body[len(_BRACE) : -len(end)]


def bodies_of(columns: EntryColumns) -> list[bytes]:
    """Return the bodies of entries that come as columns."""
    return [
        line[len(_BRACE) : -len(end)] if line.endswith(end) else line[:-1]
        for line, end in zip(columns.lines, _ends_in(columns), strict=True)
    ]


def _ends_in(columns: EntryColumns) -> Iterable[bytes]:
    key = (_KEY, columns.key_type.encode(), _ID, b"%b", _END, b"\n")
    if not columns.marks:
        return map(b"".join(key).__mod__, columns.ids)
    ends = b"".join((_MARK, b'%b"', *key))
    return map(ends.__mod__, zip(columns.marks, columns.ids, strict=True))


def line_sql(row: str) -> str:
    """Return SQL of the line of a row, without a newline; NULL where it has no body."""
    brace, mark, key, between, end = (
        quoted(text.decode()) for text in (_BRACE, _MARK, _KEY, _ID, _END)
    )
    said = f"""{mark} || lower(hex({row}.fingerprint)) || '"'"""
    cut = (
        f"{brace} || {row}.body || "
        f"concat({said}, {key}, {row}.type, {between}, {row}.id, {end})"
    )
    is_whole = f"starts_with({row}.body, {brace})"
    return f"CASE WHEN {is_whole} THEN {row}.body ELSE {cut} END"


def _end_of(rows: Rows) -> Sequence[Any]:
    """Return the parts of how lines end that can be cut; an id has nothing escaped."""
    kind, identifier = _bytes_in(rows, "type"), _bytes_in(rows, "id")
    return (*_mark_of(rows), _KEY, kind, _ID, identifier, _END)


def _mark_of(rows: Rows) -> Sequence[Any]:
    marks = rows["fingerprint"].combine_chunks()
    mark = _MARK, _digits_of(marks), b'"'
    if not marks.null_count:
        return mark
    said = _joined(*mark)
    return (arrow_compute().if_else(marks.is_valid(), said, _value(b"")),)


def _digits_of(marks: Any) -> Any:
    """Return fingerprints as hex digits; where there is none, any."""
    width = marks.type.byte_width
    start, stop = (width * row for row in (marks.offset, marks.offset + len(marks)))
    digits = memoryview(marks.buffers()[1])[start:stop].hex().encode()
    return _cut_evenly(digits, 2 * width, len(marks))


def _has_whole(bodies: Any) -> bool:
    pc = arrow_compute()

    return bool(pc.any(pc.starts_with(bodies, _BRACE)).as_py())


def _bytes_in(rows: Rows, column: str) -> Any:
    return rows[column].combine_chunks().cast("binary")


def _joined(*parts: Any) -> Any:
    values = [_value(part) if isinstance(part, bytes) else part for part in parts]
    return arrow_compute().binary_join_element_wise(*values, _value(b""))


def _value(text: bytes) -> Any:
    return _cut_evenly(text, len(text), 1)[0]


def _cut_evenly(text: bytes, width: int, count: int) -> Any:
    """Return an array of bytes that follow each other."""
    pa = arrow()

    # With the first value that it makes of one of Python's, pyarrow loads pandas where
    # that is installed, which takes longer than to read a small state.
    kind, buffers = pa.binary(width), [None, pa.py_buffer(text)]
    return pa.FixedSizeBinaryArray.from_buffers(kind, count, buffers).cast("binary")
