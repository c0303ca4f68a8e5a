"""What one attribute of a record orders, and which rule it breaks in doing so.

Nothing here looks at what is stored: an order is read from the record alone.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeGuard

from ctsync.sandbox.keys import Json, SandboxKey, fold_name

# Both SDKs refuse these as multi-value attributes.
_SINGLE_VALUED = frozenset(
    {"name", "email", "phone", "gender", "age", "dob", "birthday", "education"}
    | {"married", "identity", "fbid", "gpid"}
)
# The upload API deletes these (founding document); that `$delete` does nothing to
# others and is no fault is inferred.
_DELETABLE = frozenset({"name", "gender"})
_FORBIDDEN_CHARACTERS = frozenset("%><!|&.:;$'\"\\#")  # public docs
_CATEGORIES = {
    "category-unsubscribe": "unsubscribe",
    "category-resubscribe": "resubscribe",
}


class Operation(NamedTuple):
    """One attribute's instruction; `ignore` has no effect and still succeeds."""

    name: str
    folded: str
    operator: str
    operand: Json = None
    rule: str | None = None


def read_operations(data: dict[str, Json], key: SandboxKey | None) -> list[Operation]:
    """Return the orders of a record's `profileData`, each with the rule it breaks."""
    own = key.value if key is not None and key.kind == "identity" else None
    return [_read_order(n, fold_name(n), value, own) for n, value in data.items()]


def record_rules(orders: list[Operation]) -> Iterator[tuple[str, str]]:
    """Yield rule and attribute for everything that is wrong with a record's orders."""
    seen: set[str] = set()
    for order in orders:
        if order.rule is not None:
            yield order.rule, order.name
        if order.folded in seen:
            yield "name-clash", order.name
        if _is_forbidden(order.name):
            yield "forbidden-name", order.name
        seen.add(order.folded)
    if seen.issuperset(_CATEGORIES):
        yield from _groups_both_ways(orders)


def _groups_both_ways(orders: list[Operation]) -> Iterator[tuple[str, str]]:
    groups = {o.operator: o.operand for o in orders if isinstance(o.operand, list)}
    unsubscribed = groups.get("unsubscribe", [])
    if any(group in unsubscribed for group in groups.get("resubscribe", [])):
        yield "group-both-ways", "category-unsubscribe"


def _read_order(name: str, folded: str, value: Json, own: str | None) -> Operation:
    if folded == "identity":
        # Recorded traffic repeats the record's own identity without harm.
        rule = None if str(value) == own else "identity-attribute"
        return Operation(name, folded, "ignore", None, rule)
    if folded.startswith("msg-"):
        return _read_flag(name, folded, value)
    if folded in _CATEGORIES:
        return _read_groups(name, folded, value)
    if isinstance(value, dict):
        return _read_operator(name, folded, value)
    broken = _plain_rule(value)
    return Operation(name, folded, "ignore" if broken else "set", value, broken)


def _plain_rule(value: Json) -> str | None:
    if value is None:
        return "null"
    if value == "":
        return "empty-text"
    return "plain-array" if isinstance(value, list) else None


def _read_flag(name: str, folded: str, value: Json) -> Operation:
    if isinstance(value, bool):
        return Operation(name, folded, "flag", value)
    return Operation(name, folded, "ignore", None, "bad-command")


def _read_groups(name: str, folded: str, value: Json) -> Operation:
    groups = value.get("email") if isinstance(value, dict) and len(value) == 1 else None
    if _is_list_of_text(groups):
        return Operation(name, folded, _CATEGORIES[folded], groups)
    return Operation(name, folded, "ignore", None, "bad-command")


def _read_operator(name: str, folded: str, value: dict[str, Json]) -> Operation:
    if len(value) != 1:
        rule = "two-operators" if value else "nested-object"
        return Operation(name, folded, "ignore", None, rule)
    ((operator, operand),) = value.items()
    broken = _operator_rule(folded, operator, operand)
    return Operation(name, folded, "ignore" if broken else operator, operand, broken)


def _operator_rule(folded: str, operator: str, operand: Json) -> str | None:
    if operator == "$delete":
        return _delete_rule(folded, operand)
    if operator in ("$add", "$remove"):
        return _list_rule(folded, operand)
    if operator in ("$incr", "$decr"):
        return None if is_number(operand) and operand > 0 else "bad-operand"
    return "unknown-operator" if operator.startswith("$") else "nested-object"


def _delete_rule(folded: str, operand: Json) -> str | None:
    if folded not in _DELETABLE:
        return "delete-elsewhere"
    return None if operand == 1 and operand is not True else "bad-operand"


def _list_rule(folded: str, operand: Json) -> str | None:
    if operand == []:
        return "empty-operand"
    if not _is_list_of_text(operand):
        return "bad-operand"
    return "no-list" if folded in _SINGLE_VALUED else None


def _is_list_of_text(value: Json) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, str) and item for item in value)


@lru_cache(maxsize=65_536)
def _is_forbidden(name: str) -> bool:
    return not _FORBIDDEN_CHARACTERS.isdisjoint(name)


def is_number(value: Json) -> TypeGuard[int | float]:
    """Return whether a JSON value is a number; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
