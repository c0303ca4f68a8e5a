"""Taking the passcode out of what a server sent, before anybody keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ctsync.canonical_json import canonical, parse

INSTEAD = "(passcode)"


def redacting(secret: str) -> Callable[[bytes | None], bytes | None]:
    """Return what takes a secret out of all texts and names of a JSON reply."""
    pattern = re.compile(re.escape(secret), re.IGNORECASE)
    plain = secret.lower().encode()

    def redacted(reply: bytes | None) -> bytes | None:
        # A backslash may stand for any character of the secret.
        if reply is None or not (b"\\" in reply or plain in reply.lower()):
            return reply
        try:
            return canonical(_without(parse(reply), pattern))
        except ValueError:
            return None  # nobody could read it either

    return redacted


def _without(said: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(said, str):
        return pattern.sub(INSTEAD, said)
    if isinstance(said, list):
        return [_without(each, pattern) for each in said]
    if isinstance(said, dict):
        return {
            pattern.sub(INSTEAD, name): _without(value, pattern)
            for name, value in said.items()
        }
    return said
