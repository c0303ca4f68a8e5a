"""Colour by plain ANSI codes: four colours, bold and dim, or none of them."""

from __future__ import annotations

from msgspec import Struct

_RESET = "\x1b[0m"
_CODES = {
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "red": "\x1b[31m",
    "green": "\x1b[32m",
    "yellow": "\x1b[33m",
    "cyan": "\x1b[36m",
}


class Ansi(Struct, frozen=True):
    """Colours text, if at all. What is said never depends on it."""

    enabled: bool

    def __call__(self, text: str, *names: str) -> str:
        """Return the text in the colours named."""
        if not self.enabled or not text or not names:
            return text
        return "".join(_CODES[name] for name in names) + text + _RESET


SYMBOLS = {"+": "green", "-": "red", "~": "yellow", ".": "dim"}
