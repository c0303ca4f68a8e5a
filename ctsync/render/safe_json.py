"""JSON that is safe to print: what a terminal acts on is written as an escape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctsync.canonical_json import canonical
from ctsync.printable import inert


def json_text(value: Any) -> str:
    """Return a value on one line.

    Line separators and direction marks stand escaped, which is the same JSON: readers
    that split at every Unicode line end, and people, see what is there.
    """
    return inert(canonical(value).decode())


def document_text(document: Mapping[str, Any], *, in_lines: bool = False) -> str:
    """Return a document one key a line, or (`in_lines`) as one line of JSON Lines."""
    if in_lines:
        return json_text(document) + "\n"
    pairs = (f"{json_text(key)}: {json_text(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(pairs) + "\n}\n"
