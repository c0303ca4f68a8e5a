"""What an order does to a stored value: pure, one short function for each operator.

`None` stands for an attribute that is not there; the platform never stores a null.
"""

import json
import math
from collections.abc import Callable
from typing import NamedTuple

from ctsync.sandbox.keys import Json
from ctsync.sandbox.operations import is_number

LIST_CEILING = 100  # public docs; the oldest go


class OperatorEffect(NamedTuple):
    """The value an order leaves behind, and the rule it broke on the one before."""

    after: Json
    rule: str | None = None


def take_effect(
    operator: str, before: Json, operand: Json, *, folds_lists: bool = False
) -> OperatorEffect:
    """Apply one operator to one stored value; an unknown operator changes nothing.

    Where it `folds_lists`, values of a list that differ in case are one.
    """
    effect = _EFFECTS.get(operator)
    if effect is None:
        return OperatorEffect(before)
    if folds_lists and operator in {"$add", "$remove"}:
        operand = _as_spelled(before, operand)
    return effect(before, operand)


def _as_spelled(before: Json, operand: Json) -> Json:
    stored = {_folded(item): item for item in _as_list(before)}
    return [stored.get(_folded(item), item) for item in _items(operand)]


def _folded(item: Json) -> str:
    return text_form(item).strip().lower()


def _set(_before: Json, operand: Json) -> OperatorEffect:
    return OperatorEffect(operand)


def _delete(_before: Json, _operand: Json) -> OperatorEffect:
    return OperatorEffect(None)


def _add(before: Json, operand: Json) -> OperatorEffect:
    # A dict keeps the order of arrival, by which the oldest are evicted.
    values = dict.fromkeys([*_as_list(before), *_items(operand)])
    rule = "over-100-values" if len(values) > LIST_CEILING else None
    return OperatorEffect(list(values)[-LIST_CEILING:], rule)


def _remove(before: Json, operand: Json) -> OperatorEffect:
    gone = _items(operand)
    return OperatorEffect(
        # With its last value the attribute goes (public docs).
        [item for item in _as_list(before) if item not in gone] or None
    )


def _increment(before: Json, operand: Json) -> OperatorEffect:
    return _move(before, operand, 1)


def _decrement(before: Json, operand: Json) -> OperatorEffect:
    return _move(before, operand, -1)


def _move(before: Json, operand: Json, sign: int) -> OperatorEffect:
    # The founding document wants a value first; that nothing comes of it else is
    # inferred.
    if before is None:
        return OperatorEffect(None, "counter-on-nothing")
    if not is_number(before) or not is_number(operand):
        return OperatorEffect(before, "counter-on-no-number")
    after = before + sign * operand
    return OperatorEffect(after if math.isfinite(after) else before)


def _as_list(value: Json) -> list[Json]:
    if value is None:
        return []
    # A scalar becomes a list of one text (public docs).
    return value if isinstance(value, list) else [text_form(value)]


def _items(operand: Json) -> list[Json]:
    return operand if isinstance(operand, list) else []


def text_form(value: Json) -> str:
    """Return the string that a scalar becomes when it is promoted into a list."""
    return value if isinstance(value, str) else json.dumps(value)


_EFFECTS: dict[str, Callable[[Json, Json], OperatorEffect]] = {
    "set": _set,
    "$add": _add,
    "$remove": _remove,
    "$incr": _increment,
    "$decr": _decrement,
    "$delete": _delete,
}
