"""One change as the script of a page reads it, made from rows.

A page holds a hundred thousand of them, so the plainest operations, a value that is set
and a list that gains or loses, are put into words without building an object for each.
Everything else is put into words like everywhere.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from ctsync.model.change import ACTIONS
from ctsync.model.change_rows import OPERATION_FORM, ORIGIN_FORM, ChangeRows
from ctsync.model.masking import SENSITIVE_TEXT, Mask
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ID_TYPES, key_from_json
from ctsync.model.row import Row, defaults_of
from ctsync.render.html.overview import NOWHERE
from ctsync.render.operation_rows import rows_of_operations
from ctsync.render.text_width import escape
from ctsync.render.value_text import (
    STAYS,
    UNKNOWN,
    key_words,
    uncertain_words,
    value_words,
)

_DEFAULTS = tuple(defaults_of(Operation).values())
_SINCE = 10
_CHANNEL = Operation.__struct_fields__.index("channel")
_SIGNS = {"$add": "+", "$remove": "-"}


def change_data(
    change: ChangeRows, traits: int, mask: Mask, numbers: Mapping[str, int]
) -> list[Any]:
    """Return a change in words: `numbers` stand for attributes, places for names."""
    key = key_from_json(change["key"])
    origins = ORIGIN_FORM.values(change["origins"])
    id_type, _, shown = key_words(key, mask, origins).partition(" ")
    # Where the key is hidden, its first origin stands for it.
    named = origins[mask.hides(key) :]
    data = [
        traits if origins else traits | NOWHERE,
        ACTIONS.index(change["action"]),
        ID_TYPES.index(id_type),
        shown,
        [escape(origin.place) for origin in named],
        _operations(change, mask, numbers),
    ]
    if change["released"]:
        data.append([numbers[name] for name in change["released"]])
    return data


def _operations(
    change: ChangeRows, mask: Mask, numbers: Mapping[str, int]
) -> list[Any]:
    creates, rows = change["action"] == "create", change["operations"]
    locked = change.get("locked", ())
    if locked or len({row[0] for row in rows}) < len(rows):
        return [*_any(rows, mask, numbers, creates=creates, locked=locked)]
    data: list[Any] = []
    for row in rows:
        # What goes another way than most says so.
        plain = None if len(row) > _CHANNEL else _plain(row, mask, creates=creates)
        if plain is None:
            data.extend(_any((row,), mask, numbers, creates=creates))
        else:
            data.append([numbers[row[0]], *plain])
    return data


def _plain(row: Row, mask: Mask, *, creates: bool) -> tuple[Any, ...] | None:
    """Return symbol, operator, sides and perhaps notes of a plain operation."""
    whole: Row = (*row, *_DEFAULTS[len(row) :])
    _, _, operator, operand, prior, before, after, _, certain, sensitive = whole[:10]
    since = whole[_SINCE]
    hides = sensitive and not mask.reveal
    if operator in _SIGNS and type(operand) is list:
        words = SENSITIVE_TEXT if hides else value_words(tuple(operand), mask)
        notes = [uncertain_words(since)] if prior == "uncertain" else []
        notes += [] if certain else [STAYS]
        sides = (f"{_SIGNS[operator]} {words}",)
        return ("~", operator, sides, notes) if notes else ("~", operator, sides)
    if operator != "set" or after is None or list in (type(before), type(after)):
        return None
    words = SENSITIVE_TEXT if hides else value_words(after, mask)
    if creates or (before is None and prior == "known"):
        return "+", operator, (words,)
    if prior == "unknown":
        return "~", operator, (UNKNOWN, words)
    if prior == "uncertain":
        return "~", operator, (uncertain_words(since), words)
    has_secret = hides and before is not None
    known = SENSITIVE_TEXT if has_secret else value_words(before, mask)
    return "~", operator, (known, words)


def _any(
    rows: Sequence[Row],
    mask: Mask,
    numbers: Mapping[str, int],
    *,
    creates: bool,
    locked: Container[str] = (),
) -> Iterator[list[Any]]:
    operations = OPERATION_FORM.values(rows)
    for row in rows_of_operations(operations, mask, creates=creates, locked=locked):
        number = numbers[row.operation.attribute]
        data = [number, row.symbol, row.operator, row.sides]
        yield [*data, row.notes] if row.notes else data
