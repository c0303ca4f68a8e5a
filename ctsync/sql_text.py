"""Words of SQL: text and names as they stand in a query. No database is needed."""

from __future__ import annotations

from collections.abc import Sequence


def quoted(text: str) -> str:
    """Return text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def named(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def stepwise(value: str, bounds: Sequence[int | str], results: Sequence[str]) -> str:
    """Return SQL that gives one of some results by where a value stands.

    The first holds below all bounds, which ascend, and each other from its bound on.
    """
    if not bounds:
        return results[0]
    # Halved each time: as many are asked as a search takes, and not all of them.
    middle = len(bounds) // 2
    below = stepwise(value, bounds[:middle], results[: middle + 1])
    above = stepwise(value, bounds[middle + 1 :], results[middle + 1 :])
    return f"CASE WHEN {value} < {bounds[middle]} THEN {below} ELSE {above} END"


# Words that name a column in SQL only within quotes, by DuckDB 2.0.
_WORDS_OF_SQL = """all analyse analyze and anti any array as asc asof asymmetric at
authorization binary both by case cast check collate collation column concurrently
constraint create cross default deferrable desc describe distinct do else end except
false fetch for foreign freeze from full glob group having ilike in initially inner
intersect into is isnull join lambda lateral leading left like limit natural not notnull
null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing
positional primary qualify references returning right select semi show similar some
summarize symmetric table tablesample then to trailing true union unique unpack unpivot
using variadic verbose when where window with"""
_KEYWORDS = frozenset(_WORDS_OF_SQL.split())


def column_sql(column: str) -> str:
    """Return a column as people write it: with quotes only where SQL needs them."""
    is_plain = column.isidentifier() and column.isascii()
    return column if is_plain and column.lower() not in _KEYWORDS else named(column)


def whole_id_sql(column: str) -> str:
    """Return the expression that takes `.0` from ids that were numbers."""
    return f"regexp_replace({column_sql(column)}, '[.]0+$', '')"
