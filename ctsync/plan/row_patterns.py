"""Rows of new profiles that are alike, told by one pattern and written by one template.

Most rows of a first load assign the same attributes in the same forms. What follows
from these is worked out once, by `plain_entry`; of each row the values are taken as
they are spelled. So no value is made, and a row costs a fifth of what reading it does.
Rows that say anything else match no pattern, and are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ctsync.canonical_json import canonical
from ctsync.model.entry import membership_in
from ctsync.model.entry_text import EntryText
from ctsync.model.kind_shape import LIST
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.row import Row
from ctsync.model.scalar_value import DATE_PREFIX
from ctsync.plan.plain_entry import Taking, new_words, way_of
from ctsync.plan.plan_rows import MOSTLY, kind_shown

MOST_LEARNED = 64
"""How many patterns are made: one takes as long as some hundred rows."""
MOST_TRIED = 8
"""How many are tried on a line: of rows that are alike in no way none would tell it."""

_FIELDS = 6  # of a row as most are: to its fingerprint
_OPERATION_FIELDS = 3  # of an operation where nothing is held: to its form
_TEXT = rb'[^"\\\x00-\x1f]'  # what JSON spells as it is
_DATE = re.escape(DATE_PREFIX.encode())
# Values that are spelled in one way only, so that their text can be taken for them.
_SPELLED = {
    "string": rb'"(?!%b)%b*"' % (_DATE, _TEXT),
    "date": rb'"%b%b*"' % (_DATE, _TEXT),
    "boolean": rb"true|false",
    "number": rb"0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,8})\.[0-9]{0,3}[1-9]",
    LIST: rb'\["%b*"(?:,"%b*")*\]' % (_TEXT, _TEXT),
}
_OPENING = rb'\{"change":\["create","(%b)","(%b+)",\[' % (
    "|".join(ID_TYPES).encode(),
    _TEXT,
)
_COUNT = rb"(?:0|[1-9][0-9]*)"
_CLOSING = (
    rb'\],\[\["%(text)b+",%(count)b,"(%(text)b+)"(?:,%(count)b)?\]\],'
    rb'"([0-9a-f]{32})"\],"does":\[%(count)b(?:,%(count)b)*\]\}\n?'
    % {b"text": _TEXT, b"count": _COUNT}
)
_ENTRY = (
    b'{"attributes":{%b},"cohorts":["%b%b"],"fingerprint":"%b","key":{"%b":"%b"}}\n'
)
_MEMBERSHIP = membership_in("").encode()


class _Assigned(NamedTuple):
    """An attribute as rows assign it: how that is spelled, and what it comes to."""

    name: str
    form: str
    shown: str
    folded: str
    opening: bytes  # of what the entry has of it, up to the value

    @property
    def pattern(self) -> bytes:
        """Return what tells the operation, with a comma where another follows it.

        What was told is never taken back: else a row that has no such end would be
        told anew for each of its attributes.
        """
        name = re.escape(canonical(self.name))
        form = b"" if self.form == MOSTLY else b"," + canonical(self.form)
        said = (name, _SPELLED[self.shown], re.escape(form))
        return rb"(?:\[%b,(%b)%b\](?:,(?=\[)|(?=\])))?+" % said


class _Pattern:
    """What rows have in common, each of which assigns some of the attributes."""

    def __init__(self, assigned: Iterable[_Assigned]) -> None:
        self.assigned = {each.name: each for each in assigned}
        found = [self.assigned[name] for name in sorted(self.assigned)]
        parts = b"".join(each.pattern for each in found)
        self._pattern = re.compile(_OPENING + parts + _CLOSING)
        order = sorted(range(len(found)), key=lambda at: found[at].folded)
        self._places = [(at + 2, found[at]) for at in order]
        self._lists = [at for at, each in self._places if each.shown == LIST]
        self._names = [each.folded for _, each in self._places]

    def entry(self, line: bytes) -> EntryText | None:
        """Return the entry that the row of a line leads to; None: it is no such row."""
        met = self._pattern.fullmatch(line)
        if met is None:
            return None
        groups = met.groups()
        if not all(_is_in_order(groups[at]) for at in self._lists):
            return None
        values = [
            each.opening + groups[at] + b"}"
            for at, each in self._places
            if groups[at] is not None
        ]
        if not values:
            return None
        key_type, identifier, table, mark = *groups[:2], *groups[-2:]
        names: Sequence[str] = self._names
        if len(values) < len(names):
            places = self._places
            names = [each.folded for at, each in places if groups[at] is not None]
        said = (b",".join(values), _MEMBERSHIP, table, mark, key_type, identifier)
        key = ProfileKey(key_type.decode(), identifier.decode())
        return EntryText(key, _ENTRY % said, names, mark.decode(), is_bound=True)


def _is_in_order(values: bytes | None) -> bool:
    """Return whether the texts of a list stand as an entry keeps them."""
    if values is None:
        return True
    texts = values[2:-2].split(b'","')
    return texts == sorted(set(texts))


def _is_utf8(line: bytes) -> bool:
    try:
        return line.isascii() or bool(line.decode())
    except UnicodeDecodeError:
        return False


class RowPatterns:
    """Gives entries of new profiles of which all is taken in, by their lines."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self._patterns: list[_Pattern] = []
        self._learned = 0

    def entry(self, line: bytes) -> EntryText | None:
        """Return the entry; None where no pattern that was learned tells it."""
        if not (self._patterns and _is_utf8(line)):
            return None
        found = (pattern.entry(line) for pattern in self._patterns)
        return next(filter(None, found), None)

    def learn(self, row: Row) -> None:
        """Know rows that are like this one from now on, if they are as most are."""
        may_learn = self._learned < MOST_LEARNED
        found = _assigned_in(row, self._taking) if may_learn else None
        if not found:
            return
        for at, pattern in enumerate(self._patterns):
            if found.items() <= pattern.assigned.items():
                return  # its values are odd, and not its shape
            if _agree(found, pattern.assigned):
                found = {**pattern.assigned, **found}
                del self._patterns[at]
                break
        # What came last is like what comes next.
        self._patterns[:] = _Pattern(found.values()), *self._patterns[: MOST_TRIED - 1]
        self._learned += 1


def _agree(found: Mapping[str, _Assigned], known: Mapping[str, _Assigned]) -> bool:
    """Return whether attributes are assigned in one way only, and have names apart."""
    both = {**known, **found}
    are_same = all(known[name] == found[name] for name in found.keys() & known.keys())
    return are_same and len({each.folded for each in both.values()}) == len(both)


def _assigned_in(row: Row, taking: Taking) -> dict[str, _Assigned] | None:
    """Return the attributes that a row assigns; None where it does anything else.

    So it is of one that stands in several places: no pattern tells those.
    """
    if len(row) != _FIELDS or row[0] != "create" or len(row[4]) != 1:
        return None
    found = [_assigned(operation, taking) for operation in row[3]]
    names = {each.folded: each for each in found if each is not None}
    if len(names) < len(found):
        return None
    return {each.name: each for each in names.values()}


def _assigned(operation: Row, taking: Taking) -> _Assigned | None:
    if len(operation) > _OPERATION_FIELDS:
        return None
    name, operand, form = (*operation, MOSTLY)[:_OPERATION_FIELDS]
    return _assigned_as(name, form, kind_shown(operand), taking)


@lru_cache(maxsize=4096)  # of rows with odd values it is asked again and again
def _assigned_as(name: str, form: str, shown: str, taking: Taking) -> _Assigned | None:
    way = way_of(name, form, shown, taking)
    if way is None or way.operator not in ("set", "$add"):
        return None
    place = "present" if way.is_list else "value"
    known = canonical({**way.known, **new_words(way, taking), place: 0})
    opening = canonical(way.folded) + b":" + known[: -len(b"0}")]
    return _Assigned(name, form, shown, way.folded, opening)
