"""Deciding rows in SQL: what a plan says of them, put together from what kinds say.

A row is decided where every cell of it, its key and its entry are as most are: nothing
to warn of, nothing uncertain, nothing but what its own table declares. Whatever else
there is goes the way of `planner`, and both ways say the same, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from ctsync.canonical_json import canonical, fold_name
from ctsync.kinds import KINDS, kind_of
from ctsync.kinds.base import CellColumns, Kind, MoveColumns, MoveNames
from ctsync.model.attribute import Attribute
from ctsync.model.change_statistics import TRAITS
from ctsync.model.decided_addresses import ADDRESSES
from ctsync.model.decided_flows import SIDED, UNKNOWN
from ctsync.model.decided_rows import LETTERS, DecidedAttribute, RowDecision
from ctsync.model.entry import membership_in
from ctsync.model.fault import Faults
from ctsync.model.flows import HIDDEN
from ctsync.model.kind_shape import LIST
from ctsync.model.operation import DELTAS, Prior
from ctsync.model.row_source import CellColumn, RowColumns
from ctsync.model.scalar_value import Literal, Raw
from ctsync.plan.plan_rows import SHOWN_KINDS, Form
from ctsync.plan.schedule import COUNTERS
from ctsync.project.project import Project
from ctsync.sources.doubtful_cells import NO_IDS, doubtful_words
from ctsync.sql_text import quoted

_SELECT = "SELECT {} FROM ("
_SORTS = {"number": "number", "boolean": "boolean", "date": "date", "moment": "date"}
_GAINS = {
    name: 1 << TRAITS.index(trait)
    for name, trait in (
        ("new", "creations"), ("count", "counters"), ("unknown", "uncertain"),
        ("rest", "rest"),
    )
}  # fmt: skip


class _Place(Struct, frozen=True):
    """One attribute of a table: its cell, and what its kind says of it."""

    number: int
    rule: Attribute
    kind: Kind | None
    cell: CellColumns | None
    move: MoveColumns | None
    keeps_blank: bool

    @property
    def folded(self) -> str:
        return fold_name(self.rule.attribute)


class _Moving(NamedTuple):
    """An attribute that may change, and what its kind says of that."""

    place: _Place
    move: MoveColumns

    @property
    def number(self) -> int:
        return self.place.number


def row_decision(
    project_view: Project, key_type: str, rows: RowColumns
) -> RowDecision | None:
    """Return how the rows of a table are decided; None where columns cannot tell."""
    places = [_place_of(project_view, *each) for each in enumerate(rows.cells, 1)]
    if len({place.folded for place in places}) < len(places):
        return None
    query = _Query(key_type, rows, places)
    return RowDecision(*query.around(), tuple(map(_decided, places)))


def _place_of(project_view: Project, number: int, column: CellColumn) -> _Place:
    rule = project_view.rule_for(column.attribute)
    kind = _kind_of(rule, column)
    cell = move = None
    if kind is not None and rule.write == "free" and column.sort:
        cell = _cell_of(project_view, f"c{number}", kind, rule, column)
        move = kind.moves(_names(number), rule)
    return _Place(number, rule, kind, cell, move, column.keeps_blank)


def _decided(place: _Place) -> DecidedAttribute:
    first = "s" if place.move is None else place.move.first
    return DecidedAttribute(place.rule.attribute, LETTERS[first], place.rule.sensitive)


def _names(number: int) -> MoveNames:
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


class _Query:
    """The query that decides, from the inside out: each layer names what it adds."""

    def __init__(
        self, key_type: str, rows: RowColumns, places: Sequence[_Place]
    ) -> None:
        self._key_type = key_type
        self._rows = rows
        self._places = places
        self._moving = [_Moving(p, p.move) for p in places if p.move is not None]
        self._sorted = sorted(self._moving, key=lambda each: each.place.rule.attribute)

    def around(self) -> tuple[str, str]:
        """Return what stands before and behind the query that rows come from."""
        layers = (
            self._cells(),
            self._sound(),
            self._values(),
            self._before(),
            self._letters(),
            self._operands(),
            self._operations(),
            self._sums(),
        )
        added = [_SELECT.format(f"*, {', '.join(layer)}") for layer in layers]
        added.append(_SELECT.format(", ".join(self._given())))
        return "".join(reversed(added)), ")" * len(added)

    def _cells(self) -> Iterator[str]:
        for place in self._places:
            yield f"cells[{place.number + 1}] AS c{place.number}"
        paths = [f"/attributes/{_pointer(place.folded)}" for place in self._places]
        listed = ", ".join(map(quoted, [*paths, "/fingerprint"]))
        yield f"json_extract(body, [{listed}])::VARCHAR[] AS held"

    def _sound(self) -> Iterator[str]:
        for place in self._places:
            cell = f"c{place.number}"
            sound = "false" if place.cell is None else place.cell.sound
            blank = str(place.keeps_blank).lower()
            yield (
                f"CASE WHEN coalesce({cell}, '') = '' THEN {blank} ELSE {sound} END "
                f"AS s{place.number}"
            )
            yield f"held[{place.number}] AS h{place.number}"
        yield f"held[{len(self._places) + 1}] AS mark"

    def _values(self) -> Iterator[str]:
        for place, _ in self._moving:
            number = place.number
            value = "NULL" if place.cell is None else place.cell.value
            yield (
                f"CASE WHEN s{number} AND c{number} <> '' THEN {value} END AS v{number}"
            )
        sound = " AND ".join(f"s{place.number}" for place in self._places)
        yield f"({sound or 'true'}) AND {_SOUND_ID} AS is_sound"
        yield f"body IS NULL OR body = {self._plain_body()} AS is_plain"

    def _plain_body(self) -> str:
        """Return the entry as it is spelled where it holds nothing but these values."""
        attributes = ", ".join(
            f"CASE WHEN h{place.number} IS NOT NULL "
            f"THEN concat({_json(place.folded, ':')}, h{place.number}) END"
            for place in sorted(self._places, key=lambda place: place.folded)
        )
        cohort = canonical([membership_in(self._rows.table)]).decode()
        return (
            f"""concat('{{"attributes":{{', concat_ws(',', {attributes or "NULL"}), """
            f"""'}},"cohorts":', {quoted(cohort)}, ',', """
            "CASE WHEN mark IS NOT NULL "
            """THEN concat('"fingerprint":', mark, ',') END, """
            f"""'"key":{{"{self._key_type}":"', id, '"}}}}')"""
        )

    def _before(self) -> Iterator[str]:
        for place, move in self._moving:
            number = place.number
            before = f"CASE WHEN h{number} IS NOT NULL THEN {move.before} END"
            yield f"{before} AS b{number}"

    def _letters(self) -> Iterator[str]:
        for place, move in self._moving:
            held, before, value, letter = _names(place.number)
            yield (
                f"CASE WHEN {value} IS NULL THEN '' "
                f"WHEN {held} IS NULL THEN '{move.first}' "
                f"WHEN {before} IS NOT NULL THEN {move.letter} END AS {letter}"
            )

    def _operands(self) -> Iterator[str]:
        for place, move in self._moving:
            number = place.number
            yield f"CASE WHEN l{number} <> '' THEN {move.operand} END AS o{number}"
        told = "".join(f" AND l{each.number} IS NOT NULL" for each in self._moving)
        yield f"is_sound AND is_plain{told} AS decided"
        yield f"""concat('{{"{self._key_type}":"', id, '"}}') AS key"""

    def _operations(self) -> Iterator[str]:
        for place, move in self._moving:
            yield f"{self._operation(place, move)} AS p{place.number}"
            yield f"{self._effect(place, move)} AS e{place.number}"
        yield f"{self._pattern()} AS letters"
        yield "body IS NULL AS is_new"

    def _operation(self, place: _Place, move: MoveColumns) -> str:
        """Return the operation as a plan writes it, NULL where there is none."""
        number = place.number
        name = canonical([place.rule.attribute]).decode()[:-1]
        before = f"CASE WHEN b{number} <> 'null' THEN concat(',', b{number}) END"
        return (
            f"CASE WHEN decided AND l{number} <> '' THEN concat({quoted(name)}, ',\"', "
            f"{_form(place, move)}, '\",', o{number}, {before}, ']') END"
        )

    def _effect(self, place: _Place, move: MoveColumns) -> str:
        """Return the operation as the digest takes it in."""
        name = canonical(place.rule.attribute).decode()
        number = place.number
        return (
            f"CASE WHEN decided AND l{number} <> '' THEN concat('[', key, ',', "
            f"{quoted(name)}, ',1,\"', {_operator(move, number)}, '\",', o{number}, "
            f"',', {_prior(number)}, ',', coalesce(b{number}, 'null'), ',', v{number}, "
            "']\n') END"
        )

    def _pattern(self) -> str:
        """Return a letter for each attribute."""
        letters = (
            f"CASE WHEN l{place.number} = '' THEN '.' ELSE l{place.number} END"
            if place.move is not None
            else "'.'"
            for place in self._places
        )
        return f"concat({', '.join(letters) or 'NULL'})"

    def _sums(self) -> Iterator[str]:
        moved = [f"p{each.number}" for each in self._sorted]
        effects = [f"e{each.number}" for each in self._sorted]
        yield f"concat_ws(',', {', '.join(moved) or 'NULL'}) AS operations"
        yield f"concat({', '.join(effects) or 'NULL'}) AS effect"
        yield f"{self._size(is_delta=False)} AS size"
        yield f"{self._size(is_delta=True)} AS delta_size"
        yield f"{self._traits()} AS bits"

    def _size(self, *, is_delta: bool) -> str:
        """Return the bytes of the record that travels, NULL where nothing does."""
        parts = []
        for place, move in self._moving:
            for letter in move.letters:
                operator = LETTERS[letter]
                if (operator in DELTAS) == is_delta:
                    width = len(canonical(place.rule.attribute)) + len(":,")
                    if operator != "set":
                        width += len(canonical({operator: 0})) - 1
                    parts.append(
                        f"CASE WHEN l{place.number} = '{letter}' "
                        f"THEN strlen(o{place.number}) + {width} ELSE 0 END"
                    )
        if not parts:
            return "NULL::BIGINT"
        frame = {self._key_type: "", "profileData": {}, "type": "profile"}
        empty = len(canonical(frame)) - len(",")
        return f"nullif({' + '.join(parts)}, 0) + strlen(id) + {empty}"

    def _traits(self) -> str:
        """Return a bit for each trait; NULL where nothing is done."""
        unknown = " OR ".join(
            f"(h{p.number} IS NULL AND l{p.number} <> '')" for p in self._moving
        )
        counts = [
            f"l{place.number} = '{letter}'"
            for place, move in self._moving
            for letter in move.letters
            if LETTERS[letter] in DELTAS
        ]
        counting = " OR ".join(counts) or "false"
        bits = (
            f"(CASE WHEN body IS NULL THEN {_GAINS['new']} "
            f"WHEN {unknown or 'false'} THEN {_GAINS['unknown']} ELSE 0 END"
            f" + CASE WHEN {counting} THEN {_GAINS['count']} ELSE 0 END)"
        )
        return (
            f"CASE WHEN decided AND ltrim(letters, '.') <> '' "
            f"THEN CASE {bits} WHEN 0 THEN {_GAINS['rest']} ELSE {bits} END END"
        )

    def _given(self) -> Iterator[str]:
        yield from ("type", "id", "source", "file", "row")
        for name in ("digest", "cells", "body"):
            yield f"CASE WHEN NOT decided THEN {name} END AS {name}"
        for name in ("is_new", "line", "effect", "size", "delta_size", "traits"):
            value = {"line": self._line(), "traits": "bits"}.get(name, name)
            yield f"CASE WHEN decided THEN {value} END AS {name}"
        yield "CASE WHEN decided THEN letters END AS letters"
        for name in ADDRESSES:
            yield f"{self._address(name)} AS {name}"
        moving = {each.number: each for each in self._moving}
        for place in self._places:
            way = self._way(moving[place.number]) if place.number in moving else _TEXT
            yield f"{way} AS w{place.number}"

    def _line(self) -> str:
        settled = (
            "concat('[\"', lower(hex(digest)), '\",', "
            f"{quoted(canonical([membership_in(self._rows.table)]).decode())}, ']')"
        )
        waves = (
            "CASE WHEN delta_size IS NULL THEN '1' "
            f"WHEN size IS NULL THEN '{COUNTERS}' ELSE '1,{COUNTERS}' END"
        )
        change = (
            """concat('{"change":["', """
            """CASE WHEN body IS NULL THEN 'create' ELSE 'update' END, """
            f"""'","{self._key_type}","', id, '",[', operations, '],[', """
            f"""{self._origin()}, '],"', lower(hex(digest)), """
            f"""'"],"traits":', bits, ',"waves":[', {waves}, ']}}\n')"""
        )
        entry = (
            f"""concat('{{"settled":{{"entry":', {settled}, ',"key":', key, '}}}}\n')"""
        )
        return (
            f"CASE WHEN bits IS NOT NULL THEN {change} "
            f"WHEN body IS NOT NULL THEN {entry} ELSE '' END"
        )

    def _origin(self) -> str:
        """Return the place of a row: file, row, table."""
        files = [canonical([name]).decode()[:-1] for name in self._rows.files]
        table = canonical(self._rows.table).decode()
        listed = ", ".join(map(quoted, files))
        return f"concat([{listed}][file + 1], ',', row, ',', {quoted(table)}, ']')"

    def _address(self, name: str) -> str:
        """Return an address that is sent."""
        for place, _ in self._moving:
            if place.folded == name and _kind(place).name == "string":
                letter, value = f"l{place.number}", f"v{place.number}"
                return f"CASE WHEN decided AND {letter} <> '' THEN {value} END"
        return _TEXT

    def _way(self, moving: _Moving) -> str:
        """Return the way of an operation, as `model.decided_flows` says it."""
        held, before, _, letter = _names(moving.number)
        operand = f"o{moving.number}"
        if moving.place.rule.sensitive:
            hidden = quoted(canonical(HIDDEN).decode())
            before = f"CASE WHEN {before} = 'null' THEN 'null' ELSE {hidden} END"
            operand = hidden
        sided = ", ".join(map(quoted, SIDED))
        before = f"CASE WHEN {letter} IN ({sided}) THEN concat({before}, ',') END"
        return (
            f"CASE WHEN decided AND {letter} <> '' THEN CASE WHEN body IS NULL "
            f"THEN {operand} WHEN {held} IS NULL "
            f"THEN concat({quoted(UNKNOWN)}, {operand}) "
            f"ELSE concat({letter}, {before}, {operand}) END END"
        )


_TEXT = "NULL::VARCHAR"
# An id of which nothing is odd, in SQL: of characters that take no escape either.
_SOUND_ID = (
    "regexp_full_match(id, '[A-Za-z0-9@._+-]+') "
    f"AND lower(id) NOT IN ({', '.join(map(quoted, sorted(NO_IDS)))}) "
    "AND (regexp_full_match(id, '[A-Za-z0-9]+') "
    "OR regexp_matches(id, '[A-DF-Za-df-z@_-]'))"
)


def _kind(place: _Place) -> Kind:
    if place.kind is None:
        raise TypeError(place)
    return place.kind


def _operator(move: MoveColumns, number: int) -> str:
    if len(move.letters) == 1:
        return quoted(LETTERS[move.letters])
    cases = " ".join(f"WHEN '{e}' THEN '{LETTERS[e]}'" for e in move.letters)
    return f"CASE l{number} {cases} END"


def _form(place: _Place, move: MoveColumns) -> str:
    """Return SQL of the form of an operation, as `plan.plan_rows` writes it."""
    name, number = _kind(place).name, place.number
    kind = "" if name in SHOWN_KINDS else name
    forms = {
        (letter, prior): Form(
            LETTERS[letter],
            prior,
            certain=not move.is_open,
            sensitive=place.rule.sensitive,
            kind=kind,
        ).text
        for letter in move.letters
        for prior in _PRIORS
    }
    cases = " ".join(
        f"WHEN l{number} = '{letter}' AND h{number} IS {_PRIORS[prior]} "
        f"THEN {quoted(text)}"
        for (letter, prior), text in forms.items()
    )
    return f"CASE {cases} END"


_PRIORS: Mapping[Prior, str] = {"known": "NOT NULL", "unknown": "NULL"}


def _prior(number: int) -> str:
    return f"""CASE WHEN h{number} IS NULL THEN '"unknown"' ELSE '"known"' END"""


def _json(text: str, rest: str = "") -> str:
    return quoted(canonical(text).decode() + rest)


def _pointer(name: str) -> str:
    """Return a name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
