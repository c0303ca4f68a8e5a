"""Counters: numbers that move by a difference, and are never raised twice."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from ctsync.kinds.base import MoveColumns, MoveNames, ValueContext
from ctsync.kinds.number import NumberKind
from ctsync.kinds.words import number
from ctsync.limits import MAX_COUNTER
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Raw, Value


class CounterKind(NumberKind):
    """A number moved by `$incr` and `$decr` where its value is certain."""

    name = "counter"
    examples: ClassVar[tuple[Raw, ...]] = (number(120), number(0))

    def diff(
        self, known: KnownValue | None, target: DesiredValue, frame: ValueContext
    ) -> tuple[Operation, ...]:
        """Send the difference between certain integers, else assign."""
        operations = super().diff(known, target, frame)
        # `$incr` needs a value that is there (public docs), and a difference is only
        # one from a value that is certain: over any other the target is assigned.
        if not operations or operations[0].prior != "known":
            return operations
        (operation,) = operations
        return (_moved(operation),)

    def moves(self, names: MoveNames, rule: Attribute) -> MoveColumns | None:
        """Send the difference between whole numbers that a counter can hold."""
        _, before, value, letter = names
        assigned = super().moves(names, rule)
        if assigned is None:
            return None
        difference = f"TRY_CAST({value} AS BIGINT) - TRY_CAST({before} AS BIGINT)"
        return assigned._replace(
            letter=f"CASE WHEN {before} = {value} THEN '' "
            f"WHEN NOT ({_is_count(before)} AND {_is_count(value)}) THEN 's' "
            f"WHEN {difference} > 0 THEN 'i' ELSE 'd' END",
            operand=f"CASE {letter} "
            f"WHEN 'i' THEN ({difference})::VARCHAR "
            f"WHEN 'd' THEN (-({difference}))::VARCHAR "
            f"ELSE {value} END",
            letters="sid",
        )


def _is_count(value: str) -> str:
    return f"regexp_full_match({value}, '[0-9]+')"  # of fifteen digits at most


def _moved(operation: Operation) -> Operation:
    before, after = _count(operation.before), _count(operation.after)
    if before is None or after is None:
        return operation
    if after > before:
        return replace(operation, operator="$incr", operand=after - before)
    return replace(operation, operator="$decr", operand=before - after)


def _count(value: Value) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNTER else None


KIND = CounterKind()
