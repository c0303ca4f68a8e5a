"""Which sort of value the cells of a type of DuckDB are."""

from __future__ import annotations

import re

WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,0\)")
_NUMBER = re.compile(r"FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)")
_MOMENT = re.compile(r"TIMESTAMP(_S|_MS|_NS)?")
_SORTS = {
    "VARCHAR": "text",
    "UUID": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "instant",
    "TIMESTAMPTZ_NS": "instant",  # what pandas writes, by DuckDB 2.0.1
    "VARCHAR[]": "list",
    '"NULL"': "blank",
    '"NULL"[]': "list",
}


def sort_of(type_: str) -> str:
    """Return what cells of a type are; '' if they are no values."""
    if WHOLE.fullmatch(type_) or _NUMBER.fullmatch(type_):
        return "number"
    if _MOMENT.fullmatch(type_):
        return "moment"
    return _SORTS.get(type_) or ("text" if type_.startswith("ENUM(") else "")
