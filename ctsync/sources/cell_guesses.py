"""What words of cells probably mean, and what reads them.

Guesses that are only ever offered: as the cure of what cannot be read, or in the first
draft of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ctsync.sources.date_formats import moment_of
from ctsync.sql_text import column_sql

COMMA = re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]+|-?[0-9]+,[0-9]+")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
NULLS = frozenset(
    {"null", "none", "\\n", "nan", "n/a", "#n/a", "<na>", "nat", "undefined", "-"}
)
TRUE = frozenset({"true", "yes", "y", "1", "t", "on", "ja", "oui", "si"})
FALSE = frozenset({"false", "no", "n", "0", "f", "off", "nein", "non"})
_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%z",
)  # fmt: skip
# CAST and no ::, which a pipeline's runner takes for a command, so that it is escaped.
_EPOCH = {
    10: "to_timestamp(CAST({} AS BIGINT))",
    13: "epoch_ms(CAST({} AS BIGINT))",
}
_FRACTION = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]+"
    r"(?P<zone>Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)


def meant_of(word: str, allowed: Iterable[str]) -> str | None:
    """Guess which value a word means: the one that it begins with, in any case."""
    folded = word.strip().casefold()
    exact = [value for value in allowed if value.casefold() == folded]
    begun = [
        value
        for value in allowed
        if len(value) == 1 and folded.startswith(value.casefold())
    ]
    return next(iter(exact or begun), None)


def switch_of(word: str) -> bool | None:
    """Guess whether a word means true or false."""
    folded = word.strip().casefold()
    return True if folded in TRUE else False if folded in FALSE else None


def forms_of(words: Sequence[str]) -> list[str]:
    """Return the forms of `strptime` that read all of some words."""
    return [f for f in _FORMATS if words and all(_fits(word, f) for word in words)]


def _fits(word: str, form: str) -> bool:
    try:
        moment_of(word, form)
    except ValueError:
        return False
    return True


def moment_sql(column: str, words: Sequence[str]) -> str | None:
    """Return the expression that reads moments with parts of a second."""
    found = [_FRACTION.fullmatch(word) for word in words]
    if not found or None in found:
        return None
    zones = {bool(match["zone"]) for match in found if match is not None}
    if len(zones) > 1:
        return None
    # Without its zone, an offset would be left out and the moment be hours off.
    type_ = "TIMESTAMPTZ" if zones == {True} else "TIMESTAMP"
    return f"date_trunc('second', CAST({column_sql(column)} AS {type_}))"


def epoch_sql(column: str, words: Sequence[str]) -> str | None:
    """Return the expression that reads seconds or milliseconds since 1970."""
    for digits, expression in _EPOCH.items():
        if words and all(w.isdigit() and len(w) == digits for w in words):
            return expression.format(column_sql(column))
    return None


def phone_sql(column: str, country: str) -> str:
    """Return the expression that makes numbers of one country international."""
    # The 0 that many national numbers begin with has no place behind a country's code.
    digits = f"ltrim(regexp_replace({column_sql(column)}, '[^0-9]', '', 'g'), '0')"
    return f"'+{country}' || {digits}"


def text_sql(column: str) -> str:
    """Return the expression that makes text of a column."""
    return f"CAST({column_sql(column)} AS VARCHAR)"


def international_sql(column: str, words: Sequence[str]) -> str | None:
    """Return the expression that takes out what people put between digits."""
    if not words or not all(map(_INTERNATIONAL.fullmatch, words)):
        return None
    return f"regexp_replace({column_sql(column)}, '[^0-9+]', '', 'g')"


_INTERNATIONAL = re.compile(r"\+[0-9]{1,3}[0-9 ()./\u00a0-]{5,20}")


def list_sql(column: str) -> str:
    """Return the expression that reads text such as `["a","b"]` as a list."""
    return f"json_extract_string({column_sql(column)}, '$[*]')"


def visible_sql(column: str) -> str:
    """Return the expression that takes out of ids what nobody sees."""
    return f"regexp_replace({column_sql(column)}, '[{_UNSEEN}]', '', 'g')"


# The characters of `doubtful_cells.INVISIBLE`, as RE2 spells them.
_UNSEEN = r"\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}"


def rounded_sql(column: str) -> str:
    """Return the expression that leaves a number the digits that it can keep."""
    return f"round(CAST({column_sql(column)} AS DECIMAL(38, 18)), 6)"
