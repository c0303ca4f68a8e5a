"""JSON that is safe to print: what a terminal acts on is written as an escape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ctsync.canon import canonical
from ctsync.render.columns import is_unprintable

_SUSPECT = re.compile(r"[^\x00-\x7e]")


def json_text(value: Any) -> str:
    """Give a value on one line.

    Line separators and direction marks stand escaped, which is the same JSON: readers
    that split at every Unicode line end, and people, see what is there.
    """
    text = canonical(value).decode()
    return text if text.isascii() and "\x7f" not in text else _SUSPECT.sub(_safe, text)


def document_text(document: Mapping[str, Any], *, in_lines: bool = False) -> str:
    """Give a document one key a line, or (`in_lines`) as one line of JSON Lines."""
    if in_lines:
        return json_text(document) + "\n"
    pairs = (f"{json_text(key)}: {json_text(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(pairs) + "\n}\n"


def _safe(match: re.Match[str]) -> str:
    return _safe_one(match[0])


@lru_cache(maxsize=4096)
def _safe_one(char: str) -> str:
    if not is_unprintable(char):
        return char
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
