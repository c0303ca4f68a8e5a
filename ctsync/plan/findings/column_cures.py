"""What makes cells of a column readable, as YAML to paste into its table.

Cells are words of a file, so the spelling that a spec would want helps nobody: `map`,
`format`, `split`, `csv`, `nulls` and `compute` do. Which of them, the kind of file says
too: `csv:` is for CSV, and numbers of JSON Lines and Parquet take no `format:`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ctsync.kinds import KINDS
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.model.kind_shape import LIST, holds_sets
from ctsync.sources.cell_guesses import (
    COMMA,
    FALSE,
    NULLS,
    NUMBER,
    TRUE,
    epoch_sql,
    forms_of,
    international_sql,
    list_sql,
    meant_of,
    moment_sql,
    phone_sql,
    rounded_sql,
    switch_of,
    text_sql,
)
from ctsync.sources.doubtful_cells import AS_LIST, ROUND
from ctsync.sql_text import column_sql


class CellPlace(Struct, frozen=True):
    """A column of a table, the attribute it gives, and whether its files are CSV.

    What is computed has no column: ''.
    """

    column: str
    rule: Attribute
    is_csv: bool

    def computed(self, expression: str) -> str:
        """Return what computes the attribute by an expression."""
        return f"compute: {{{_yaml(self.rule.attribute)}: {_yaml(expression)}}}"


# A word that YAML readers disagree about, no value, a value of another type or beyond
# it, no such moment: what would cure a spec does not cure a cell.
_OF_TYPES = frozenset({"CT201", "CT202", "CT203", "CT207"})


def in_table(fault: Fault, place: CellPlace) -> Fault:
    """Return a fault of a cell with advice for tables in place of that for YAML."""
    doubt = _OF_DOUBTS.get((fault.code, fault.hint))
    if doubt is not None and place.column:
        return replace(fault, hint=doubt(place))
    if place.rule.kind is None or fault.code not in _OF_TYPES:
        return fault
    hint = _advice(place, fault.value or "")
    if fault.code == "CT201":
        noun = KINDS[place.rule.kind].describe()
        message = f"{place.rule.attribute} takes {noun}, not {{value}}"
        return replace(fault, message=message, hint=hint)
    return replace(fault, hint=hint)


def _as_list(place: CellPlace) -> str:
    made = place.computed(list_sql(place.column))
    is_text = place.rule.kind == "string"
    return f"{made}, with type: list in the catalog" if is_text else made


_OF_DOUBTS: Mapping[tuple[str, str | None], Callable[[CellPlace], str]] = {
    ("CT631", AS_LIST): _as_list,
    ("CT633", ROUND): lambda place: place.computed(rounded_sql(place.column)),
}


def _advice(place: CellPlace, word: str) -> str:
    """Return what reads a cell, or such as it; nothing of the cell stands in it."""
    if not place.column:
        return "change its expression in compute:"
    kind = _like(place.rule.kind)
    # Which words mean true, and which of them are whose, no one word tells.
    cure = _CURES[kind](place, [word]) if kind != "boolean" else None
    return cure or _EXAMPLES[kind](place)


def _like(kind: str | None) -> str:
    """Return the kind of ours that a kind is most like, by what cells it reads."""
    if kind is None or kind in _CURES:
        return kind or ""
    return LIST if holds_sets(kind) else "string"


_EXAMPLES: Mapping[str, Callable[[CellPlace], str]] = {
    "boolean": lambda _: 'map: {"True": true, "False": false}',
    "number": lambda place: f"{_point(place)} reads 1,5; compute: casts other text",
    "counter": lambda place: f"{_point(place)} reads 1,5; compute: casts other text",
    "date": lambda _: 'format: "%d/%m/%Y" reads dates as they are written',
    LIST: lambda _: 'split: ";" parts a text into values',
    "string": lambda place: place.computed(text_sql(place.column)),
}


def cure_of(
    place: CellPlace, words: Sequence[str], allowed: Sequence[str]
) -> str | None:
    """Return YAML that reads these words of a column, None where none is known."""
    nulls = sorted({word for word in words if word.lower() in NULLS})
    others = [word for word in words if word not in nulls]
    cure = _cure_of(place, others, allowed) if others or not nulls else None
    found = [f"nulls: {_yaml(nulls)}"] if nulls else []
    return " and ".join([*found, *([cure] if cure else [])]) or None


def _cure_of(
    place: CellPlace, words: Sequence[str], allowed: Sequence[str]
) -> str | None:
    if place.rule.attribute == "Phone":
        return _phone_cure(place, words)
    if allowed:
        return _map({word: meant_of(word, allowed) for word in words})
    cure = _CURES.get(_like(place.rule.kind))
    return None if cure is None else cure(place, words)


def _phone_cure(place: CellPlace, words: Sequence[str]) -> str:
    clean = international_sql(place.column, words)
    if clean is not None:
        return place.computed(clean)
    return f"{place.computed(phone_sql(place.column, '91'))}, with your country's code"


def _boolean_cure(place: CellPlace, words: Sequence[str]) -> str | None:  # noqa: ARG001 - as all cures
    return _map({word: switch_of(word) for word in words})


def _number_cure(place: CellPlace, words: Sequence[str]) -> str | None:
    if words and all(map(COMMA.fullmatch, words)):
        return _point(place)
    if not place.is_csv and words and all(map(NUMBER.fullmatch, words)):
        # Text that is computed gets its type from the catalog, as cells of CSV do.
        return place.computed(text_sql(place.column))
    return None


def _point(place: CellPlace) -> str:
    """Return what reads decimal commas; in other files than CSV that is computed."""
    if place.is_csv:
        return 'csv: {decimal: ","}'
    text = column_sql(place.column)
    return place.computed(f"replace(replace({text}, '.', ''), ',', '.')")


def _list_cure(place: CellPlace, words: Sequence[str]) -> str | None:
    if words and all(w.startswith("[") and w.endswith("]") for w in words):
        return place.computed(list_sql(place.column))
    between = (c for c in ";|," if any(c in word for word in words))
    return next((f'split: "{character}"' for character in between), None)


def _text_cure(place: CellPlace, words: Sequence[str]) -> str | None:
    if words and all(w.startswith("[") and w.endswith("]") for w in words):
        return None
    return place.computed(text_sql(place.column))


def _date_cure(place: CellPlace, words: Sequence[str]) -> str | None:
    made = epoch_sql(place.column, words) or moment_sql(place.column, words)
    if made is not None:
        return place.computed(made)
    forms = forms_of(words)
    if not place.is_csv and all(map(str.isdigit, words)):
        # Where numbers are numbers, `format` reads none of them.
        text = text_sql(place.column)
        made_of = [f"CAST(strptime({text}, '{form}') AS DATE)" for form in forms]
        return " or ".join(map(place.computed, made_of)) or None
    return " or ".join(f'format: "{form}"' for form in forms) or None


def _map(meant: Mapping[str, object]) -> str | None:
    pairs = [f"{_yaml(w)}: {_yaml(v)}" for w, v in meant.items() if v is not None]
    return f"map: {{{', '.join(pairs)}}}" if pairs else None


def _yaml(value: object) -> str:
    if isinstance(value, str) and value.isascii() and value.isalpha():
        # Plain Y and N are text in a spec; some longer words are refused there.
        is_odd = value.lower() in TRUE | FALSE | {"null"} and len(value) > 1
        return json.dumps(value) if is_odd else value
    return json.dumps(value, ensure_ascii=False)


_CURES: Mapping[str, Callable[[CellPlace, Sequence[str]], str | None]] = {
    "boolean": _boolean_cure,
    "number": _number_cure,
    "counter": _number_cure,
    "date": _date_cure,
    LIST: _list_cure,
    "string": _text_cure,
}
