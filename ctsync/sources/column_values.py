"""From the cell of a row to the raw value that its column makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctsync.formats.base import Read
from ctsync.formats.typed_cells import number, text, word
from ctsync.kinds.type_faults import choices
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.model.kind_shape import holds_sets
from ctsync.model.scalar_value import Literal, Raw
from ctsync.project.table_columns import Column
from ctsync.sources.date_formats import read_date

_NULL = Literal("null", "null")
_TYPED = {
    "number": frozenset({"number"}),
    "counter": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
    "subscription": frozenset({"boolean"}),
    "date": frozenset({"date"}),
}
NUMBERS = frozenset({"number", "counter"})
_GROUPED = re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]+")
_NO_NUMBER = "no number"
_SHOWN = 10
_LONGEST = 400  # beyond it no number or date is meant


class ColumnReader:
    """Reads the cells of one column of a table."""

    def __init__(self, column: Column, rule: Attribute) -> None:
        self.column = column
        self.rule = rule
        options = (column.map, column.format)
        self._is_bare = options == (None, None) and column.how == "exactly"
        self._takes_text = rule.kind not in _TYPED

    def read(self, cell: Read) -> Raw | Fault | None:
        """Return the raw value of a cell; None where it says nothing."""
        if type(cell) is Literal and self._is_bare and self.column.split is None:
            if cell.type != "text" or (self._takes_text and cell.value is not None):
                return cell
            return self._typed(cell)
        if isinstance(cell, Literal):
            if self.column.split is None or cell.type != "text":
                return self._of_scalar(cell)
            pieces = [p for p in cell.text.split(self.column.split) if p]
            parts: list[Raw] = [text(piece) for piece in pieces]
            return self._of_list(parts) if parts else self._of_blank()
        if isinstance(cell, list):
            return self._of_list(cell)
        return cell if isinstance(cell, Fault) else self._of_blank()

    def _of_blank(self) -> Raw | Fault | None:
        if self.column.blank == "keep":
            return None
        if self.column.blank == "remove":
            return self._nothing()
        message = f"the cell for {self.column.attribute} is blank"
        hint = "fill it, or write blank: keep or remove"
        return Fault("CT622", message, hint)

    def _nothing(self) -> Raw:
        return _NULL if self.column.how == "exactly" else {self.column.how: []}

    def _of_list(self, items: list[Raw]) -> Raw | Fault:
        if self._is_bare and self._takes_text:
            return items
        values: list[Raw] = []
        for item in items:
            value = self._mapped(item)
            if isinstance(value, Fault):
                return value
            values.extend([value] if self.column.map is None else _parts_of(value))
        return values if self.column.how == "exactly" else {self.column.how: values}

    def _of_scalar(self, cell: Literal) -> Raw | Fault:
        column = self.column
        value = self._typed(cell) if column.map is None else self._mapped(cell)
        if isinstance(value, Fault):
            return value
        if value == _NULL:
            return self._nothing()
        if column.how != "exactly":
            return {column.how: [*_parts_of(value)]}
        is_word = column.map is not None and isinstance(value, Literal)
        return [value] if is_word and holds_sets(self.rule.kind) else value

    def _mapped(self, cell: Raw) -> Raw | Fault:
        if not isinstance(cell, Literal):
            return cell
        if self.column.map is None:
            return self._typed(cell)
        value = self.column.map.get(cell.text)
        if value is None:
            message = f"{self.column.attribute}: map does not hold {{value}}"
            return Fault("CT623", message, self._known_words(), cell.text)
        return value

    def _known_words(self) -> str:
        words = [f'"{word}"' for word in self.column.map or {}]
        more = len(words) - _SHOWN
        if self.rule.sensitive or not words:
            return "add it to map"
        if more > 0:
            return f"map holds {', '.join(words[:_SHOWN])} and {more} more"
        return f"map holds {choices(tuple(words))}"

    def _typed(self, cell: Literal) -> Raw | Fault:
        """Return text the type that the catalog has for it; typed cells keep theirs.

        No file but Parquet can say what a date is, so text may be one in any.
        """
        kind = self.rule.kind
        if cell.type != "text":
            return cell
        if self.column.format is not None:
            return read_date(cell.text, self.column.format)
        is_untyped = cell.value is None
        if kind not in _TYPED:
            return text(cell.text) if is_untyped else cell
        if (is_untyped or kind == "date") and len(cell.text) <= _LONGEST:
            written = cell.text
            if self.column.decimal == "," and kind in NUMBERS:
                written = _with_point(written)
            plain = number(written) if kind in NUMBERS else word(written)
            if plain.type in _TYPED[kind]:
                return plain
        return Literal(cell.text, "text", cell.text)


def _with_point(written: str) -> str:
    """Return a number with a decimal comma as a spec writes it.

    Dots may group thousands where a comma follows; alone, nobody knows what they mean.
    """
    if _GROUPED.fullmatch(written):
        written = written.replace(".", "")
    return _NO_NUMBER if "." in written else written.replace(",", ".")


def _parts_of(value: Raw) -> Iterator[Raw]:
    """Yield what a value adds to a list: nothing for null."""
    if isinstance(value, list):
        yield from value
    elif value != _NULL:
        yield value
