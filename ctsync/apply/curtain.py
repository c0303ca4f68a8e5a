"""Taking personal values out of what a server says about a record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec.structs import replace

from ctsync.model.mask import SENSITIVE_TEXT, Mask
from ctsync.model.record import Record, Verdict
from ctsync.model.value import Value
from ctsync.transport.text import clean_text

_TELLING_CHARS = 4  # a shorter start of a value, cut off by our bound, tells nothing


class Curtain:
    """Hides the values of one call's records in whatever is said of the call.

    A server may name one record's values in the text of another, or of the whole
    call. The values are gathered only where there is a text to look at.
    """

    def __init__(self, records: Iterable[Record], mask: Mask) -> None:
        self._records = records
        self._mask = mask

    def text(self, said: str) -> str:
        """Give a text without the values."""
        if not said or self._mask.reveal:
            return said
        return hidden(said, self._secrets)

    def verdict(self, verdict: Verdict) -> Verdict:
        """Give a verdict whose text is without the values."""
        if verdict.error is None:
            return verdict
        return replace(verdict, error=self.text(verdict.error))

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        secrets = {s for record in self._records for s in _secrets(record, self._mask)}
        return tuple(sorted(secrets, key=len, reverse=True))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Give the text without the secrets, in whatever case they come back."""
    folded = text.casefold()
    for secret in sorted(set(secrets), key=len, reverse=True):
        if secret.casefold() in folded:
            text = re.sub(re.escape(secret), SENSITIVE_TEXT, text, flags=re.IGNORECASE)
        text = _without_cut_end(text, secret)
    return text


def _without_cut_end(text: str, secret: str) -> str:
    """Hide the start of a secret at the very end of a text that was cut there."""
    body = text.removesuffix("...")
    if body == text:
        return text
    for length in range(min(len(secret), len(body)) - 1, _TELLING_CHARS - 1, -1):
        if body.casefold().endswith(secret[:length].casefold()):
            return f"{body[:-length]}{SENSITIVE_TEXT}..."
    return text


def _secrets(record: Record, mask: Mask) -> Iterator[str]:
    if mask.hides(record.key):
        yield from _spellings(record.key.id)
    for operation in record.operations:
        if mask.hides_value(sensitive=operation.sensitive):
            for value in (operation.operand, operation.before, operation.after):
                yield from _texts(value)


def _texts(value: Value) -> Iterator[str]:
    values = value if isinstance(value, tuple) else (value,)
    for each in values:
        if isinstance(each, str | int | float) and not isinstance(each, bool):
            yield from _spellings(str(each))


def _spellings(text: str) -> Iterator[str]:
    # The server turns phone numbers into digits, dates lose their prefix, and our
    # own bound has folded spaces and control characters.
    for spelling in (
        text,
        clean_text(text),
        text.lstrip("+"),
        text.removeprefix("$D_"),
    ):
        if spelling:
            yield spelling
