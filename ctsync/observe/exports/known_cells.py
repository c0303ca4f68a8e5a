"""What cells of an export leave known, as SQL, where that is beyond doubt.

`entry_lines` says the same of one row after another, and is asked of all others. A cell
is the JSON text of its value, as DuckDB spells it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ctsync.canonical_json import canonical
from ctsync.kinds.number import plain_number
from ctsync.model.kind_shape import LIST, holds_sets
from ctsync.model.scalar_value import DATE_PREFIX
from ctsync.observe.exports.export_columns import LONG, ExportColumn
from ctsync.observe.exports.switches import SWITCHES
from ctsync.sql_text import quoted


class _Way(NamedTuple):
    """Where `so`, SQL of a BOOLEAN, a value of a kind is known: JSON text as SQL."""

    so: str
    kind: str
    value: str


def known_sql(cell: str, column: ExportColumn) -> str:
    """Return SQL of what a line of an entry has of an attribute, with its name.

    It is '' where the cell says nothing, and NULL where Python has to be asked.
    """
    cases = [f"WHEN {cell} IS NULL OR {cell} IN ('null', '\"\"', '[]') THEN ''"]
    for so, kind, value in _ways(cell, column):
        cases.append(f"WHEN {so} THEN {_known(column, kind, value)}")
    return f"CASE {' '.join(cases)} END"


def _known(column: ExportColumn, kind: str, value: str) -> str:
    known = {"kind": kind, "name": column.attribute}
    # `present` and `value` come after all other names, so the value stands at the end.
    whole = {"complete": True, "present": 0} if holds_sets(kind) else {"value": 0}
    opening = canonical({column.folded: {**known, **whole}}).decode()
    return f"concat({quoted(opening[1:-3])}, {value}, '}}')"


def _ways(cell: str, column: ExportColumn) -> Iterator[_Way]:
    if column.sort == "switch":
        yield from _switches(cell, column.kind)
    elif column.sort == "attribute" and column.attribute == "Phone":
        yield from _phones(cell)
    elif column.sort == "attribute":
        yield from _texts(cell, column.kind)
        yield from _numbers(cell, column.kind)
        yield from _lists(cell, column.kind)


def _texts(cell: str, kind: str | None) -> Iterator[_Way]:
    # A text may be a date of the platform's, or a list.
    is_plain = f"({_is_text(cell)} AND NOT {cell}[2] IN ('$', '['))"
    word = f"lower({cell}[2:-2])"
    if kind in {None, "string"}:
        yield _Way(is_plain, "string", cell)
    if kind in {None, "date"}:
        yield _Way(f"regexp_full_match({cell}, {quoted(_MOMENT)})", "date", cell)
    if kind == "date":
        is_day = f"regexp_matches({cell}, {quoted(_DAY)})"
        yield _Way(f"{is_day} AND {is_plain}", "string", cell)
    elif kind in {"number", "counter"}:
        digits = plain_number(f"{cell}[2:-2]")
        yield _Way(f"{is_plain} AND {digits.sound}", kind, digits.value)
    elif kind == "boolean":
        yield _Way(f"{is_plain} AND {word} IN ('true', 'false')", kind, word)
    elif kind is not None and holds_sets(kind):
        yield _Way(is_plain, kind, f"concat('[', {cell}, ']')")


def _numbers(cell: str, kind: str | None) -> Iterator[_Way]:
    """Yield numbers and booleans."""
    if kind in {None, "number", "counter"}:
        digits, own = plain_number(cell), kind or "number"
        yield _Way(digits.sound, own, digits.value)
        # A double in its shortest form, which may have more digits.
        shortest = f"TRY_CAST({cell} AS DOUBLE)::VARCHAR = {cell}"
        is_long = f"regexp_full_match({cell}, {quoted(_FRACTION)})"
        yield _Way(f"{is_long} AND {shortest}", own, cell)
    if kind in {None, "boolean"}:
        yield _Way(f"{cell} IN ('true', 'false')", "boolean", cell)


def _lists(cell: str, kind: str | None) -> Iterator[_Way]:
    """Yield lists of texts without an escape: in order, and each of them once."""
    own = kind if kind is not None and holds_sets(kind) else LIST
    parts = f"string_split({cell}[3:-3], '\",\"')"
    step = "lambda one, other: CASE WHEN one < other THEN other END"
    ordered = f"array_to_string(list_sort(list_distinct({parts})), '\",\"')"
    value = (
        f"CASE WHEN list_reduce({parts}, {step}) IS NOT NULL THEN {cell} "
        f"ELSE concat('[\"', {ordered}, '\"]') END"
    )
    yield _Way(f"regexp_full_match({cell}, {quoted(_LIST)})", own, value)


def _phones(cell: str) -> Iterator[_Way]:
    """Yield phone numbers, which an export may show without their plus."""
    is_phone = f"{_is_text(cell)} AND {cell}[2] IN ({_FIRST_OF_PHONE})"
    yield _Way(is_phone, "string", cell)
    number = f"concat('\"+', {cell}, '\"')"
    yield _Way(f"regexp_full_match({cell}, '[1-9][0-9]{{0,14}}')", "string", number)


def _switches(cell: str, kind: str | None) -> Iterator[_Way]:
    if kind not in {None, "boolean", "subscription"}:
        return
    for is_on in (True, False):
        words = [word for word, said in SWITCHES.items() if said is is_on]
        spelled = [quoted(each) for word in words for each in (word, f'"{word}"')]
        so = f"lower({cell}) IN ({', '.join(spelled)})"
        yield _Way(so, kind or "boolean", quoted(str(is_on).lower()))


def _is_text(cell: str) -> str:
    """Return SQL: whether it is text that stands in JSON as it is."""
    return (
        f"(starts_with({cell}, '\"') AND NOT contains({cell}, '\\')"
        f" AND strlen({cell}) < {LONG})"
    )


_TEXT = r'"[^"\\]*"'
_LIST = rf"\[{_TEXT}(,{_TEXT})*\]"
_MOMENT = rf'"\{DATE_PREFIX}(0|-?[1-9][0-9]{{0,9}})"'
_DAY = '^"[0-9]{4}-[0-9]{2}-[0-9]{2}'
_FRACTION = r"-?([1-9][0-9]{0,14}|0)\.[0-9]{0,2}[1-9][0-9]*"
_FIRST_OF_PHONE = ", ".join(map(quoted, "+0123456789"))
