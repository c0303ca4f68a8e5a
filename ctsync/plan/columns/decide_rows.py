"""Deciding rows in SQL: what a plan says of them, put together from what kinds say.

A row is decided where every cell of it, its key and its entry are as most are: nothing
to warn of, nothing uncertain, nothing but what its own table declares. Whatever else
there is goes the way of `planner`, and both ways say the same, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctsync.canonical_json import canonical
from ctsync.formats.json_columns import pointer
from ctsync.model.decided_addresses import ADDRESSES
from ctsync.model.decided_rows import (
    LETTERS,
    NOTHING,
    SEEN,
    DecidedAttribute,
    RowDecision,
)
from ctsync.model.row_source import RowColumns
from ctsync.plan.columns.concat_sql import Text, concat, listed
from ctsync.plan.columns.decide_new_rows import NewRowsQuery
from ctsync.plan.columns.decided_places import (
    SOUND_ID,
    Moving,
    Place,
    Wants,
    is_blank,
    names_of,
    place_of,
    value_of,
)
from ctsync.plan.columns.decided_sizes import record_sizes
from ctsync.plan.columns.decided_traits import traits_of
from ctsync.plan.columns.decided_words import IS_NEW, NO_TEXT, RowWords
from ctsync.plan.columns.nested_query import cells_of, left_to_weigh, nested
from ctsync.project.project import Project
from ctsync.sql_text import quoted


def row_decision(
    project_view: Project, key_type: str, rows: RowColumns, wants: Wants | None = None
) -> RowDecision | None:
    """Return how rows are decided; None where columns cannot tell.

    Where part of a change is chosen, `wants` says which attributes.
    """
    places = [place_of(project_view, *each) for each in enumerate(rows.cells, 1)]
    # Of two cells for one attribute SQL would make two operations.
    if len({place.folded for place in places}) < len(places):
        return None
    moves = ((place, place.move) for place in places if place.cell is not None)
    moving = [Moving(place, move) for place, move in moves if move is not None]
    around = _Query(key_type, rows, places, moving, wants).around()
    new = NewRowsQuery(key_type, rows, places, moving, wants).around()
    said = tuple(map(_decided, places))
    is_part = wants is not None
    return RowDecision(*around, said, new, rows.place, is_part=is_part)


def _decided(place: Place) -> DecidedAttribute:
    first = "s" if place.move is None else place.move.first
    return DecidedAttribute(place.rule.attribute, LETTERS[first], place.rule.sensitive)


class _Query:
    """The query that decides, from the inside out: each layer names what it adds."""

    def __init__(
        self,
        key_type: str,
        rows: RowColumns,
        places: Sequence[Place],
        moving: Sequence[Moving],
        wants: Wants | None,
    ) -> None:
        self._key_type = key_type
        self._rows = rows
        self._places = places
        self._moving = moving
        self._numbers = frozenset(each.number for each in moving)
        self._sorted = sorted(moving, key=lambda each: each.place.rule.attribute)
        self._left_out = [
            each.number
            for each in moving
            if wants is not None and not wants(each.place.rule.attribute)
        ]
        self._is_part = wants is not None
        self._words = RowWords(key_type, rows, moving, is_part=self._is_part)

    def around(self) -> tuple[str, str]:
        """Return what stands before and behind the query that rows come from."""
        layers = (
            self._cells(),
            self._values(),
            self._before(),
            self._letters(),
            *((self._chosen(),) if self._is_part else ()),
            self._operands(),
            self._operations(),
            self._sums(),
        )
        return nested(layers, self._given())

    def _cells(self) -> Iterator[str]:
        yield from cells_of(self._places)
        # All paths in one call: one by one, each would read the whole entry again.
        paths = [pointer("attributes", place.folded) for place in self._places]
        texts = ", ".join(map(quoted, [*paths, "/fingerprint"]))
        yield f"json_extract(body, [{texts}])::VARCHAR[] AS held"

    def _values(self) -> Iterator[str]:
        for place in self._places:
            yield f"held[{place.number}]::VARCHAR AS h{place.number}"
        yield f"held[{len(self._places) + 1}] AS mark"
        for each in self._moving:
            yield f"{value_of(each.place)} AS v{each.number}"

    def _is_told(self, place: Place) -> str:
        """Return SQL of whether there is a value, or what is held stays as it is.

        Of what a file still brings the plan says that it waits, and settles nothing.
        """
        column, number = place.column, place.number
        has_value = f"v{number} IS NOT NULL" if number in self._numbers else "false"
        if not column.keeps_blank:
            return has_value
        stays = f"({column.stays} AND NOT contains(h{number}, {_DUE}))"
        is_left = f"{is_blank(number)} AND (h{number} IS NULL OR {stays})"
        return f"{has_value} OR ({is_left})"

    def _is_spelled(self, place: Place) -> str:
        """Return SQL of whether what is held has the name of the attribute as here.

        Attributes are chosen by the names that entries have, too.
        """
        name = quoted(f'"name":{canonical(place.rule.attribute).decode()},')
        return f"coalesce(contains(h{place.number}, {name}), true)"

    def _sound(self) -> str:
        """Return SQL of whether all is clear of key and cells."""
        sound = [self._rows.sound, SOUND_ID]
        sound += [f"u{place.number}" for place in self._places]
        sound += map(self._is_told, self._places)
        if self._is_part:
            sound += map(self._is_spelled, self._places)
        return " AND ".join(f"({each})" for each in sound)

    def _plain_body(self) -> str:
        """Return the entry as it is spelled where it holds nothing but these values."""
        # What json_extract spells anew, 1e+22 as 1e22, makes the two differ as well, so
        # that such entries go to Python.
        attributes = listed(
            f"CASE WHEN h{place.number} IS NOT NULL "
            f"THEN concat({_json(place.folded, ':')}, h{place.number}) END"
            for place in sorted(self._places, key=lambda place: place.folded)
        )
        return (
            f"""concat('{{"attributes":{{', {attributes}, """
            f"""'}},"cohorts":', {self._rows.memberships}, ',', """
            "CASE WHEN mark IS NOT NULL "
            """THEN concat('"fingerprint":', mark, ',') END, """
            f"""'"key":{{"{self._key_type}":"', id, '"}}}}')"""
        )

    def _before(self) -> Iterator[str]:
        for place, move in self._moving:
            number = place.number
            before = f"CASE WHEN h{number} IS NOT NULL THEN {move.before} END"
            yield f"{before}::VARCHAR AS b{number}"
        yield f"{self._sound()} AS is_sound"
        yield f"body IS NULL OR body = {self._plain_body()} AS is_plain"

    def _letters(self) -> Iterator[str]:
        for place, move in self._moving:
            held, before, value, letter = names_of(place.number)
            if place.number in self._left_out:
                letter = f"x{place.number}"
            # '' does nothing. NULL leaves the row to Python: of what is held no value
            # is certain that could be compared.
            yield (
                f"CASE WHEN {value} IS NULL THEN '' "
                f"WHEN {held} IS NULL THEN '{move.first}' "
                f"WHEN {before} IS NOT NULL THEN {move.letter} END AS {letter}"
            )

    def _chosen(self) -> Iterator[str]:
        """Yield what is left of letters where part of the attributes is chosen."""
        for number in self._left_out:
            letter = names_of(number).letter
            yield f"CASE WHEN x{number} IS NOT NULL THEN '' END AS {letter}"
        cut = " OR ".join(f"coalesce(x{n} <> '', false)" for n in self._left_out)
        yield f"({cut or 'false'}) AS is_cut"
        moving = self._numbers
        seen = concat(
            f"CASE WHEN h{n} IS NULL{f' AND v{n} IS NULL' if n in moving else ''} "
            f"THEN '{NOTHING}' ELSE 'x' END"
            for n in (place.number for place in self._places)
        )
        yield f"{seen} AS there"

    def _operands(self) -> Iterator[str]:
        for place, move in self._moving:
            number = place.number
            yield f"CASE WHEN l{number} <> '' THEN {move.operand} END AS o{number}"
        told = "".join(f" AND l{each.number} IS NOT NULL" for each in self._moving)
        yield f"is_sound AND is_plain{told} AS decided"
        yield f"""concat('{{"{self._key_type}":"', id, '"}}') AS key"""

    def _operations(self) -> Iterator[str]:
        for place, move in self._moving:
            yield f"{self._words.operation(place, move)} AS p{place.number}"
            yield f"{self._words.effect(place, move)} AS e{place.number}"
        yield f"{self._pattern()} AS letters"
        yield f"{IS_NEW} AS is_new"

    def _pattern(self) -> str:
        """Return a letter for each attribute."""
        return concat(
            f"CASE WHEN l{n} = '' THEN '{NOTHING}' ELSE l{n} END"
            if n in self._numbers
            else Text(NOTHING)
            for n in (place.number for place in self._places)
        )

    def _sums(self) -> Iterator[str]:
        numbers = [each.number for each in self._sorted]
        yield f"{listed(f'p{n}' for n in numbers)} AS operations"
        yield f"{concat(f'e{n}' for n in numbers)} AS effect"
        yield from record_sizes(self._key_type, self._moving, self._words)
        traits = traits_of(self._moving, self._words, is_part=self._is_part)
        yield f"{traits} AS bits"

    def _given(self) -> Iterator[str]:
        yield from left_to_weigh(self._rows)
        if self._is_part:
            yield f"CASE WHEN decided THEN there END AS {SEEN}"
        for name in ("is_new", "line", "effect", "size", "delta_size", "traits"):
            value = {"line": self._words.line(), "traits": "bits"}.get(name, name)
            yield f"CASE WHEN decided THEN {value} END AS {name}"
        yield "CASE WHEN decided THEN letters END AS letters"
        for name in ADDRESSES:
            yield f"{self._words.address(name, self._left_out)} AS {name}"
        moving = {each.number: each for each in self._moving}
        for place in self._places:
            way = (
                self._words.way(moving[place.number])
                if place.number in moving
                else NO_TEXT
            )
            yield f"{way} AS w{place.number}"


# How the field begins of what is held and still to come; text has its quotes escaped.
_DUE = quoted('"due":{')


def _json(text: str, rest: str = "") -> str:
    return quoted(canonical(text).decode() + rest)
