"""The words of a plan about a row that is decided in columns, as SQL.

They stand over the columns that `plan.columns.decide_rows` makes: `h1`, `b1`, `v1`,
`l1` and `o1` for held value, before, value, letter and operand of the first attribute.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from ctsync.canonical_json import canonical
from ctsync.kinds.base import MoveColumns
from ctsync.model.decided_flows import SIDED, UNKNOWN
from ctsync.model.decided_rows import LETTERS
from ctsync.model.flows import HIDDEN
from ctsync.model.operation import Prior
from ctsync.model.row_source import RowColumns
from ctsync.plan.columns.concat_sql import Text, concat
from ctsync.plan.columns.decided_places import Moving, Place, names_of
from ctsync.plan.document.plan_rows import MOSTLY, Form, is_shown
from ctsync.plan.document.schedule import COUNTERS
from ctsync.sql_text import quoted

NO_TEXT = "NULL::VARCHAR"
HIDDEN_WAY = quoted(canonical(HIDDEN).decode())
IS_NEW = "body IS NULL"
# As `schedule.records_of` has them: all but counters in the first wave, since no row
# that is decided has a second step.
_WAVES = (
    "CASE WHEN delta_size IS NULL THEN '1' "
    f"WHEN size IS NULL THEN '{COUNTERS}' ELSE '1,{COUNTERS}' END"
)


class RowWords:
    """What a plan says of rows; `is_cut` of them where it `is_part`."""

    def __init__(
        self,
        key_type: str,
        rows: RowColumns,
        moving: Sequence[Moving],
        *,
        is_part: bool,
    ) -> None:
        self._is_part = is_part
        self._key_type = key_type
        self._rows = rows
        self._moving = moving

    def operation(self, place: Place, move: MoveColumns) -> str:
        """Return the operation as a plan writes it, NULL where there is none."""
        number = place.number
        begin = Text(canonical([place.rule.attribute]).decode()[:-1] + ",")
        before = f"CASE WHEN b{number} <> 'null' THEN concat(',', b{number}) END"
        said = [begin, f"o{number}", *_forms(place, move), before, Text("]")]
        done = concat(said)
        return f"CASE WHEN decided AND l{number} <> '' THEN {done} END"

    def effect(self, place: Place, move: MoveColumns) -> str:
        """Return the operation as the digest takes it in."""
        name, number = canonical(place.rule.attribute).decode(), place.number
        said = [
            Text("["),
            "key",
            Text(f',{name},1,"'),
            _operator(move, number),
            Text('",'),
            f"o{number}",
            Text(","),
            _prior(number),
            Text(","),
            f"coalesce(b{number}, 'null')",
            Text(","),
            f"v{number}",
            Text("]\n"),
        ]
        return f"CASE WHEN decided AND l{number} <> '' THEN {concat(said)} END"

    def is_done(self, moving: Moving, letter: str = "") -> str:
        """Return whether an operation is done, or that of a letter."""
        sign = "=" if letter else "<>"
        return f"l{moving.number} {sign} '{letter}'"

    def operand(self, moving: Moving) -> str:
        """Return the JSON text of an operand."""
        return f"o{moving.number}"

    def line(self) -> str:
        """Return the line: a change, what an entry gets, or nothing."""
        settled = (
            f"concat('[\"', lower(hex(digest)), '\",', {self._rows.memberships}, ']')"
        )
        action = f"CASE WHEN {IS_NEW} THEN 'create' ELSE 'update' END"
        key = action, Text(f'","{self._key_type}","'), "id"
        operations, is_part = ["operations"], self._is_part
        change = change_sql(self._rows, key, operations, "bits", is_part=is_part)
        entry = (
            f"""concat('{{"settled":{{"entry":', {settled}, ',"key":', key, '}}}}\n')"""
        )
        return (
            f"CASE WHEN bits IS NOT NULL THEN {change} "
            f"WHEN NOT ({IS_NEW}) THEN {entry} ELSE '' END"
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
            before = f"CASE WHEN {before} = 'null' THEN 'null' ELSE {HIDDEN_WAY} END"
            operand = HIDDEN_WAY
        sided = ", ".join(map(quoted, SIDED))
        before = f"CASE WHEN {letter} IN ({sided}) THEN concat({before}, ',') END"
        return (
            f"CASE WHEN decided AND {letter} <> '' THEN CASE WHEN body IS NULL "
            f"THEN {operand} WHEN {held} IS NULL "
            f"THEN concat({quoted(UNKNOWN)}, {operand}) "
            f"ELSE concat({letter}, {before}, {operand}) END END"
        )


def change_sql(
    rows: RowColumns,
    key: Iterable[str],
    operations: Iterable[str],
    bits: str,
    *,
    is_part: bool,
) -> str:
    """Return the line of a change, of the words of action and key and of operations."""
    words: list[str] = [
        Text('{"change":["'),
        *key,
        Text('",['),
        *operations,
        Text("],["),
        rows.origins,
        Text("]"),
        _fingerprint(rows, is_part=is_part),
        f"(',' || {rows.memberships_shown})",
        Text('],"does":['),
        bits,
        Text(","),
        _WAVES,
        Text("]}\n"),
    ]
    return concat(words)


def _fingerprint(rows: RowColumns, *, is_part: bool) -> str:
    """Return what a line says of it: nothing where part of a change is left out."""
    whole = """concat(',"', lower(hex(digest)), '"')"""
    if not is_part:
        return whole
    shown = rows.memberships_shown
    return (
        f"CASE WHEN NOT is_cut THEN {whole} WHEN ({shown}) IS NOT NULL THEN ',null' END"
    )


def _forms(place: Place, move: MoveColumns) -> Iterator[str]:
    """Yield the form of an operation, as `plan.document.plan_rows` writes it, as SQL.

    It has the comma before it, and is left out where it is as it mostly is.
    """
    number = place.number
    forms = {
        (letter, prior): text
        for letter in move.letters
        for prior in _PRIORS
        if (text := form_of(place, move, letter, prior)) != MOSTLY
    }
    cases = " ".join(
        f"WHEN l{number} = '{letter}' AND h{number} IS {_PRIORS[prior]} "
        f"THEN {quoted(f',{canonical(form).decode()}')}"
        for (letter, prior), form in forms.items()
    )
    if cases:
        yield f"CASE {cases} END"


def _operator(move: MoveColumns, number: int) -> str:
    if len(move.letters) == 1:
        return Text(LETTERS[move.letters])
    cases = " ".join(f"WHEN '{e}' THEN '{LETTERS[e]}'" for e in move.letters)
    return f"CASE l{number} {cases} END"


def form_of(place: Place, move: MoveColumns, letter: str, prior: Prior) -> str:
    """Return the form of an operation, as `plan.document.plan_rows` writes it."""
    name = place.one_kind.name
    return Form(
        LETTERS[letter],
        prior,
        step=1,
        certain=not move.is_open,
        sensitive=place.rule.sensitive,
        kind="" if is_shown(name) else name,
    ).text


_PRIORS: Mapping[Prior, str] = {"known": "NOT NULL", "unknown": "NULL"}


def _prior(number: int) -> str:
    return f"""CASE WHEN h{number} IS NULL THEN '"unknown"' ELSE '"known"' END"""
