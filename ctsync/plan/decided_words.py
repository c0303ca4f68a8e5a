"""The words of a plan about a row that is decided in columns, as SQL.

They stand over the columns that `plan.decide_rows` makes: `h1`, `b1`, `v1`, `l1` and
`o1` for held value, before, value, letter and operand of the first attribute.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from ctsync.canonical_json import canonical
from ctsync.kinds.base import MoveColumns
from ctsync.model.decided_flows import SIDED, UNKNOWN
from ctsync.model.decided_rows import LETTERS
from ctsync.model.flows import HIDDEN
from ctsync.model.operation import Prior
from ctsync.model.row_source import RowColumns
from ctsync.plan.decided_places import Moving, Place, names_of
from ctsync.plan.plan_rows import MOSTLY, Form, is_shown
from ctsync.plan.schedule import COUNTERS
from ctsync.sql_text import quoted

NO_TEXT = "NULL::VARCHAR"


class RowWords:
    """What a plan says of rows; `is_cut` of them where it `is_part`.

    Of rows that `are_new`, all of them, nothing is said of held values, and the query
    is half as long.
    """

    def __init__(
        self,
        key_type: str,
        rows: RowColumns,
        moving: Sequence[Moving],
        *,
        is_part: bool = False,
        are_new: bool = False,
    ) -> None:
        self._is_part = is_part
        self._key_type = key_type
        self._rows = rows
        self._moving = moving
        self._all_new = are_new
        self.is_new = "true" if are_new else "body IS NULL"

    def operation(self, place: Place, move: MoveColumns) -> str:
        """Return the operation as a plan writes it, NULL where there is none."""
        number = place.number
        begin = _Text(canonical([place.rule.attribute]).decode()[:-1] + ",")
        said = [begin, f"o{number}", *self._form(place, move)]
        if not self._all_new:
            before = f"CASE WHEN b{number} <> 'null' THEN concat(',', b{number}) END"
            said.append(before)
        done = _concat([*said, _Text("]")])
        return f"CASE WHEN decided AND l{number} <> '' THEN {done} END"

    def effect(self, place: Place, move: MoveColumns) -> str:
        """Return the operation as the digest takes it in."""
        name, number = canonical(place.rule.attribute).decode(), place.number
        begin: list[str] = [
            _Text("["),
            "key",
            _Text(f',{name},1,"'),
            _operator(move, number),
        ]
        held: list[str] = [_Text(',"unknown",null,')]
        if not self._all_new:
            before = f"coalesce(b{number}, 'null')"
            held = [_Text(","), _prior(number), _Text(","), before, _Text(",")]
        said = [*begin, _Text('",'), f"o{number}", *held, f"v{number}", _Text("]\n")]
        return f"CASE WHEN decided AND l{number} <> '' THEN {_concat(said)} END"

    def line(self) -> str:
        """Return the line: a change, what an entry gets, or nothing."""
        settled = (
            f"concat('[\"', lower(hex(digest)), '\",', {self._rows.memberships}, ']')"
        )
        waves = (
            "CASE WHEN delta_size IS NULL THEN '1' "
            f"WHEN size IS NULL THEN '{COUNTERS}' ELSE '1,{COUNTERS}' END"
        )
        change = (
            """concat('{"change":["', """
            f"""CASE WHEN {self.is_new} THEN 'create' ELSE 'update' END, """
            f"""'","{self._key_type}","', id, '",[', operations, '],[', """
            f"""{self._rows.origins}, ']', {self._fingerprint()}, """
            f"""(',' || {self._rows.memberships_shown}), """
            f"""'],"does":[', bits, ',', {waves}, ']}}\n')"""
        )
        entry = (
            f"""concat('{{"settled":{{"entry":', {settled}, ',"key":', key, '}}}}\n')"""
        )
        return (
            f"CASE WHEN bits IS NOT NULL THEN {change} "
            f"WHEN NOT ({self.is_new}) THEN {entry} ELSE '' END"
        )

    def _form(self, place: Place, move: MoveColumns) -> Iterator[str]:
        """Yield the form of an operation, as `plan.plan_rows` writes it, as SQL.

        It has the comma before it, and is left out where it is as it mostly is.
        """
        number = place.number
        forms = {
            (letter, prior): text
            for letter in move.letters
            for prior in (_PRIORS if not self._all_new else _UNKNOWN)
            if (text := _form_of(place, move, letter, prior)) != MOSTLY
        }
        written = {key: f",{canonical(form).decode()}" for key, form in forms.items()}
        if self._all_new:
            yield from map(_Text, written.values())
        elif written:
            cases = " ".join(
                f"WHEN l{number} = '{letter}' AND h{number} IS {_PRIORS[prior]} "
                f"THEN {quoted(text)}"
                for (letter, prior), text in written.items()
            )
            yield f"CASE {cases} END"

    def _fingerprint(self) -> str:
        """Return what is said of it: nothing where part of a change is left out."""
        whole = """concat(',"', lower(hex(digest)), '"')"""
        if not self._is_part:
            return whole
        shown = self._rows.memberships_shown
        return (
            f"CASE WHEN NOT is_cut THEN {whole} "
            f"WHEN ({shown}) IS NOT NULL THEN ',null' END"
        )

    def address(self, name: str, left_out: Container[int]) -> str:
        """Return an address that is set, also where that is left out of the plan.

        Who shares it is told whatever part of the plan is chosen.
        """
        for place, _ in self._moving:
            number = place.number
            if place.folded == name and place.one_kind.name == "string":
                letter = f"{'x' if number in left_out else 'l'}{number}"
                return f"CASE WHEN decided AND {letter} <> '' THEN v{number} END"
        return NO_TEXT

    def way(self, moving: Moving) -> str:
        """Return the way of an operation, as `model.decided_flows` says it."""
        held, before, _, letter = names_of(moving.number)
        operand = f"o{moving.number}"
        if moving.place.rule.sensitive:
            hidden = quoted(canonical(HIDDEN).decode())
            before = f"CASE WHEN {before} = 'null' THEN 'null' ELSE {hidden} END"
            operand = hidden
        if self._all_new:
            return f"CASE WHEN decided AND {letter} <> '' THEN {operand} END"
        sided = ", ".join(map(quoted, SIDED))
        before = f"CASE WHEN {letter} IN ({sided}) THEN concat({before}, ',') END"
        return (
            f"CASE WHEN decided AND {letter} <> '' THEN CASE WHEN body IS NULL "
            f"THEN {operand} WHEN {held} IS NULL "
            f"THEN concat({quoted(UNKNOWN)}, {operand}) "
            f"ELSE concat({letter}, {before}, {operand}) END END"
        )


class _Text(str):
    """Text as it stands; every other word is SQL of text."""

    __slots__ = ()


def _concat(said: Iterable[str]) -> str:
    """Return SQL of texts one after another; those that are known are put together."""
    words: list[str] = []
    for is_text, group in groupby(said, key=lambda each: isinstance(each, _Text)):
        if is_text:
            words.append(quoted("".join(group)))
        else:
            words += group
    return f"concat({', '.join(words)})"


def _operator(move: MoveColumns, number: int) -> str:
    if len(move.letters) == 1:
        return _Text(LETTERS[move.letters])
    cases = " ".join(f"WHEN '{e}' THEN '{LETTERS[e]}'" for e in move.letters)
    return f"CASE l{number} {cases} END"


def _form_of(place: Place, move: MoveColumns, letter: str, prior: Prior) -> str:
    name = place.one_kind.name
    return Form(
        LETTERS[letter],
        prior,
        certain=not move.is_open,
        sensitive=place.rule.sensitive,
        kind="" if is_shown(name) else name,
    ).text


_PRIORS: Mapping[Prior, str] = {"known": "NOT NULL", "unknown": "NULL"}
_UNKNOWN: tuple[Prior, ...] = ("unknown",)


def _prior(number: int) -> str:
    return f"""CASE WHEN h{number} IS NULL THEN '"unknown"' ELSE '"known"' END"""
