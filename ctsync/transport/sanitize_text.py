"""Making text that a server chose fit to be kept in a private file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MAX_TEXT = 300
_LOOKED_AT = 4 * MAX_TEXT  # a bound on work: the rest is most likely cut off anyway
_PASSCODE = "(passcode)"


def clean_text(text: str, *, limit: int = MAX_TEXT) -> str:
    """Return the text without control characters, on one line, of bounded length."""
    start = text[:_LOOKED_AT]
    if not (start.isascii() and start.isprintable()):
        start = "".join(c if _is_visible(c) else " " for c in start)
    joined = " ".join(start.split())
    is_whole = len(text) <= _LOOKED_AT and len(joined) <= limit
    return joined if is_whole else f"{joined[: limit - 3]}..."


def _is_visible(character: str) -> bool:
    # C*: controls, direction marks, lone surrogates. Zl and Zp: line separators.
    category = unicodedata.category(character)
    return category[0] != "C" and category not in {"Zl", "Zp"}


def cleaning_without(secret: str) -> Callable[[str], str]:
    """Return what cleans a text and takes a secret out of it, in whatever case."""
    pattern = re.compile(re.escape(secret), re.IGNORECASE)
    return lambda text: clean_text(pattern.sub(_PASSCODE, text))
