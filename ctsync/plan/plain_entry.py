"""What a state keeps of a new profile, from the row of its change, at a look.

Of a first load nearly every line is as plain: operations that set a value, or add to a
list that nobody knew. Whatever is not goes the long way, and both ways give the same
line of the state, byte by byte.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from ctsync.canonical_json import canonical, fold_name
from ctsync.kinds import KINDS
from ctsync.kinds.base import Kind
from ctsync.kinds.counter import KIND as COUNTER
from ctsync.kinds.list import ListKind
from ctsync.kinds.scalar import ScalarKind
from ctsync.model.entry import membership_in
from ctsync.model.entry_text import EntryText
from ctsync.model.kind_shape import LIST
from ctsync.model.operation import Operator
from ctsync.model.profile_key import key_from_json
from ctsync.model.row import Row
from ctsync.plan.plan_rows import MOSTLY, form_from, kind_shown

_FIELDS = 7  # of a change that says nothing unusual: to its cohorts
_OPERATION_FIELDS = 3  # of one of which nothing is known before
_APPLY = Kind.apply.__name__
_TABLE = 2  # where an origin names its table
_SCALARS = frozenset({str, bool, int, float})


class Taking(Enum):
    """As what operations are taken in: acknowledged, or as if all had long been so."""

    ACKNOWLEDGED = "acknowledged"
    DECLARED = "declared"


class _Way(NamedTuple):
    """What an operation of one form leaves known of an attribute."""

    folded: str
    known: Mapping[str, Any]
    place: str  # where the operand stands in it


def new_entry(row: Row, taking: Taking) -> EntryText | None:
    """Return the entry of a new profile after a change, as its row in a plan has it.

    None where that takes a longer look, as it does where a row is none that is written.
    """
    try:
        return _new_entry(row, taking)
    except (TypeError, ValueError, LookupError):
        return None


def _new_entry(row: Row, taking: Taking) -> EntryText | None:
    if len(row) > _FIELDS or row[0] != "create":
        return None
    key = key_from_json({row[1]: row[2]})
    operations, origins, mark, cohorts = (*row[3:], *_REST[len(row) - 4 :])
    found: dict[str, Any] = {}
    for operation in operations:
        known = _known(operation, taking)
        if known is None or known[0] in found:
            return None
        found[known[0]] = known[1]
    if cohorts is None:
        cohorts = _tables_in(origins)
    if not (found and _are_texts(cohorts) and isinstance(mark, str | None)):
        return None
    data: dict[str, Any] = {"attributes": found, "key": {key.type: key.id}}
    if cohorts:
        data["cohorts"] = cohorts
    if mark is not None:
        data["fingerprint"] = mark
    line = canonical(data) + b"\n"
    return EntryText(key, line, sorted(found), mark, bool(cohorts))


_REST: tuple[Any, ...] = ((), None, None)  # what is left out at the end of a row


def _known(operation: Row, taking: Taking) -> tuple[str, Mapping[str, Any]] | None:
    if len(operation) > _OPERATION_FIELDS:
        return None
    name, operand, form = (*operation, MOSTLY)[:_OPERATION_FIELDS]
    is_list = operand.__class__ is list
    if not (is_list or operand.__class__ in _SCALARS):
        return None
    way = _way(name, form, kind_shown(operand), taking)
    if way is None:
        return None
    if is_list:
        if not (operand and _are_texts(operand)):
            return None
        operand = sorted(set(operand))
    return way.folded, {**way.known, way.place: operand}


@lru_cache(maxsize=4096)
def _way(name: str, text: str, shown: str, taking: Taking) -> _Way | None:
    try:
        form = form_from(text)
    except ValueError:
        return None
    kind = KINDS[form.kind or shown]
    if kind.name in _UNSURE[taking] or form.step > 1:
        return None
    is_list = shown == LIST
    if not _is_plain(form.operator, kind, is_list=is_list):
        return None
    more = (_LISTS if is_list else _VALUES)[taking]
    known = {"kind": kind.name, "name": name, **more}
    return _Way(fold_name(name), known, "present" if is_list else "value")


def _is_plain(operator: Operator, kind: Kind, *, is_list: bool) -> bool:
    if is_list:
        return operator == "$add" and _applies_as(kind, ListKind)
    return operator == "set" and _applies_as(kind, ScalarKind)


# What else is known then. Nothing that is declared is ours, and its lists are whole;
# with what a counter would be compared nobody has seen.
_VALUES: Mapping[Taking, Mapping[str, Any]] = {
    Taking.ACKNOWLEDGED: {"owned": True},
    Taking.DECLARED: {},
}
_LISTS: Mapping[Taking, Mapping[str, Any]] = {
    Taking.ACKNOWLEDGED: {"owned": True},
    Taking.DECLARED: {"complete": True},
}
_UNSURE: Mapping[Taking, Container[str]] = {
    Taking.ACKNOWLEDGED: (),
    Taking.DECLARED: (COUNTER.name,),
}


def _applies_as(kind: object, ours: type) -> bool:
    """Return whether an operation comes to what it comes to for a kind of ours."""
    return isinstance(kind, ours) and getattr(type(kind), _APPLY) is vars(ours)[_APPLY]


def _tables_in(origins: Sequence[Row]) -> list[str]:
    tables = {origin[2] for origin in origins if len(origin) > _TABLE}
    return [*map(membership_in, sorted(tables - {None}))]


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and {str}.issuperset(map(type, values))
