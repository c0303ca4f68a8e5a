"""Findings as a page shows them: the first of every code, and how many more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ctsync.diagnostics import Diagnostic
from ctsync.render.diagnostics_text import (
    first_of_each,
    more_sentences,
    totals_sentence,
    where_explained,
)


class ShownFindings(Struct, frozen=True):
    """What is shown of findings; `total` counts them all, in words.

    `more` says how many are not shown, and where to read more of a code.
    """

    shown: tuple[Diagnostic, ...]
    total: str
    more: tuple[str, ...]


def shown_findings(
    findings: Iterable[Diagnostic], totals: Mapping[str, int]
) -> ShownFindings:
    """Return what is shown of findings that were kept, `totals` of each code."""
    kept = tuple(findings)
    shown = tuple(first_of_each(kept))
    more = tuple(more_sentences(shown, totals))
    if kept:
        more = (*more, where_explained(kept))
    return ShownFindings(shown, totals_sentence(kept, totals), more)
