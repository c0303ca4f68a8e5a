"""Reading which records of a call were taken; a doubt is never taken for a yes.

HTTP 200 carries rejections. Recorded traffic shows `status` words that lie, echoes
that validation altered, and records named only by `Skipped record number : N`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ctsync.canonical_json import parse
from ctsync.diagnostic_codes import CODES
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.record import Outcome, Record, RecordOutcome
from ctsync.transport.sanitize_text import clean_text

TRANSIENT_CODE = 555
_CODES = range(1, 1_000_000)  # what is no code of theirs is none at all

_NUMBER = re.compile(r"Skipped\s+record\s+number\s*:\s*([0-9]+)")
_UNREADABLE = RecordOutcome(Outcome.UNKNOWN, error="the reply could not be read")
_UNCLEAR = RecordOutcome(Outcome.UNKNOWN, error="the reply does not add up")
_ACKNOWLEDGED = RecordOutcome(Outcome.ACKNOWLEDGED)


class _Item(Struct, frozen=True):
    """One entry of `unprocessed`."""

    code: int | None
    error: str
    keys: tuple[ProfileKey, ...] = ()

    @property
    def number(self) -> int | None:
        """The 1-based number that the text names; 0 is one that cannot be."""
        found = _NUMBER.findall(self.error)
        if not found:
            return None
        # The last, since a text ends with it.
        return int(found[-1]) if len(found[-1]) < 10 else 0

    def verdict(self, keepable: Callable[[str], str]) -> RecordOutcome:
        """Return the refusal as a verdict."""
        return RecordOutcome(
            Outcome.REJECTED,
            self.code,
            _own_words(self.code),
            keepable(self.error),
            transient=self.code == TRANSIENT_CODE,
        )


def _own_words(code: int | None) -> str:
    known = CODES.get(f"CT{code}")
    return "the platform refused the record" if known is None else known.meaning


def read_reply(
    records: Sequence[Record],
    status: int | None,
    body: bytes | None,
    keepable: Callable[[str], str] = clean_text,
) -> tuple[RecordOutcome, ...]:
    """Return a verdict for each record of a call, in order.

    A record is acknowledged only where the counts add up and every refusal names
    another record. A refusal is believed whatever the counts say, but for counters:
    one that was written after all would be raised again. `keepable` makes the server's
    words fit for a private report.
    """
    reply = _parsed(body) if status is not None and 200 <= status < 300 else None
    if reply is None:
        return (_UNREADABLE,) * len(records)
    items = [_item(data) for data in _unprocessed(reply)]
    if not items and reply["processed"] == len(records):
        return (_ACKNOWLEDGED,) * len(records)
    found = _places_by_key(records)
    places = [_place(item, found, len(records)) for item in items]
    rest = _ACKNOWLEDGED if _is_sound(reply, places, len(records)) else _UNCLEAR
    refused = {
        place: item
        for place, item in zip(places, items, strict=True)
        if place is not None and item is not None
    }
    verdicts = {place: item.verdict(keepable) for place, item in refused.items()}
    if not _contradicts(reply, items, places, records):
        return tuple(verdicts.get(place, rest) for place in range(len(records)))
    return tuple(
        _UNCLEAR if record.has_counters else verdicts.get(place, rest)
        for place, record in enumerate(records)
    )


def is_all_taken(verdicts: Sequence[RecordOutcome]) -> bool:
    """Return whether every record of a call was acknowledged; quick where so."""
    return verdicts.count(_ACKNOWLEDGED) == len(verdicts)


def _parsed(body: bytes | None) -> Mapping[str, Any] | None:
    try:
        reply = parse(body or b"")
    except ValueError:
        return None
    if not isinstance(reply, dict) or type(reply.get("processed")) is not int:
        return None
    if not isinstance(_unprocessed(reply), list) or _says_twice(body or b""):
        return None
    return reply


def _says_twice(body: bytes) -> bool:
    """Return whether a reply has two answers to one question, of which one was lost."""
    if all(body.count(b'"%b"' % name) < 2 for name in (b"processed", b"unprocessed")):
        return False
    try:
        names = [name for name, _ in json.loads(body, object_pairs_hook=list)]
    except (ValueError, RecursionError):
        return True
    return len(names) != len(set(names))


def _unprocessed(reply: Mapping[str, Any]) -> Any:
    found = reply.get("unprocessed")
    return [] if found is None else found


def _is_sound(
    reply: Mapping[str, Any], places: Sequence[int | None], sent: int
) -> bool:
    """Return whether everything that no item names was certainly taken."""
    counted = Counter(places)
    is_clear = None not in counted and len(counted) == len(places)
    return is_clear and _adds_up(reply, len(places), sent)


def _adds_up(reply: Mapping[str, Any], refused: int, sent: int) -> bool:
    processed: int = reply["processed"]
    return processed >= 0 and processed + refused == sent


def _contradicts(
    reply: Mapping[str, Any],
    items: Sequence[_Item | None],
    places: Sequence[int | None],
    records: Sequence[Record],
) -> bool:
    """Whether a reply denies its own refusals: how many there are, or of what."""
    if not _adds_up(reply, len(items), len(records)):
        return True
    sent = [record.key for record in records]
    others = frozenset(sent)
    return any(
        item is not None
        and place is not None
        and sent[place] not in item.keys
        and not others.isdisjoint(item.keys)
        for item, place in zip(items, places, strict=True)
    )


def _places_by_key(records: Sequence[Record]) -> Mapping[ProfileKey, list[int]]:
    places: dict[ProfileKey, list[int]] = {}
    for place, record in enumerate(records):
        places.setdefault(record.key, []).append(place)
    return places


def _place(
    item: _Item | None, places: Mapping[ProfileKey, list[int]], sent: int
) -> int | None:
    """Return the 0-based place of the record that an item names, if it names one."""
    if item is None:
        return None
    number = item.number
    if number is not None:
        return number - 1 if 1 <= number <= sent else None
    if len(item.keys) != 1:
        return None
    found = places.get(item.keys[0], [])
    return found[0] if len(found) == 1 else None


def _item(data: Any) -> _Item | None:
    if not isinstance(data, dict):
        return None
    if len(data) == 1:
        return _keyed_item(data)
    if not isinstance(data.get("error"), str):
        return None
    return _Item(_code(data.get("code")), data["error"], _keys(data.get("record")))


def _keyed_item(data: Mapping[str, Any]) -> _Item | None:
    ((text, error),) = data.items()
    if not isinstance(error, str):
        return None
    return _Item(None, error, _keys(text))


def _code(value: Any) -> int | None:
    return value if type(value) is int and value in _CODES else None


def _keys(echo: Any) -> tuple[ProfileKey, ...]:
    if isinstance(echo, str):
        try:
            echo = parse(echo)
        except ValueError:
            return ()
    return tuple(_keys_of(echo)) if isinstance(echo, dict) else ()


def _keys_of(echo: Mapping[str, Any]) -> Iterator[ProfileKey]:
    for kind in ID_TYPES:
        value = echo.get(kind)
        # Recorded echoes turn ids of digits into numbers and back.
        if isinstance(value, str) or type(value) is int:
            yield ProfileKey(kind, str(value))
