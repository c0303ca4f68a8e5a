"""In which order values leave a list and enter it."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.kinds.base import ValueContext
from ctsync.kinds.known_list import KnownList
from ctsync.model.desired_value import DesiredValue
from ctsync.model.operation import Operation, Operator


def unwanted(held: KnownList, target: DesiredValue) -> frozenset[str]:
    """Return the values that may be there and are not to be."""
    possible = held.present | held.maybe
    if target.exact is not None:
        return possible - frozenset(target.exact)
    return frozenset(target.exclude) | (possible & frozenset(target.take_back))


def in_steps(
    held: KnownList,
    target: DesiredValue,
    additions: frozenset[str],
    removals: frozenset[str],
    frame: ValueContext,
) -> tuple[Operation, ...]:
    """Return what adds and removes values, in the order that loses none."""
    # Removals go first: beyond 100 values the platform drops the oldest, so adding
    # before removing can push out one that was meant to stay.
    parts: list[tuple[Operator, frozenset[str]]] = [
        ("$remove", removals),
        ("$add", additions),
    ]
    if _would_empty(held, removals) and _fits(held, additions, frame):
        parts.reverse()
    return tuple(_steps(held, target, [part for part in parts if part[1]]))


def _would_empty(held: KnownList, removals: frozenset[str]) -> bool:
    # What is only possible may not be there, and then nothing would be left.
    return bool(held.present | held.maybe) and not held.present - removals


def _fits(held: KnownList, additions: frozenset[str], frame: ValueContext) -> bool:
    return len(held.present | held.maybe | additions) <= frame.limits.list_values


def _steps(
    held: KnownList, target: DesiredValue, parts: list[tuple[Operator, frozenset[str]]]
) -> Iterator[Operation]:
    present = held.present
    before = tuple(sorted(present)) if held.prior != "unknown" else None
    for step, (operator, values) in enumerate(parts, 1):
        present = present | values if operator == "$add" else present - values
        after = tuple(sorted(present))
        yield Operation(
            attribute=target.attribute,
            kind=target.kind,
            operator=operator,
            operand=tuple(sorted(values)),
            prior=held.prior,
            before=before,
            after=after,
            step=step,
            certain=held.complete,
            sensitive=target.sensitive,
            since=held.since,
            ours=_become_ours(operator, values, held, target),
            excluded=tuple(sorted(values & frozenset(target.exclude))),
        )
        before = after


def _become_ours(
    operator: Operator, values: frozenset[str], held: KnownList, target: DesiredValue
) -> tuple[str, ...]:
    if operator != "$add" or target.exact is not None:
        return ()
    return tuple(sorted(values - held.present))
