"""The columns of a table one by one: what kinds say in SQL of cell and held value."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from ctsync.canonical_json import canonical, fold_name
from ctsync.kinds import KINDS, kind_of
from ctsync.kinds.base import CellColumns, Kind, MoveColumns, MoveNames
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Faults
from ctsync.model.kind_shape import LIST
from ctsync.model.row_source import CellColumn
from ctsync.model.scalar_value import Literal, Raw
from ctsync.project.project import Project
from ctsync.sources.doubtful_cells import NO_IDS, doubtful_words
from ctsync.sql_text import quoted

Wants: TypeAlias = "Callable[[str], bool]"

# None of these words is longer, so a longer id is not folded to see.
SOUND_ID = (
    "regexp_full_match(id, '[A-Za-z0-9]+"
    "|[A-Za-z0-9@._+-]*[A-DF-Za-df-z@_-][A-Za-z0-9@._+-]*') "
    "AND CASE WHEN strlen(id) > {longest} THEN true ELSE lower(id) NOT IN ({words}) END"
).format(longest=max(map(len, NO_IDS)), words=", ".join(map(quoted, sorted(NO_IDS))))
"""An id of which nothing is odd, in SQL: of characters that take no escape either.

Of letter and digits alone, or with a letter that is in no number."""

_SORTS = {
    "number": "number",
    "boolean": "boolean",
    **dict.fromkeys(("date", "moment", "instant"), "date"),
}


class Place(Struct, frozen=True):
    """One attribute of a table: its cell, and what its kind says of it."""

    number: int
    rule: Attribute
    column: CellColumn
    kind: Kind | None
    cell: CellColumns | None
    move: MoveColumns | None

    @property
    def folded(self) -> str:
        """The name by which its attribute is known."""
        return fold_name(self.rule.attribute)

    @property
    def one_kind(self) -> Kind:
        """The kind of all values of the column; asked only where there is one."""
        if self.kind is None:
            raise TypeError(self)
        return self.kind


class Moving(NamedTuple):
    """An attribute that may change, and what its kind says of that."""

    place: Place
    move: MoveColumns

    @property
    def number(self) -> int:
        """The place of its column among the others, from 1."""
        return self.place.number


def place_of(project_view: Project, number: int, column: CellColumn) -> Place:
    """Return what is known of the column of a number, from 1."""
    rule = project_view.rule_for(column.attribute)
    kind = _kind_of(rule, column)
    cell = move = None
    # An attribute that is written once, or locked, takes a look at more than its value.
    if kind is not None and rule.write == "free" and column.sort:
        cell = _cell_of(project_view, f"c{number}", kind, rule, column)
        move = kind.moves(names_of(number), rule)
    return Place(number, rule, column, kind, cell, move)


def is_blank(number: int) -> str:
    """Return SQL of whether the cell of a number is blank."""
    return f"coalesce(c{number}, '') = ''"


def value_of(place: Place) -> str:
    """Return SQL of the JSON text of a value, NULL where the cell has none for sure."""
    if place.cell is None:
        raise TypeError(place)
    number = place.number
    # Only where it is sound: over any other text a cast would end the query.
    is_sound = f"u{number} AND c{number} <> '' AND {place.cell.sound}"
    return f"CASE WHEN {is_sound} THEN {place.cell.value} END"


def names_of(number: int) -> MoveNames:
    """Return the names of held value, before, value and letter in the queries."""
    return MoveNames(*(f"{letter}{number}" for letter in "hbvl"))


def _kind_of(rule: Attribute, column: CellColumn) -> Kind | None:
    """Return the kind of all values of a column, if it is one."""
    if rule.kind is not None:
        return KINDS[rule.kind]
    if column.map is not None:
        kinds = {kind_of(raw).name for raw in column.map.values()}
        return KINDS[kinds.pop()] if len(kinds) == 1 else None
    if column.sort == LIST:
        return KINDS[LIST]
    return KINDS[_SORTS.get(column.sort, "string")]


def _cell_of(
    project_view: Project,
    cell: str,
    kind: Kind,
    rule: Attribute,
    column: CellColumn,
) -> CellColumns | None:
    if column.map is None:
        return kind.columns(cell, column.sort, rule, project_view.frame)
    if column.sort == LIST or kind.shape == "set":
        return None
    values = {
        word: value
        for word, raw in column.map.items()
        if (value := _value_of(project_view, kind, rule, raw)) is not None
    }
    if not values:
        return None
    words = ", ".join(map(quoted, values))
    cases = " ".join(f"WHEN {quoted(w)} THEN {quoted(v)}" for w, v in values.items())
    return CellColumns(f"{cell} IN ({words})", f"CASE {cell} {cases} END")


def _value_of(
    project_view: Project, kind: Kind, rule: Attribute, raw: Raw
) -> str | None:
    """Return the JSON text of a word's value, if there is nothing to say of it."""
    if not isinstance(raw, Literal):
        return None
    try:
        target = kind.normalize(raw, rule, project_view.frame)
    except Faults:
        return None
    if kind.lint(target) or any(doubtful_words(rule.attribute, raw)):
        return None
    value = canonical(target.value).decode()
    # What JSON spells with an escape, or a float in several ways, is left to Python.
    is_odd = "\\" in value or isinstance(target.value, float)
    return None if target.value is None or is_odd else value
