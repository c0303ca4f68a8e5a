"""What moved between a reviewed plan and today's; the work of deepdiff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ctsync.model.change import Change
from ctsync.model.date_words import date_words
from ctsync.model.masking import SENSITIVE_TEXT, Mask
from ctsync.model.operation import Operation

_COMPARED = 2_000
_SAID = 20


def moved_since_review(
    reviewed: Iterable[Change], today: Iterable[Change], mask: Mask
) -> tuple[str, ...]:
    """Say, a line each, what today's changes are that the reviewed ones were not.

    Compares the first 2,000 changes and names at most 20 differences.
    """
    from deepdiff import DeepDiff

    before, after = _shown(reviewed, mask), _shown(today, mask)
    # Profile by profile, however few the two have in common.
    diff = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    lines = sorted(line for group in diff.values() for line in _lines(group))
    if not lines:
        return ("  the changes are the same; the state has moved all the same",)
    left = len(lines) - _SAID
    more = (f"  … and {left:,} more",) if left > 0 else ()
    return (*lines[:_SAID], *more)


def _shown(changes: Iterable[Change], mask: Mask) -> dict[str, dict[str, str]]:
    return {
        mask.key_text(change.key, change.origins): dict(_operations(change, mask))
        for change in islice(changes, _COMPARED)
    }


def _operations(change: Change, mask: Mask) -> Iterator[tuple[str, str]]:
    steps = Counter(op.attribute for op in change.operations)
    for op in change.operations:
        step = f", step {op.step}" if steps[op.attribute] > 1 else ""
        yield f"{op.attribute}{step}", _effect(op, mask)
    for attribute in change.released:
        yield attribute, "released"


def _effect(operation: Operation, mask: Mask) -> str:
    operand: Any = operation.operand
    if mask.hides_value(sensitive=operation.sensitive):
        operand = SENSITIVE_TEXT
    elif isinstance(operand, tuple):
        operand = ", ".join(operand)
    elif isinstance(operand, str):
        operand = date_words(operand, mask.timezone) or operand
    return f"{operation.operator} {operand}"


def _lines(group: Iterable[Any]) -> Iterator[str]:
    for level in group:
        where = ": ".join(str(part) for part in level.path(output_format="list"))
        before, after = (_said(value) for value in (level.t1, level.t2))
        yield f"  {where}: reviewed {before}, today {after}"


def _said(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "; ".join(f"{name}: {effect}" for name, effect in value.items())
    return "nothing"
