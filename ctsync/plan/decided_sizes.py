"""The bytes of a record that rows decided in columns travel in, as SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctsync.canonical_json import canonical
from ctsync.model.decided_rows import LETTERS
from ctsync.model.operation import DELTAS
from ctsync.model.record import GROUP_PREFIX, GROUP_WORDS, group_of
from ctsync.plan.decided_places import Moving


def record_size(key_type: str, moving: Sequence[Moving], *, is_delta: bool) -> str:
    """Return the bytes of the record that travels, NULL where nothing does."""
    groups, others = _parted(moving)
    parts = [] if is_delta else [*_group_sizes(groups)]
    for place, move in others:
        for letter in move.letters:
            operator = LETTERS[letter]
            if (operator in DELTAS) == is_delta:
                width = len(canonical(place.rule.attribute)) + len(":,")
                if operator != "set":
                    width += len(canonical({operator: 0})) - 1
                parts.append(
                    f"CASE WHEN l{place.number} = '{letter}' "
                    f"THEN strlen(o{place.number}) + {width} ELSE 0 END"
                )
    if not parts:
        return "NULL::BIGINT"
    frame = {key_type: "", "profileData": {}, "type": "profile"}
    empty = len(canonical(frame)) - len(",")
    return f"nullif({' + '.join(parts)}, 0) + strlen(id) + {empty}"


def _parted(moving: Iterable[Moving]) -> tuple[list[Moving], list[Moving]]:
    """Part groups of subscriptions from all others, which travel by their names."""
    groups, others = list[Moving](), list[Moving]()
    for each in moving:
        is_group = each.place.rule.attribute.startswith(GROUP_PREFIX)
        (groups if is_group else others).append(each)
    return groups, others


def _group_sizes(groups: Iterable[Moving]) -> Iterator[str]:
    """Yield SQL of the bytes of groups, each with the comma behind it.

    They travel together: `"category-resubscribe":{"email":["News","Offers"]}`. Each
    name has a comma; the one too many in a list is that which the list has behind it,
    and so it is with the lists of a word.
    """
    for is_on, word in GROUP_WORDS.items():
        by_channel: dict[str, dict[str, int]] = {}
        for each in groups:
            channel, group = group_of(each.place.rule.attribute)
            sent = f"(l{each.number} <> '' AND v{each.number} = '{str(is_on).lower()}')"
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
