"""Looking at the first lines of a file of JSON objects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ctsync.formats.compression import head_of
from ctsync.formats.json_rows import parsed
from ctsync.formats.survey import LOOKED_AT, Export, SeenColumn


def survey_json(path: Path) -> Export:
    """Look at the first lines of a file, an object each."""
    columns: dict[str, SeenColumn] = {}
    lines = [*islice(filter(bytes.strip, head_of(path).splitlines()), LOOKED_AT)]
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
