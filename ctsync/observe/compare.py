"""Comparing what the state knows with what was read, attribute by attribute.

A read shows values otherwise than they were sent: phone numbers without the plus,
digits as numbers, numbers as text, lists in any order and case. None of that is drift,
and where a value is equal in this sense the state keeps its own spelling, so that
nothing is sent again only because it was looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.kinds import KINDS
from ctsync.model.entry import KnownValue
from ctsync.model.kind_shape import LIST, holds_sets
from ctsync.model.scalar_value import DATE_PREFIX, Scalar, date_form, epoch_of
from ctsync.observe.profile_reply import Seen, text_form


class Standing(StrEnum):
    """How an attribute of the state stands to the platform."""

    SAME = "same"
    UNSTABLE = "unstable"  # the same, and stored as something else
    DRIFTED = "drifted"
    SETTLED = "settled"  # it was uncertain, and is not any more
    WRITE_ONLY = "write_only"  # no read shows it
    UNREADABLE = "unreadable"  # nothing that could be compared
    AGEING = "ageing"  # Age, which moves on birthdays beside DOB
    PENDING = "pending"  # in a file of which the platform may still tell


class Look(Struct, frozen=True):
    """What a look at one attribute gives; `after` is what the state may then know."""

    standing: Standing
    after: KnownValue


SeenValue: TypeAlias = "Scalar | tuple[str, ...]"


def look_at(
    known: KnownValue, seen: Seen | None, files: Container[str] = frozenset()
) -> Look:
    """Compare one attribute; `seen` is None where the platform shows none.

    What is in one of the `files` is settled if the platform shows what was sent there.
    If it shows anything else, the import may still be to come.
    """
    if known.due is not None and known.waits_for(files):
        operation = known.due.operation
        sent = KINDS[operation.kind].apply(known.due.before, operation)
        look = look_at(sent, seen)
        if look.standing not in {Standing.SAME, Standing.UNSTABLE}:
            return Look(Standing.PENDING, known)
        return Look(Standing.SETTLED, look.after)
    if known.kind == "subscription":
        return Look(Standing.WRITE_ONLY, known)
    if seen is not None and seen.is_odd:
        return Look(Standing.UNREADABLE, known)
    value = None if seen is None else seen.value
    if known.is_set:
        return _look_at_list(known, value)
    return _look_at_scalar(known, value)


def _look_at_scalar(known: KnownValue, value: SeenValue | None) -> Look:
    is_certain = known.certain and not known.maybe
    likeness = _likeness(known, value)
    if likeness is not None:
        after = replace(known, certain=True, since=None, maybe=(), due=None)
        return Look(likeness if is_certain else Standing.SETTLED, after)
    after = known_from(known.name, known.kind, _spelled(known, value))
    return Look(Standing.DRIFTED if is_certain else Standing.SETTLED, after)


def _spelled(known: KnownValue, value: SeenValue | None) -> SeenValue | None:
    """Return what was read in the spelling that may have been sent."""
    for text in known.maybe:
        if _likeness(replace(known, value=text), value) is not None:
            return text
    return value


def _likeness(known: KnownValue, value: SeenValue | None) -> Standing | None:
    """Return whether two values are the same, or the same and unstable, or neither."""
    held = known.value
    if held is None or value is None:
        return Standing.SAME if held is None and value is None else None
    if isinstance(value, tuple):
        return None
    if type(held) is type(value) and held == value:
        return Standing.SAME
    return _likeness_of(known, held, value)


def _likeness_of(known: KnownValue, held: Scalar, value: Scalar) -> Standing | None:
    if known.name == "Phone":
        return _same(_digits(text_form(held)) == _digits(text_form(value)))
    if known.kind == "date":
        return _same(_epoch(held) == _epoch(value))
    if isinstance(held, bool) or isinstance(value, bool):
        return _likeness_of_booleans(held, value)
    if isinstance(held, str):
        return _likeness_of_text(held, value)
    return _same(_double(held) == _double(value))


def _same(is_same: bool) -> Standing | None:  # noqa: FBT001 - the whole of it
    return Standing.SAME if is_same else None


def _likeness_of_booleans(held: Scalar, value: Scalar) -> Standing | None:
    if text_form(held).casefold() != text_form(value).casefold():
        return None
    return Standing.SAME if isinstance(held, bool) else Standing.UNSTABLE


def _likeness_of_text(held: str, value: Scalar) -> Standing | None:
    if isinstance(value, str) and not (_is_digits(held) and _is_digits(value)):
        is_like = _trimmed(held) == _trimmed(value)
    else:
        # Of long ones only what a double holds comes back.
        numbers = [_number(held), _number(value)]
        is_like = None not in numbers and len({float(n or 0) for n in numbers}) == 1
    return Standing.UNSTABLE if is_like else None


def _is_digits(text: str) -> bool:
    return text.strip().isascii() and text.strip().isdigit()


def _trimmed(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _epoch(value: Scalar) -> int | None:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return epoch_of(value)
    number = None if isinstance(value, bool) else _number(value)
    if number is None or abs(number) > _LAST_EPOCH or number != int(number):
        return None
    return int(number)


def _number(value: Scalar) -> Decimal | None:
    try:
        number = Decimal(text_form(value).strip())
    except InvalidOperation:
        return None
    # Larger ones are infinite as doubles, and all the same then.
    return number if number.is_finite() and number.adjusted() < 300 else None


def _double(value: Scalar) -> int | float | None:
    # An entry keeps what lies beyond a double's whole numbers as a double.
    number = _number(value)
    return None if number is None else _whole(number)


def known_from(name: str, kind: str | None, value: SeenValue | None) -> KnownValue:
    """Return what is known of an attribute that was read: certain, and not ours.

    It is of the kind that is asked for where the value can be; else of its own.
    """
    if value is None:
        return KnownValue(name, kind or "string", complete=holds_sets(kind))
    if isinstance(value, tuple) or holds_sets(kind):
        texts = value if isinstance(value, tuple) else (text_form(value),)
        own = kind if kind is not None and holds_sets(kind) else LIST
        return KnownValue(name, own, present=tuple(sorted(set(texts))), complete=True)
    shown = _as_kind(name, kind, value)
    return (
        KnownValue(name, kind, shown)
        if kind and shown is not None
        else _own(name, value)
    )


def _as_kind(name: str, kind: str | None, value: Scalar) -> Scalar | None:
    if kind in {"number", "counter"} and not isinstance(value, bool):
        number = _number(value)
        return None if number is None else _whole(number)
    if kind in {"boolean", "subscription"}:
        return _BOOLEANS.get(text_form(value).casefold())
    if kind == "date":
        epoch = _epoch(value)
        return None if epoch is None else date_form(epoch)
    if kind == "string":
        return _phone(value) if name == "Phone" else text_form(value)
    return None


def _own(name: str, value: Scalar) -> KnownValue:
    if isinstance(value, bool):
        return KnownValue(name, "boolean", value)
    if isinstance(value, int | float):
        return KnownValue(name, "number", _whole(Decimal(repr(value))))
    return KnownValue(name, "date" if _DATE.fullmatch(value) else "string", value)


def _whole(number: Decimal) -> int | float:
    is_whole = abs(number) < _SAFE and number == int(number)
    return int(number) if is_whole else float(number)


def _phone(value: Scalar) -> str:
    text = text_form(value)
    return text if isinstance(value, str) else f"+{_digits(text)}"


def _look_at_list(known: KnownValue, value: SeenValue | None) -> Look:
    values = () if value is None else value
    seen = values if isinstance(values, tuple) else (text_form(values),)
    spellings = {item_key(text): text for text in seen}
    after = _list_after(known, spellings)
    if _has_drifted(known, spellings):
        return Look(Standing.DRIFTED, after)
    if known.maybe or not known.certain:
        return Look(Standing.SETTLED, after)
    return Look(Standing.SAME, after)


def _list_after(known: KnownValue, seen: Mapping[str, str]) -> KnownValue:
    stored = _by_key((*known.present, *known.maybe, *known.ours))
    present = {text for key, own in seen.items() for text in stored.get(key, {own})}
    # Where nothing is left of what was sent, what is there is somebody else's.
    kept = not present.isdisjoint((*known.present, *known.maybe))
    return replace(
        known,
        certain=True,
        since=None,
        owned=known.owned and (kept or not known.present),
        present=tuple(sorted(present)),
        maybe=(),
        absent=tuple(text for text in known.absent if item_key(text) not in seen),
        ours=tuple(text for text in known.ours if text in present),
        complete=True,
        due=None,
    )


def _has_drifted(known: KnownValue, seen: Mapping[str, str]) -> bool:
    if any(item_key(text) not in seen for text in known.present):
        return True
    if any(item_key(text) in seen for text in known.absent):
        return True
    # What is beside an include or exclude is nobody's business here.
    if not known.complete or known.ours or known.absent:
        return False
    return not seen.keys() <= _by_key((*known.present, *known.maybe)).keys()


def _by_key(texts: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        found[item_key(text)].add(text)
    return found


def item_key(text: str) -> str:
    """Return the form under which two values of a list may be one for the platform."""
    # SDKs trim and lower-case values, and those of digits may come back as numbers
    # (recorded); what the server does with case is not documented.
    folded = unicodedata.normalize("NFC", text.strip()).casefold()
    is_digits = folded.isascii() and folded.isdigit()
    return folded.lstrip("0") or "0" if is_digits else folded


_DATE = re.compile(re.escape(DATE_PREFIX) + r"-?[0-9]{1,15}")
_SAFE = Decimal(2**53)
_LAST_EPOCH = 10**15
_BOOLEANS = {"true": True, "false": False}
