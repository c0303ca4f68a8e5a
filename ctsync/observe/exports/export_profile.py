"""What a row of an export says of a profile.

The platform's own daily export alone shows flags (`MSG-*`) and subscription groups
(public docs). Its files hold a profile a row; how groups are spelled is not published,
so every likely spelling is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ctsync.canonical_json import fold_name, parse
from ctsync.model.profile_key import ID_TYPES
from ctsync.model.record import GROUP_PREFIX
from ctsync.observe.exports.export_columns import ColumnSort
from ctsync.observe.exports.switches import switch_in
from ctsync.observe.profile_reply import SeenProfile, attributes_of

_IGNORED = {"events", "platforminfo", "badks", "df", "all_identities", "ts", "type"}
_GROUPS = "subscriptiongroups"
_DATA = "profiledata"
_KEYS = {fold_name(kind) for kind in ID_TYPES}
_OF_PLATFORM = frozenset({_DATA, _GROUPS, "all_identities", "platforminfo", "badks"})
_SEVERAL_KEYS = frozenset({"identity", "objectid"})


def is_of_platform(names: Iterable[str]) -> bool:
    """Return whether columns are those of the platform's own export."""
    folded = {fold_name(name) for name in names}
    is_odd = any(name.startswith("msg-") for name in folded)
    return is_odd or not folded.isdisjoint(_OF_PLATFORM) or folded >= _SEVERAL_KEYS


def sort_of_name(name: str) -> ColumnSort:
    """Say what a column of a name holds."""
    folded = fold_name(name)
    if folded in _IGNORED or folded in _KEYS:
        return "nothing"
    if folded.startswith("msg-"):
        return "switch"
    if folded == _GROUPS:
        return "special"
    return "data" if folded == _DATA else "attribute"


def seen_in(row: Mapping[str, Any]) -> SeenProfile:
    """Give the profile that a row is."""
    pairs = attributes_of(_pairs(row))
    known = next((v for n, v in row.items() if fold_name(n) == "all_identities"), None)
    listed = list_in(known)
    identities = tuple(str(each) for each in listed) if isinstance(listed, list) else ()
    return SeenProfile(pairs, identities=identities)


def _pairs(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        folded = fold_name(name)
        if value is None or value == "" or folded in _IGNORED or folded in _KEYS:
            continue
        if folded == _DATA and isinstance(value, dict):
            yield from _pairs(value)
        elif folded == _GROUPS:
            yield from _groups(_parsed(value))
        elif folded.startswith("msg-"):
            yield name, switch_in(value)
        else:
            yield name, list_in(value)


def list_in(value: Any) -> Any:
    """Return the list that stands in a cell as JSON, or the cell as it is."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        found = _parsed(value)
        return found if isinstance(found, list) else value
    return value


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except ValueError:
        return None


def _groups(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield groups as attributes, from a map or a list of maps, by channel or not."""
    if isinstance(value, dict):
        for name, said in value.items():
            if isinstance(said, dict | list) and name.casefold() == "email":
                yield from _groups(said)
            elif (switch := switch_in(said)) is not None:
                yield f"{GROUP_PREFIX}email.{name}", switch
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            name = each.get("name") or each.get("group") or each.get("groupName")
            off = switch_in(each.get("isUnsubscribed"))
            said = each.get("subscribed", each.get("status", each.get("value")))
            switch = (not off) if off is not None else switch_in(said)
            if isinstance(name, str) and switch is not None:
                yield f"{GROUP_PREFIX}email.{name}", switch
