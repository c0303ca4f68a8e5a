"""Columns of a table: what each makes of its cells, and whether it can."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ctsync.kinds import KINDS, kind_of
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault, Faults
from ctsync.model.kind_shape import LIST, holds_sets
from ctsync.model.masking import SENSITIVE_TEXT
from ctsync.model.scalar_value import Literal as Word
from ctsync.model.scalar_value import Raw
from ctsync.yaml.scalars import Node, raw_of

How = Literal["exactly", "include", "exclude"]
Blank = Literal["keep", "remove", "error"]

HOWS: tuple[How, ...] = ("exactly", "include", "exclude")
BLANKS: tuple[Blank, ...] = ("keep", "remove", "error")
# Of `strptime`, those that say a day or a time. Months and AM are told by their English
# names, since nobody sets a locale; seconds may have a fraction.
DIRECTIVES = "YymdbBjHIMSfpz%"

# A Z that no % makes a directive: an even number of them stands before it.
_LITERAL_Z = re.compile(r"(?<!%)(?:%%)*Z$")
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_NEEDED = (("a year", "Yy"), ("a month", "mbBj"), ("a day", "dj"))
_NULL = Word("null", "null")


@dataclass(frozen=True, slots=True)
class Column:
    """What a table makes of one column.

    `how` says what a list declares: exactly its values, or only to include or exclude
    them. `split` parts the text of a cell into a list. `map` gives values for the text
    of cells, or of their parts; what it gives null for is removed. `blank` is the
    table's where the column has none of its own. `format` reads dates, and `decimal`
    stands before fractions. What is computed has an `expression` and no column. `path`
    leads to the column's words in the table's file.
    """

    column: str
    attribute: str
    path: Path
    how: How = "exactly"
    split: str | None = None
    map: Mapping[str, Raw] | None = field(default=None, hash=False)
    blank: Blank = "keep"
    format: str | None = None
    decimal: str = "."
    expression: str | None = None
    words: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)


def read_column(
    name: str, path: Path, view: Any, node: Node | None, table: Mapping[str, Any]
) -> Column:
    """Return a well-shaped column of a table."""
    if isinstance(view, str):
        view = {"attribute": view}
    words = node.get("map") if isinstance(node, dict) else None
    words = words if isinstance(words, dict) else None
    own = {
        "attribute": view["attribute"],
        "how": view.get("as", "exactly"),
        "split": view.get("split"),
        "blank": view.get("blank", table.get("blank", "keep")),
        "format": view.get("format"),
        **_decimal_of(table),
    }
    mapped = None if words is None else _own(words)
    return Column(
        name,
        path=path,
        map=None if mapped is None else {k: raw_of(v) for k, v in mapped.items()},
        words={**own, "map": mapped},
        **own,
    )


def computed_column(
    attribute: str, path: Path, expression: str, table: Mapping[str, Any]
) -> Column:
    """Return what a table computes for an attribute.

    The expression is no part of the meaning: what it gives is.
    """
    own = {
        "attribute": attribute,
        "how": "exactly",
        "split": None,
        "blank": table.get("blank", "keep"),
        "format": None,
        **_decimal_of(table),
    }
    return Column(
        "", path=path, expression=expression, words={**own, "map": None}, **own
    )


def _decimal_of(table: Mapping[str, Any]) -> dict[str, str]:
    """Return the decimal mark where it changes the meaning of cells."""
    is_comma = table.get("csv", {}).get("decimal") == ","
    return {"decimal": ","} if is_comma else {}


def _own(words: Mapping[str, Node]) -> dict[str, Node]:
    return {key: node for key, node in words.items() if not key.startswith("x-")}


def option_faults(
    column: Column, given: Mapping[str, Any], rule: Attribute, frame: ValueContext
) -> Iterator[tuple[str, Fault]]:
    """Yield each option that does not fit the attribute, and what is wrong with it.

    `given` are the options that stand in the spec.
    """
    is_list = rule.kind is None or holds_sets(rule.kind)
    for option in ("as", "split"):
        if option in given and not is_list:
            message = f"{column.attribute} is a {rule.kind}, and {option} makes a list"
            yield option, Fault("CT602", message, _TYPE_HINT)
    if column.format is not None:
        if rule.kind not in {None, "date"}:
            message = f"{column.attribute} is a {rule.kind}, and format reads dates"
            yield "format", Fault("CT602", message, _TYPE_HINT)
        if column.map is not None:
            message = "map gives the values, so there is nothing for format to read"
            yield "format", Fault("CT602", message, "leave one of them out")
        for fault in format_faults(column.format):
            yield "format", fault
    if given.get("blank") == "remove":
        try:
            _refuse_removal(column, rule, frame)
        except Faults as wrong:
            for fault in wrong.faults:
                yield "blank", _named(fault, rule)


_TYPE_HINT = "leave it out, or correct the type in the catalog"


def format_faults(text: str) -> Iterator[Fault]:
    """Yield what keeps a format from saying a day."""
    found = _DIRECTIVE.findall(text)
    foreign = [f"%{char}" for char in found if not char or char not in DIRECTIVES]
    if foreign:
        known = " ".join(f"%{char}" for char in DIRECTIVES)
        message = f'unknown directive "{foreign[0]}"'
        yield Fault("CT101", message, f"known are {known}")
        return
    if _LITERAL_Z.search(text):
        hint = "write %z, which reads Z too"
        yield Fault("CT101", "a literal Z is no time zone", hint)
    missing = [noun for noun, chars in _NEEDED if not frozenset(chars) & {*found}]
    if missing:
        message = f"the format lacks {' and '.join(missing)}"
        yield Fault("CT101", message, 'write one such as "%d/%m/%Y"')


def map_faults(
    column: Column, rule: Attribute, frame: ValueContext
) -> Iterator[tuple[str, Fault]]:
    """Yield each word of `map` that no cell holds, or whose value cannot be taken."""
    for word, value in (column.map or {}).items():
        if not word:
            message = "no cell is looked up by an empty word: it is blank"
            yield word, Fault("CT101", message, "say with blank: what it means")
        try:
            _normalize(column, value, rule, frame)
        except Faults as wrong:
            for fault in wrong.faults:
                yield word, _named(fault, rule)


def _normalize(
    column: Column, value: Raw, rule: Attribute, frame: ValueContext
) -> None:
    """Judge a value of a map as if it stood in a spec.

    Raises:
        Faults: everything wrong with it.
    """
    if value == _NULL:
        # Of a text that is split, only a part is left out.
        if column.split is None:
            _refuse_removal(column, rule, frame)
        return
    if rule.kind is None:
        makes_list = column.split is not None or column.how != "exactly"
        kind = KINDS[LIST] if makes_list else kind_of(value)
    else:
        kind = KINDS[rule.kind]
    is_one = kind.shape == "set" and not isinstance(value, list)
    kind.normalize([value] if is_one else value, rule, frame)


def _refuse_removal(column: Column, rule: Attribute, frame: ValueContext) -> None:
    """See that a cell may ask for the attribute to be taken away.

    Raises:
        Faults: no channel takes it away, or none that the project allows.
    """
    if column.how == "exactly":
        kind = KINDS["string" if rule.kind is None else rule.kind]
        kind.refuse_removal(column.attribute, frame)


def _named(fault: Fault, rule: Attribute) -> Fault:
    shown = SENSITIVE_TEXT if rule.sensitive else None
    return Fault(fault.code, *fault.say(shown=shown))
