"""What a diagnostic code means, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.diagnostic_codes import PAGE
from ctsync.diagnostic_codes.code import Code
from ctsync.render.error_document import document
from ctsync.render.safe_json import document_text
from ctsync.render.text_width import broken

_WIDTH = 80


def code_text(name: str, code: Code) -> Iterator[str]:
    """Yield the title, what it means, and what to do."""
    yield f"{code.severity} {name}: {code.title}\n\n"
    for words in (code.meaning, f"What to do, or an example: {code.hint}"):
        for line in broken(words, _WIDTH - 2):
            yield f"  {line}\n"
    yield f"\nAll codes: {PAGE}\n"


def code_json(name: str, code: Code) -> Iterator[str]:
    """Yield the document of `ctsync explain CODE`."""
    told = {
        "code": name,
        "severity": code.severity,
        "title": code.title,
        "meaning": code.meaning,
        "hint": code.hint,
        "page": PAGE,
    }
    yield document_text(document("ctsync.explain/1", 0, explained=told))
