"""What makes cells of a column readable, as YAML to paste into its table.

Cells are words of a file, so the spelling that a spec would want helps nobody: `map`,
`format`, `split`, `csv`, `nulls` and `compute` do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.sources.date_formats import moment_of

_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d",
    "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S%z",
)  # fmt: skip
_TRUE = {"true", "yes", "y", "1", "t", "on", "ja", "oui", "si"}
_FALSE = {"false", "no", "n", "0", "f", "off", "nein", "non"}
_COMMA = re.compile(r"-?[0-9]+(\.[0-9]{3})*,[0-9]+")
_EPOCH = {10: "to_timestamp({}::BIGINT)", 13: "epoch_ms({}::BIGINT)"}
_FRACTION = re.compile(r".*:[0-9]{2}\.[0-9]+.*")
_NULLS = {"null", "none", "\\n", "nan", "n/a", "#n/a", "<na>", "nat", "undefined", "-"}
_KINDS = {
    "boolean": ("true or false", 'map: {"True": true, "False": false}'),
    "number": ("a number", 'csv: {decimal: ","} reads 1,5; compute: casts other text'),
    "counter": ("a number", 'csv: {decimal: ","} reads 1,5; compute: casts other text'),
    "date": ("a date", 'format: "%d/%m/%Y" reads dates as they are written'),
    "list": ("a list", 'split: ";" parts a text into values'),
    "string": ("text", 'compute: {A: "CAST(column AS VARCHAR)"} makes text of it'),
}
_OF_TYPES = frozenset({"CT201", "CT202", "CT203", "CT207"})


def in_table(fault: Fault, rule: Attribute | None) -> Fault:
    """Return a fault of a cell with advice for tables in place of that for YAML."""
    if rule is None or rule.kind not in _KINDS or fault.code not in _OF_TYPES:
        return fault
    noun, hint = _KINDS[rule.kind]
    if fault.code == "CT201":
        return replace(
            fault, message=f"{rule.attribute} takes {noun}, not {{value}}", hint=hint
        )
    return replace(fault, hint=hint)


def cure_of(
    column: str, rule: Attribute, words: Sequence[str], allowed: Sequence[str]
) -> str | None:
    """Return YAML that reads these words of a column, None where none is known."""
    nulls = sorted({word for word in words if word.lower() in _NULLS})
    others = [word for word in words if word not in nulls]
    cure = _cure_of(column, rule, others, allowed) if others or not nulls else None
    found = [f"nulls: {_yaml(nulls)}"] if nulls else []
    return " and ".join([*found, *([cure] if cure else [])]) or None


def _cure_of(
    column: str, rule: Attribute, words: Sequence[str], allowed: Sequence[str]
) -> str | None:
    if rule.attribute == "Phone":
        digits = f"ltrim(regexp_replace({_named(column)}, '[^0-9]', '', 'g'), '0')"
        made = _yaml(f"'+91' || {digits}")
        return f"compute: {{Phone: {made}}}, with your country's code"
    if allowed:
        return _map({word: _meant(word, allowed) for word in words})
    cure = _CURES.get(rule.kind or "")
    return None if cure is None else cure(column, rule.attribute, words)


def _boolean_cure(column: str, attribute: str, words: Sequence[str]) -> str | None:  # noqa: ARG001 - as all cures
    return _map({word: _switch(word) for word in words})


def _number_cure(column: str, attribute: str, words: Sequence[str]) -> str | None:  # noqa: ARG001
    is_comma = bool(words) and all(map(_COMMA.fullmatch, words))
    return 'csv: {decimal: ","}' if is_comma else None


def _list_cure(column: str, attribute: str, words: Sequence[str]) -> str | None:  # noqa: ARG001
    between = (c for c in ";|," if any(c in word for word in words))
    return next((f'split: "{character}"' for character in between), None)


def _text_cure(column: str, attribute: str, words: Sequence[str]) -> str | None:  # noqa: ARG001
    return f"compute: {{{attribute}: {_yaml(_cast(column))}}}"


def _cast(column: str) -> str:
    return f"CAST({_named(column)} AS VARCHAR)"


def _named(column: str) -> str:
    plain = column.isidentifier() and column.isascii()
    return column if plain else '"' + column.replace('"', '""') + '"'


def _date_cure(column: str, attribute: str, words: Sequence[str]) -> str | None:
    for digits, expression in _EPOCH.items():
        if words and all(w.isdigit() and len(w) == digits for w in words):
            made = expression.format(_named(column))
            return f"compute: {{{attribute}: {_yaml(made)}}}"
    if words and all(map(_FRACTION.fullmatch, words)):
        made = f"date_trunc('second', {_named(column)}::TIMESTAMP)"
        return f"compute: {{{attribute}: {_yaml(made)}}}"
    fitting = [
        form for form in _FORMATS if words and all(_fits(w, form) for w in words)
    ]
    return " or ".join(f'format: "{form}"' for form in fitting[:2]) or None


def _fits(word: str, form: str) -> bool:
    try:
        moment_of(word, form)
    except ValueError:
        return False
    return True


def _meant(word: str, allowed: Iterable[str]) -> str | None:
    """Guess which value a word means: the one that it begins with, in any case."""
    folded = word.strip().casefold()
    exact = [value for value in allowed if value.casefold() == folded]
    begun = [
        value
        for value in allowed
        if len(value) == 1 and folded.startswith(value.casefold())
    ]
    return next(iter(exact or begun), None)


def _switch(word: str) -> bool | None:
    folded = word.strip().casefold()
    return True if folded in _TRUE else False if folded in _FALSE else None


def _map(meant: Mapping[str, object]) -> str | None:
    pairs = [f"{_yaml(w)}: {_yaml(v)}" for w, v in meant.items() if v is not None]
    return f"map: {{{', '.join(pairs)}}}" if pairs else None


def _yaml(value: object) -> str:
    if isinstance(value, str) and value.isascii() and value.isalpha():
        is_odd = value.lower() in _TRUE | _FALSE | {"null"} and len(value) > 1
        return json.dumps(value) if is_odd else value
    return json.dumps(value, ensure_ascii=False)


_CURES: Mapping[str, Callable[[str, str, Sequence[str]], str | None]] = {
    "boolean": _boolean_cure,
    "number": _number_cure,
    "counter": _number_cure,
    "date": _date_cure,
    "list": _list_cure,
    "string": _text_cure,
}
