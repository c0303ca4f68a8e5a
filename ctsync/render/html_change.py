"""One change as rows of a page: in words, masked, and with what is risky about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ctsync.model.change import Action, Change
from ctsync.model.mask import Mask
from ctsync.render.columns import escape
from ctsync.render.survey import RISKS
from ctsync.render.words import (
    key_words,
    list_notes,
    operator_words,
    sides_of,
    symbol_of,
)

# One bit each, the riskiest lowest: the lowest bit of a change is its place in RISKS.
TRAITS = (*RISKS[:-1], "releases")


@dataclass(frozen=True, slots=True)
class Row:
    """One operation in words. `sides` is empty where an attribute is released."""

    attribute: str
    symbol: str
    sides: tuple[str, ...]
    operator: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeRows:
    """One change in words. `traits` has a bit for each of `TRAITS`."""

    traits: int
    action: Action
    id_type: str
    key: str
    places: tuple[str, ...]
    rows: tuple[Row, ...]


def rows_of(change: Change, mask: Mask) -> ChangeRows:
    """Give a change in words."""
    id_type, _, key = key_words(change.key, mask, change.origins).partition(" ")
    # Where the key is hidden, its first origin stands for it.
    named = change.origins[mask.hides(change.key) :]
    return ChangeRows(
        traits=traits_of(change),
        action=change.action,
        id_type=id_type,
        key=key,
        places=tuple(escape(origin.place) for origin in named),
        rows=tuple(_rows(change, mask)),
    )


def traits_of(change: Change) -> int:
    """Give a bit for each of `TRAITS` that a change has."""
    has = (
        change.removes,
        change.opt_in,
        change.action == "create",
        any(op.is_delta for op in change.operations),
        any(op.prior != "known" for op in change.operations),
        bool(change.released),
    )
    return sum(1 << bit for bit, holds in enumerate(has) if holds)


def _rows(change: Change, mask: Mask) -> Iterator[Row]:
    steps = Counter(op.attribute for op in change.operations)
    creates = change.action == "create"
    for number, op in enumerate(change.operations):
        following = change.operations[number + 1 : number + 2]
        is_last = not any(other.attribute == op.attribute for other in following)
        yield Row(
            attribute=op.attribute,
            symbol=symbol_of(op, creates=creates),
            sides=sides_of(op, mask, creates=creates),
            operator=operator_words(op, mask, in_steps=steps[op.attribute] > 1),
            notes=list_notes(op) if is_last else (),
        )
    for name in change.released:
        yield Row(name, ".", (), "release")
