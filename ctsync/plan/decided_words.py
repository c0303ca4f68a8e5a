"""The words of a plan about a row that is decided in columns, as SQL.

They stand over the columns that `plan.decide_rows` makes: `h1`, `b1`, `v1`, `l1` and
`o1` for held value, before, value, letter and operand of the first attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from ctsync.canonical_json import canonical
from ctsync.kinds.base import MoveColumns
from ctsync.kinds.subscription import KIND as SUBSCRIPTION_KIND
from ctsync.kinds.subscription import opting_in
from ctsync.model.change_statistics import TRAITS
from ctsync.model.decided_flows import SIDED, UNKNOWN
from ctsync.model.decided_rows import LETTERS
from ctsync.model.flows import HIDDEN
from ctsync.model.operation import DELTAS, Prior
from ctsync.model.record import GROUP_PREFIX, GROUP_WORDS, group_of
from ctsync.model.row_source import RowColumns
from ctsync.plan.decided_places import Moving, Place, names_of
from ctsync.plan.plan_rows import MOSTLY, Form, is_shown
from ctsync.plan.schedule import COUNTERS
from ctsync.sql_text import quoted

NO_TEXT = "NULL::VARCHAR"
SUBSCRIPTION = SUBSCRIPTION_KIND.name
_GAINS = {
    name: 1 << TRAITS.index(trait)
    for name, trait in (
        ("opt_in", "opt-ins"), ("new", "creations"), ("count", "counters"),
        ("unknown", "uncertain"), ("rest", "rest"),
    )
}  # fmt: skip


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

    def size(self, *, is_delta: bool) -> str:
        """Return the bytes of the record that travels, NULL where nothing does."""
        groups, others = _parted(self._moving)
        parts = [] if is_delta else [*_group_sizes(groups)]
        for place, move in others:
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

    def traits(self) -> str:
        """Return a bit for each trait; NULL where nothing is done.

        It is 0 where something is, and nothing of that is chosen.
        """
        unknown = " OR ".join(
            f"(h{p.number} IS NULL AND l{p.number} <> '')"
            for p in ([] if self._all_new else self._moving)
        )
        counts = [
            f"l{place.number} = '{letter}'"
            for place, move in self._moving
            for letter in move.letters
            if LETTERS[letter] in DELTAS
        ]
        counting = " OR ".join(counts) or "false"
        # Whoever opts in has asked for it somewhere, and a plan is limited in that: an
        # opt-in that is not told as one would pass.
        opting = " OR ".join(map(_opts_in, self._moving)) or "false"
        bits = (
            f"(CASE WHEN {opting} THEN {_GAINS['opt_in']} ELSE 0 END"
            f" + CASE WHEN {self.is_new} THEN {_GAINS['new']} "
            f"WHEN {unknown or 'false'} THEN {_GAINS['unknown']} ELSE 0 END"
            f" + CASE WHEN {counting} THEN {_GAINS['count']} ELSE 0 END)"
        )
        return (
            f"CASE WHEN decided AND ltrim(letters, '.') <> '' "
            f"THEN CASE {bits} WHEN 0 THEN {_GAINS['rest']} ELSE {bits} END "
            f"{'WHEN decided AND is_cut THEN 0 ' if self._is_part else ''}END"
        )

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

    def address(self, name: str) -> str:
        """Return an address that is declared, but for one that one place alone says.

        That is known to be there where it is not sent, and `planner` does not ask,
        unless part of a change is chosen.
        """
        for place, _ in self._moving:
            if place.folded == name and place.one_kind.name == "string":
                several = "true" if self._is_part else self._rows.are_several
                seen = f"(l{place.number} <> '' OR {several})"
                return f"CASE WHEN decided AND {seen} THEN v{place.number} END"
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


def _parted(moving: Iterable[Moving]) -> tuple[list[Moving], list[Moving]]:
    """Part groups of subscriptions from all others, which travel by their names."""
    groups, others = list[Moving](), list[Moving]()
    for each in moving:
        is_group = each.place.rule.attribute.startswith(GROUP_PREFIX)
        (groups if is_group else others).append(each)
    return groups, others


def _group_sizes(groups: Iterable[Moving]) -> Iterator[str]:
    """Yield SQL of the bytes of groups, each with the comma behind it.

    They travel together: `"category-resubscribe":{"email":["News","Offers"]}`. Each
    name has a comma; the one too many in a list is that which the list has behind it,
    and so it is with the lists of a word.
    """
    for is_on, word in GROUP_WORDS.items():
        by_channel: dict[str, dict[str, int]] = {}
        for each in groups:
            channel, group = group_of(each.place.rule.attribute)
            sent = f"(l{each.number} <> '' AND v{each.number} = '{str(is_on).lower()}')"
            width = len(canonical(group)) + len(",")
            by_channel.setdefault(channel, {})[sent] = width
        sent_at_all = [sent for sizes in by_channel.values() for sent in sizes]
        if sent_at_all:
            yield _size_where(sent_at_all, len(canonical({word: {}})) - len("{}"))
        for channel, sizes in by_channel.items():
            yield _size_where(sizes, len(canonical({channel: []})) - len("{}"))
            for sent, width in sizes.items():
                yield _size_where([sent], width)


def _size_where(conditions: Iterable[str], size: int) -> str:
    return f"CASE WHEN {' OR '.join(conditions)} THEN {size} ELSE 0 END"


def _opts_in(moving: Moving) -> str:
    place, number = moving.place, moving.number
    if place.one_kind.name != SUBSCRIPTION:
        return "false"
    value = canonical(opting_in(place.rule.attribute)).decode()
    return f"(l{number} <> '' AND v{number} = {quoted(value)})"


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
