"""The bytes of records that travel of rows which are decided in columns, as SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from ctsync.canonical_json import canonical
from ctsync.model.decided_rows import LETTERS
from ctsync.model.operation import DELTAS
from ctsync.model.record import GROUP_PREFIX, GROUP_WORDS, group_of
from ctsync.plan.columns.decided_places import Moving


class DoneNames(Protocol):
    """What is done to attributes of decided rows, as SQL over columns of a query."""

    def is_done(self, moving: Moving, letter: str = "") -> str:
        """Return whether an operation is done, or that of a letter."""

    def operand(self, moving: Moving) -> str:
        """Return the JSON text of its operand."""


def record_sizes(
    key_type: str, moving: Sequence[Moving], names: DoneNames
) -> Iterator[str]:
    """Yield the bytes of the records that travel, each NULL where nothing does."""
    for column, is_delta in (("size", False), ("delta_size", True)):
        size = _record_size(key_type, moving, names, is_delta=is_delta)
        yield f"{size} AS {column}"


def _record_size(
    key_type: str, moving: Sequence[Moving], names: DoneNames, *, is_delta: bool
) -> str:
    groups, others = _parted(moving)
    parts = [] if is_delta else [*_group_sizes(groups, names)]
    for each in others:
        for letter in each.move.letters:
            operator = LETTERS[letter]
            if (operator in DELTAS) == is_delta:
                width = len(canonical(each.place.rule.attribute)) + len(":,")
                if operator != "set":
                    width += len(canonical({operator: ""})) - len('""')
                parts.append(
                    f"CASE WHEN {names.is_done(each, letter)} "
                    f"THEN strlen({names.operand(each)}) + {width} ELSE 0 END"
                )
    if not parts:
        return "NULL::BIGINT"
    frame = {key_type: "", "profileData": {}, "type": "profile"}
    # Each attribute was counted with a comma, and the first has none.
    empty = len(canonical(frame)) - len(",")
    return f"nullif({' + '.join(parts)}, 0) + strlen(id) + {empty}"


def _parted(moving: Iterable[Moving]) -> tuple[list[Moving], list[Moving]]:
    """Part groups of subscriptions from all others, which travel by their names."""
    groups, others = list[Moving](), list[Moving]()
    for each in moving:
        is_group = each.place.rule.attribute.startswith(GROUP_PREFIX)
        (groups if is_group else others).append(each)
    return groups, others


def _group_sizes(groups: Iterable[Moving], names: DoneNames) -> Iterator[str]:
    """Yield SQL of the bytes of groups, each with the comma behind it.

    They travel together: `"category-resubscribe":{"email":["News","Offers"]}`. Each
    name has a comma; the one too many in a list is that which the list has behind it,
    and so it is with the lists of a word.
    """
    for is_on, word in GROUP_WORDS.items():
        by_channel: dict[str, dict[str, int]] = {}
        for each in groups:
            channel, group = group_of(each.place.rule.attribute)
            value = f"v{each.number} = '{str(is_on).lower()}'"
            sent = f"({names.is_done(each)} AND {value})"
            width = len(canonical(group)) + len(",")
            by_channel.setdefault(channel, {})[sent] = width
        sent_at_all = [sent for sizes in by_channel.values() for sent in sizes]
        if sent_at_all:
            yield _size_where(sent_at_all, len(canonical({word: {}})) - len("{}"))
        for channel, sizes in by_channel.items():
            yield _size_where(sizes, len(canonical({channel: []})) - len("{}"))
            for sent, width in sizes.items():
                yield _size_where([sent], width)


def _size_where(conditions: Iterable[str], size: int) -> str:
    return f"CASE WHEN {' OR '.join(conditions)} THEN {size} ELSE 0 END"
