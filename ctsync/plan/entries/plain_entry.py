"""What a state keeps of a profile, from the row of its change, at a look.

Nearly every line of a large plan is as plain: operations that set a value, move a
counter, or change a list of which nothing is in doubt. What stands in the state of
other attributes stays as it is spelled there. Whatever is not so plain goes the long
way, and both ways give the same line of the state, byte by byte.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from ctsync.canonical_json import canonical, fold_name, parse
from ctsync.kinds import KINDS
from ctsync.kinds.base import Kind
from ctsync.kinds.counter import KIND as COUNTER
from ctsync.kinds.list import ListKind
from ctsync.kinds.scalar import ScalarKind
from ctsync.model.entry import membership_in
from ctsync.model.entry_text import EntryText
from ctsync.model.kind_shape import LIST, holds_sets
from ctsync.model.operation import DELTAS, Operator
from ctsync.model.profile_key import key_from_json
from ctsync.model.row import Row
from ctsync.plan.document.plan_rows import MOSTLY, form_from, kind_shown, reached

_FIELDS = 7  # of a change that says nothing unusual: to its cohorts
_OPERATION_FIELDS = 4  # of one that says nothing unusual: to the value before
_ACTIONS = frozenset({"create", "update"})
_APPLY = Kind.apply.__name__
_TABLE = 2  # where an origin names its table
_SCALARS = frozenset({str, bool, int, float})


class Taking(Enum):
    """As what operations are taken in: acknowledged, or as if all had long been so.

    What is `DECLARED` comes with lists that are whole, of what is `SAID` nobody knows.
    What is declared and was `READ` of a platform is certain, counters too.
    """

    ACKNOWLEDGED = "acknowledged"
    DECLARED = "declared"
    SAID = "said"
    READ = "read"


class Way(NamedTuple):
    """What an operation of one form leaves known of an attribute."""

    folded: str
    known: Mapping[str, Any]
    operator: Operator
    step: int
    is_list: bool


def entry_after(
    row: Row, taking: Taking, before: bytes | None = None
) -> EntryText | None:
    """Return the entry after a change of which all is taken in, as its row has it.

    `before` is the line of the entry that there is. None where that takes a longer
    look, as it does where a row is none that is written.
    """
    try:
        return _entry_after(row, taking, before)
    except (TypeError, ValueError, LookupError, AttributeError):
        # A row that nobody wrote so is refused by whoever reads it whole.
        return None


def _entry_after(row: Row, taking: Taking, before: bytes | None) -> EntryText | None:
    if len(row) > _FIELDS or row[0] not in _ACTIONS:
        return None
    operations, origins, mark, cohorts = (*row[3:], *_REST[len(row) - 4 :])
    data = _read(before, taking)
    held: dict[str, Any] = data["attributes"]
    found = _found(operations, taking, held)
    if cohorts is None:
        cohorts = _tables_in(origins)
    if not (found and _are_texts(cohorts) and isinstance(mark, str | None)):
        return None
    data["key"] = {row[1]: row[2]}
    if held:
        found = {**held, **found}
        if taking is not Taking.ACKNOWLEDGED and not all(
            map(_is_certain, found.values())
        ):
            mark = None
    data["attributes"] = found
    return _text(data, mark, cohorts)


_REST: tuple[Any, ...] = ([], None, None)  # what is left out at the end of a row


def _read(before: bytes | None, taking: Taking) -> dict[str, Any]:
    """Return what of an entry outlasts a change."""
    data: dict[str, Any] = {"attributes": {}} if before is None else parse(before)
    if "gone" not in data:
        return data
    anew: dict[str, Any] = {"attributes": {}}
    # What is sent to a profile that was gone makes it anew; what is read does not.
    if "once" in data and taking is not Taking.ACKNOWLEDGED:
        anew["once"] = data["once"]
    return anew


def _text(data: dict[str, Any], mark: str | None, cohorts: list[str]) -> EntryText:
    attributes: Mapping[str, Any] = data["attributes"]
    for name, said in (("cohorts", cohorts), ("fingerprint", mark)):
        if said:
            data[name] = said
        else:
            data.pop(name, None)
    is_bound = bool(cohorts) or any("ours" in each for each in attributes.values())
    key = key_from_json(data["key"])
    return EntryText(key, canonical(data) + b"\n", sorted(attributes), mark, is_bound)


def _is_certain(known: Mapping[str, Any]) -> bool:
    return known.get("certain", True) is True


def _found(
    operations: Sequence[Row], taking: Taking, held: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return what is known of the attributes that operations are about."""
    found: dict[str, Any] = {}
    steps: dict[str, int] = {}
    for operation in operations:
        name, operand, *rest = operation
        if len(operation) > _OPERATION_FIELDS:
            return None
        way = way_of(name, rest[0] if rest else MOSTLY, kind_shown(operand), taking)
        if way is None:
            return None
        folded = way.folded
        if folded in found and not (way.is_list and way.step > steps[folded]):
            return None
        known = (
            _list_after(way, operand, found.get(folded, held.get(folded)), taking)
            if way.is_list
            else _value_after(way, operand, rest, held.get(folded), taking)
        )
        if known is None:
            return None
        found[folded] = known
        steps[folded] = way.step
    return found


def _value_after(
    way: Way,
    operand: Any,
    rest: list[Any],
    held: Mapping[str, Any] | None,
    taking: Taking,
) -> Mapping[str, Any] | None:
    """Return what is known of a single value; what was known before tells nothing."""
    if operand.__class__ not in _SCALARS:
        return None
    known: dict[str, Any] = {**way.known}
    if taking is Taking.ACKNOWLEDGED or (held is not None and "owned" in held):
        known["owned"] = True
    if way.operator == "set":
        known["value"] = operand
    elif way.operator in DELTAS:
        moved: Any = operand
        value = reached(way.operator, rest[1], moved)
        if value is None:
            return None
        known["value"] = value
    return known


def _list_after(
    way: Way, operand: Any, held: Mapping[str, Any] | None, taking: Taking
) -> Mapping[str, Any] | None:
    """Return what is known of a list, if nothing of it was in doubt before."""
    adds = way.operator == "$add"
    if not (operand and _are_texts(operand)) or (held is None and not adds):
        return None
    if held is None:
        known = {**way.known, **new_words(way, taking)}
        return {**known, "present": sorted(set(operand))}
    if taking is not Taking.ACKNOWLEDGED:
        return None
    if not (held.keys() <= _PLAIN_LIST and holds_sets(held["kind"])):
        return None
    return _moved(way, operand, held)


def _moved(
    way: Way, operand: Sequence[str], held: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what is known of a list of which nothing but these values is held."""
    known = {**way.known, **{name: True for name in _STAY if name in held}}
    present = set(held.get("present", ()))
    if way.operator == "$add":
        present.update(operand)
        known["owned"] = True
    else:
        present.difference_update(operand)
    if present:
        known["present"] = sorted(present)
    return known


def new_words(way: Way, taking: Taking) -> Mapping[str, bool]:
    """Return what is known of an attribute beside its value where nothing was."""
    if taking is Taking.ACKNOWLEDGED:
        return {"owned": True}
    # Nothing that is declared is ours.
    return {"complete": True} if way.is_list and taking is not Taking.SAID else {}


_STAY = ("complete", "owned")
_PLAIN_LIST = frozenset({"kind", "name", "present", *_STAY})


@lru_cache(maxsize=4096)
def way_of(name: str, text: str, shown: str, taking: Taking) -> Way | None:
    """Return what an operation of a form comes to; None where that is not so plain."""
    try:
        form = form_from(text)
    except ValueError:
        return None
    kind = KINDS[form.kind or shown]
    is_list = kind.shape == "set"
    if kind.name in _UNSURE[taking] or is_list != (shown == LIST):
        return None
    ours = ListKind if is_list else ScalarKind
    if form.operator not in _OPERATORS[is_list] or not _applies_as(kind, ours):
        return None
    known = {"kind": kind.name, "name": name}
    return Way(fold_name(name), known, form.operator, form.step, is_list)


_OPERATORS: Mapping[bool, Container[Operator]] = {
    True: ("$add", "$remove"),
    False: ("set", "$delete", *DELTAS),
}
# With what a counter that is declared would be compared nobody has seen.
_UNSURE: Mapping[Taking, Container[str]] = {
    Taking.ACKNOWLEDGED: (),
    Taking.DECLARED: (COUNTER.name,),
    Taking.SAID: (COUNTER.name,),
    Taking.READ: (),
}


def _applies_as(kind: object, ours: type) -> bool:
    """Return whether an operation comes to what it comes to for a kind of ours."""
    return isinstance(kind, ours) and getattr(type(kind), _APPLY) is vars(ours)[_APPLY]


def _tables_in(origins: Sequence[Row]) -> list[str] | None:
    """Return which tables' rows they are; None where no origins are so written.

    What else they say goes to no entry, so it is not looked at here.
    """
    if not (isinstance(origins, list) and {list}.issuperset(map(type, origins))):
        return None
    tables = {origin[_TABLE] for origin in origins if len(origin) > _TABLE} - {None}
    names = sorted(tables)
    return [*map(membership_in, names)] if _are_texts(names) else None


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and {str}.issuperset(map(type, values))
