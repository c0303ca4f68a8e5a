"""Making text that a server chose fit to be shown."""

from __future__ import annotations

import unicodedata

MAX_TEXT = 300
_GUARD = 64


def clean_text(text: str, *, limit: int = MAX_TEXT) -> str:
    """Give the text without control characters, on one line, of bounded length."""
    visible = "".join(
        character if _is_visible(character) else " "
        for character in text[: limit * _GUARD]
    )
    joined = " ".join(visible.split())
    return joined if len(joined) <= limit else f"{joined[: limit - 3]}..."


def _is_visible(character: str) -> bool:
    # C*: controls, direction marks, lone surrogates. Zl and Zp: line separators.
    category = unicodedata.category(character)
    return category[0] != "C" and category not in {"Zl", "Zp"}
