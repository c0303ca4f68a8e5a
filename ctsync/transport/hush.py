"""Taking the passcode out of what a server says, before anything else reads it."""

from __future__ import annotations

import re
from typing import Any

from ctsync.canon import canonical, parse

INSTEAD = "(passcode)"


class Hush:
    """Knows one secret, and hands on text without it."""

    def __init__(self, secret: str) -> None:
        self._pattern = re.compile(re.escape(secret), re.IGNORECASE)
        self._bytes = secret.lower().encode()

    def __repr__(self) -> str:
        return "Hush()"

    def text(self, said: str) -> str:
        """Give a text without the secret."""
        return self._pattern.sub(INSTEAD, said)

    def body(self, reply: bytes | None) -> bytes | None:
        """Give a reply whose texts are without the secret.

        Keys and numbers stay as they are: a short secret must not spoil the counts.
        """
        if reply is None or not self._may_hold(reply):
            return reply
        try:
            said = parse(reply)
        except ValueError:
            return reply  # nothing is ever shown of what is no JSON
        return canonical(self._without(said))

    def _may_hold(self, reply: bytes) -> bool:
        # A backslash may stand for any character of the secret.
        return b"\\" in reply or self._bytes in reply.lower()

    def _without(self, said: Any) -> Any:
        if isinstance(said, str):
            return self.text(said)
        if isinstance(said, list):
            return [self._without(each) for each in said]
        if isinstance(said, dict):
            return {key: self._without(value) for key, value in said.items()}
        return said
