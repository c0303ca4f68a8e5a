"""Deciding rows of profiles that have no entry, in SQL: of a first load, all of them.

Nothing is held, so what is sent of a cell is its value; where every cell has one, the
line is put together at once, without a text for each operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctsync.canonical_json import canonical
from ctsync.model.decided_addresses import ADDRESSES
from ctsync.model.decided_rows import LETTERS, NOTHING, SEEN
from ctsync.model.row_source import RowColumns
from ctsync.plan.columns.concat_sql import Text, concat, listed
from ctsync.plan.columns.decided_places import (
    SOUND_ID,
    Moving,
    Place,
    Wants,
    is_blank,
    value_of,
)
from ctsync.plan.columns.decided_sizes import record_sizes
from ctsync.plan.columns.decided_traits import GAINS, bits_done
from ctsync.plan.columns.decided_words import (
    HIDDEN_WAY,
    NO_TEXT,
    change_sql,
    form_of,
)
from ctsync.plan.columns.nested_query import cells_of, left_to_weigh, nested
from ctsync.plan.document.plan_rows import MOSTLY


class NewRowsQuery:
    """The query that decides new rows, from the inside out.

    Of attributes that may have a value, `sent` are those that are chosen, in the order
    in which a plan has them.
    """

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
        self._is_part = wants is not None
        self._moving = {each.number: each for each in moving}
        ordered = sorted(moving, key=lambda each: each.place.rule.attribute)
        self._sent = {
            each.number: each
            for each in ordered
            if wants is None or wants(each.place.rule.attribute)
        }

    def around(self) -> tuple[str, str]:
        """Return what stands before and behind the query that rows come from."""
        layers = cells_of(self._places), self._values(), self._sums()
        return nested(layers, self._given())

    def is_done(self, moving: Moving, letter: str = "") -> str:
        """Return whether an operation is done, which is the first of its kind."""
        if letter not in {"", moving.move.first}:
            return "false"
        return f"v{moving.number} IS NOT NULL"

    def operand(self, moving: Moving) -> str:
        """Return the JSON text of an operand."""
        return f"v{moving.number}"

    def _values(self) -> Iterator[str]:
        told = [self._rows.sound, SOUND_ID]
        for place in self._places:
            told += self._told(place)
        for each in self._moving.values():
            yield f"{value_of(each.place)} AS v{each.number}"
        yield f"{' AND '.join(told)} AS is_told"

    def _told(self, place: Place) -> Iterator[str]:
        """Yield what holds of a cell that is told, unless its value is not."""
        yield f"u{place.number}"
        if not place.column.keeps_blank:
            yield f"coalesce(c{place.number}, '') <> ''"
        if place.number not in self._moving:
            # Of what SQL knows no value, only a cell without one is told.
            yield is_blank(place.number)

    def _sums(self) -> Iterator[str]:
        told = [f"(v{n} IS NOT NULL OR {is_blank(n)})" for n in self._moving]
        yield f"{' AND '.join(['is_told', *told])} AS decided"
        done = [*map(self.is_done, self._sent.values())]
        yield f"{' AND '.join(done) or 'false'} AS is_whole"
        yield f"{' OR '.join(done) or 'false'} AS is_change"
        left_out = (f"v{n} IS NOT NULL" for n in self._moving if n not in self._sent)
        yield f"{' OR '.join(left_out) or 'false'} AS is_cut"
        yield from record_sizes(self._key_type, [*self._sent.values()], self)

    def _given(self) -> Iterator[str]:
        yield from left_to_weigh(self._rows)
        for name, said in self._said():
            yield f"CASE WHEN decided THEN {said} END AS {name}"

    def _said(self) -> Iterator[tuple[str, str]]:
        """Yield what is said of a row that is decided, by its name."""
        if self._is_part:
            there = dict.fromkeys(self._moving, "x")
            yield SEEN, self._pattern(there)
        yield "is_new", "true"
        yield "line", self._line()
        yield "effect", self._effect()
        yield "size", "size"
        yield "delta_size", "delta_size"
        traits = f"CASE WHEN is_change THEN {self._bits()} WHEN is_cut THEN 0 END"
        yield "traits", traits
        first = {n: each.move.first for n, each in self._sent.items()}
        whole = "".join(first.get(p.number, NOTHING) for p in self._places)
        pattern = self._pattern(first)
        yield "letters", f"CASE WHEN is_whole THEN '{whole}' ELSE {pattern} END"
        for name in ADDRESSES:
            yield name, self._address(name)
        for place in self._places:
            yield f"w{place.number}", self._way(place.number)

    def _pattern(self, letters: dict[int, str]) -> str:
        """Return a letter for each attribute, if it has one and there is a value."""
        return concat(
            f"CASE WHEN v{n} IS NULL THEN '{NOTHING}' ELSE '{letters[n]}' END"
            if n in letters
            else Text(NOTHING)
            for n in (place.number for place in self._places)
        )

    def _line(self) -> str:
        """Return the line of the change, '' where nothing of it is chosen."""
        sent = self._sent.values()
        whole = [word for op in sent for word in (Text(","), *self._operation(op))][1:]
        some = (self._if_done(op, self._operation(op)) for op in sent)
        return (
            f"CASE WHEN is_whole THEN {self._change(whole)} "
            f"WHEN is_change THEN {self._change([listed(some)])} ELSE '' END"
        )

    def _change(self, operations: Sequence[str]) -> str:
        key = Text(f'create","{self._key_type}","'), "id"
        bits = self._bits()
        return change_sql(self._rows, key, operations, bits, is_part=self._is_part)

    def _operation(self, each: Moving) -> Iterator[str]:
        """Yield the words of an operation as `plan.document.plan_rows` writes it."""
        place, move = each
        yield Text(canonical([place.rule.attribute]).decode()[:-1] + ",")
        yield self.operand(each)
        form = form_of(place, move, move.first, "unknown")
        yield Text("]" if form == MOSTLY else f",{canonical(form).decode()}]")

    def _effect(self) -> str:
        """Return the operations as the digest takes them in."""
        sent = self._sent.values()
        whole = concat(word for op in sent for word in self._effect_of(op))
        some = concat(self._if_done(op, self._effect_of(op)) for op in sent)
        return f"CASE WHEN is_whole THEN {whole} ELSE {some} END"

    def _if_done(self, moving: Moving, words: Iterable[str]) -> str:
        return f"CASE WHEN {self.is_done(moving)} THEN {concat(words)} END"

    def _effect_of(self, each: Moving) -> Iterator[str]:
        name = canonical(each.place.rule.attribute).decode()
        yield Text(f'[{{"{self._key_type}":"')
        yield "id"
        yield Text(f'"}},{name},1,"{LETTERS[each.move.first]}",')
        yield self.operand(each)
        yield Text(',"unknown",null,')
        yield f"v{each.number}"
        yield Text("]\n")

    def _bits(self) -> str:
        """Return a bit for each trait, which is the same of most tables' rows."""
        return f"({GAINS['new']} + {bits_done([*self._sent.values()], self)})"

    def _address(self, name: str) -> str:
        for each in self._moving.values():
            if each.place.folded == name and each.place.one_kind.name == "string":
                return f"v{each.number}"
        return NO_TEXT

    def _way(self, number: int) -> str:
        """Return the way of an operation, as `model.decided_flows` says it."""
        each = self._sent.get(number)
        if each is None:
            return NO_TEXT
        if not each.place.rule.sensitive:
            return self.operand(each)
        return f"CASE WHEN {self.is_done(each)} THEN {HIDDEN_WAY} END"
