"""Cells of JSON Lines in SQL: what `json_rows` reads from a line, where that is sure.

DuckDB takes more for JSON than Python does, gives of a name that stands twice the first
value, and spells numbers anew. A row is sound where none of that can be told apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ctsync.formats.base import TypedCell, TypedCells
from ctsync.formats.json_rows import Pairs, sort_of_value
from ctsync.formats.row_query import without
from ctsync.sql_text import quoted

LINE = "cells[2]"
_MOST_NESTED = 500  # Python reads nothing that is nested much deeper
# Words for numbers that are none, a comma before a bracket, and letters of ASCII that
# are written as escapes, behind which a name may stand a second time.
_ODD = (
    r'(?i)(":|[\[,])\s*-?(nan|inf|infinity)\s*[,}\]]'
    r"|,\s*[}\]]|\\u00[2-7]"
)
_IS_PLAIN_NAME = re.compile(r"[ !#-.0-\[\]-~]+")  # without quotes, slashes and escapes


def typed_line(
    columns: Sequence[str | TypedCell],
    sorts: Mapping[str, str],
    nulls: Sequence[str],
) -> TypedCells:
    """Return the cells of a line: those of names, and in between what is computed.

    `sorts` are what most values of a name are.
    """
    names = [each for each in columns if isinstance(each, str)]
    pointers = ", ".join(quoted(pointer(name)) for name in names)
    values = f"json_extract({LINE}, [{pointers}])::VARCHAR[]"
    places = iter(range(1, len(names) + 1))
    return TypedCells(
        tuple(
            _cell(each, f"({values})[{next(places)}]", sorts.get(each, "text"), nulls)
            if isinstance(each, str)
            else each
            for each in columns
        ),
        sound_line(LINE),
    )


def usual_sorts(rows: Iterable[Pairs]) -> dict[str, str]:
    """Return what most values of each name are in some rows, blank ones aside."""
    counts: dict[str, Counter[str]] = {}
    for name, value in (pair for row in rows for pair in row):
        if sort := sort_of_value(value):
            counts.setdefault(name, Counter())[sort] += 1
    return {name: found.most_common(1)[0][0] for name, found in counts.items()}


def pointer(*names: str) -> str:
    """Return the JSON pointer of a key, or of one within others (RFC 6901)."""
    keys = (name.replace("~", "~0").replace("/", "~1") for name in names)
    return "".join(f"/{key}" for key in keys)


def _cell(name: str, value: str, sort: str, nulls: Sequence[str]) -> TypedCell:
    if not _IS_PLAIN_NAME.fullmatch(name):
        return TypedCell(value, "")
    blank = f"{value} IN ('null', '\"\"')"
    text, is_right = _told(name, value, sort)
    if sort != "list":
        text = without(f"({text})", nulls)
    # Where LIKE takes a letter for any, too much is found, never too little.
    pattern = quoted(f'%"{name}"%"{name}"%')
    return TypedCell(
        f"CASE WHEN NOT {blank} THEN {text} END",
        sort,
        f"({blank} OR {is_right}) AND NOT {LINE} LIKE {pattern}",
    )


def _told(name: str, value: str, sort: str) -> tuple[str, str]:
    """Return the text of a value, and whether it is of the sort."""
    if sort == "number":
        # `json_extract` spells 1e+22 as 1e22, so other numbers are taken from the line.
        form = rf'"{re.escape(name)}"\s*:\s*([-+.0-9eE]+)'
        written = f"regexp_extract({LINE}, {quoted(form)}, 1)"
        is_whole = f"regexp_full_match({value}, '-?[0-9]+')"
        text = f"CASE WHEN {is_whole} THEN {value} ELSE {written} END"
        return text, f"regexp_matches({value}, '^[-0-9]')"
    if sort == "text":
        is_text = f"starts_with({value}, '\"')"
        text = f"CASE WHEN {is_text} THEN {value}[2:-2] ELSE {value} END"
        return text, f"({is_text} AND NOT contains({value}, '\\'))"
    if sort == "list":
        return value, f"starts_with({value}, '[')"
    return value, f"{value} IN ('true', 'false')"


def sound_line(line: str) -> str:
    """Return SQL: whether DuckDB and Python take a line of JSON for the same."""
    brackets = f"replace(replace({line}, '[', ''), '{{', '')"
    is_flat = (
        f"CASE WHEN strlen({line}) < {_MOST_NESTED} THEN true "
        f"ELSE strlen({line}) - strlen({brackets}) < {_MOST_NESTED} END"
    )
    return f"({is_flat} AND NOT regexp_matches({line}, {quoted(_ODD)}))"
