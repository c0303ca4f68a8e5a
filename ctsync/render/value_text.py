"""Keys, values and operations in words, masked and fit for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ctsync.model.change import Change, Origin
from ctsync.model.date_words import date_words
from ctsync.model.masking import SENSITIVE_TEXT, Mask
from ctsync.model.operation import ChannelName, Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import DATE_PREFIX, Value
from ctsync.render.text_width import escape

ABSENT = "(absent)"
UNKNOWN = "(unknown)"
NEW = "(new)"
STAYS = "(values that ctsync does not know stay)"


def key_words(key: ProfileKey, mask: Mask, origins: Sequence[Origin] = ()) -> str:
    """Give `identity 1189549`, or what stands for it."""
    shown = mask.key_text(key, origins) if mask.hides(key) else key.id
    return f"{key.type} {escape(shown)}"


def origin_words(change: Change, mask: Mask) -> str:
    """The first origin and how many more; nothing where it stands for the key."""
    if not change.origins or mask.hides(change.key):
        return ""
    more = len(change.origins) - 1
    place = escape(change.origins[0].place)
    return f"{place} and {more} more" if more else place


def value_words(value: Value, mask: Mask) -> str:
    """Return a value in normal form as people write it; it is not masked here."""
    if isinstance(value, str):
        # Text that begins like a date is never sent, so this is one, of any kind.
        is_date = value.startswith(DATE_PREFIX)
        return (is_date and date_words(value, mask.timezone)) or quoted(value)
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(quoted, value)) or "[]"
    return repr(value)


def quoted(text: str) -> str:
    """Return text in quotes, with everything unprintable spelled out."""
    if escape(text) is text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    bare = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escape(bare)}"'


def operator_words(operation: Operation, mask: Mask, *, in_steps: bool) -> str:
    """Return the operator, the distance of a counter, and the step where there are two.

    The distance of a sensitive counter is left out: it tells of the values.
    """
    words: str = operation.operator
    if operation.channel in _VIA:
        words += f" {_VIA[operation.channel]}"
    if operation.is_delta and not mask.hides_value(sensitive=operation.sensitive):
        words += f" {operation.operand}"
    return f"{words}, step {operation.step}" if in_steps else words


_VIA: Mapping[ChannelName, str] = {"sftp": "via SFTP"}


def symbol_of(operation: Operation, *, creates: bool) -> str:
    """Give `+` for what is new, `-` for what goes, `~` for what changes."""
    if operation.operator == "$delete":
        return "-"
    is_new = operation.before is None and operation.prior == "known"
    if operation.operator == "set" and (is_new or creates):
        return "+"
    return "~"


def sides_of(operation: Operation, mask: Mask, *, creates: bool) -> tuple[str, ...]:
    """Give `before` and `after` in words, or one of them where it says all."""
    after = _shown(operation.after, operation, mask)
    if operation.operator in {"$add", "$remove"}:
        sign = "+" if operation.operator == "$add" else "-"
        return (f"{sign} {_shown(operation.operand, operation, mask)}",)
    if operation.operator == "$delete":
        return (before_words(operation, mask),)
    if symbol_of(operation, creates=creates) == "+":
        return (after,)
    return (before_words(operation, mask), after)


def before_words(operation: Operation, mask: Mask) -> str:
    """Return what the snapshot knew."""
    if operation.prior == "unknown":
        return UNKNOWN
    if operation.prior == "uncertain":
        return uncertain_words(operation.since)
    return _shown(operation.before, operation, mask)


def uncertain_words(since: str | None) -> str:
    """Say that a value is uncertain, and since which run, by the start of its id."""
    return f"(uncertain since run {escape(since[:8])})" if since else "(uncertain)"


def _shown(value: Value, operation: Operation, mask: Mask) -> str:
    if value is not None and mask.hides_value(sensitive=operation.sensitive):
        return SENSITIVE_TEXT
    return value_words(value, mask)
