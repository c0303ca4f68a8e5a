"""Drift as text, JSON and JSON Lines, and where its pages are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from ctsync.model.drift import Difference, ProfileDrift
from ctsync.model.masking import Mask, masked_json
from ctsync.render.ansi import SYMBOLS, Ansi
from ctsync.render.diagnostics_text import finding_lines
from ctsync.render.drift_html import drift_html
from ctsync.render.drift_markdown import drift_markdown
from ctsync.render.drift_view import (
    BACK,
    GONE,
    DriftView,
    change_words,
    extent_sentences,
    verdict,
)
from ctsync.render.error_document import document
from ctsync.render.plan_view import Style
from ctsync.render.safe_json import json_text
from ctsync.render.summary_text import target_sentence
from ctsync.render.text_width import columns_of, cut, cut_name, escape, pad
from ctsync.render.value_text import key_words

MOST_SHOWN = 50
MOST_ATTRIBUTES = 40
_WIDEST_NAME = 32


def render_drift(format_name: str, view: DriftView, style: Style) -> Iterator[str]:
    """Yield drift in one of `DRIFT_FORMATS`, piece by piece."""
    return _RENDERINGS[format_name](view, style)


def _text(view: DriftView, style: Style) -> Iterator[str]:
    paint = Ansi(style.colour)
    yield escape(target_sentence(view.account, view.base, view.environment)) + "\n"
    if view.sandbox:
        yield "SANDBOX: simulation of documented behaviour\n"
    yield from (f"{sentence}\n" for sentence in extent_sentences(view))
    most = None if style.everything else MOST_SHOWN
    for drift in islice(view.drifts(), most):
        yield "\n"
        yield from (f"{line}\n" for line in _profile_lines(drift, view.mask, style))
    left = view.counts.drifted + view.counts.gone - MOST_SHOWN
    if most is not None and left > 0:
        yield f"\n… and {left:,} more profiles (--all shows them)\n"
    yield from _attribute_lines(view)
    yield from _finding_lines(view, paint)
    yield "\n" + paint(verdict(view), "bold") + "\n"


def _profile_lines(drift: ProfileDrift, mask: Mask, style: Style) -> Iterator[str]:
    paint = Ansi(style.colour)
    yield f"  {key_words(drift.key, mask)}"
    for found, sign, words in (("gone", "-", GONE), ("back", "+", BACK)):
        if drift.found == found:
            yield f"    {paint(sign, SYMBOLS[sign])} {words}"
    names = [escape(difference.attribute) for difference in drift.differences]
    width = min(max(map(columns_of, names), default=0), _WIDEST_NAME)
    for name, difference in zip(names, drift.differences, strict=True):
        start = f"{pad(cut_name(name, width), width)}  "
        words = change_words(difference, mask)
        room = max(style.width - columns_of(start) - 6, 16)
        shown = words if style.verbose else cut(words, room)
        yield f"    {paint('~', SYMBOLS['~'])} {start}{shown}"


def _attribute_lines(view: DriftView) -> Iterator[str]:
    found = view.shown_differences
    if found:
        yield "\nBy attribute:\n"
    for name, count in found[:MOST_ATTRIBUTES]:
        yield f"  {count:>9,}  {escape(name)}\n"
    if found[MOST_ATTRIBUTES:]:
        yield f"  … and {len(found) - MOST_ATTRIBUTES:,} more attributes\n"


def _finding_lines(view: DriftView, paint: Ansi) -> Iterator[str]:
    found = finding_lines(view.findings, view.findings.totals, paint)
    lines = [f"{line}\n" for line in found]
    yield from ("\n", *lines) if lines else ()


def _json(view: DriftView, style: Style) -> Iterator[str]:  # noqa: ARG001 - one signature
    opening = "{"
    for key, value in drift_json(view).items():
        yield f"{opening}\n{json_text(key)}: {json_text(value)}"
        opening = ","
    yield ',\n"profiles": ['
    separator = "\n"
    for drift in view.drifts():
        yield separator + json_text(profile_json(drift, view.mask))
        separator = ",\n"
    yield "\n]\n}\n"


def _json_lines(view: DriftView, style: Style) -> Iterator[str]:  # noqa: ARG001 - as above
    for drift in view.drifts():
        yield json_text(profile_json(drift, view.mask)) + "\n"
    yield json_text(drift_json(view)) + "\n"


def drift_json(view: DriftView) -> dict[str, Any]:
    """Give `ctsync.drift/1` without its profiles."""
    return document(
        "ctsync.drift/1",
        view.exit_code,
        error=view.error,
        findings=view.findings,
        account=view.account.as_json(),
        base=view.base.as_json(),
        environment=view.environment,
        sandbox=view.sandbox,
        drift=view.counts.has_drift,
        **counts_json(view),
    )


def counts_json(view: DriftView) -> dict[str, Any]:
    """Return the counts of what was read."""
    counts = view.counts
    profiles = ("known", "chosen", "read", "same", "drifted", "gone", "failed")
    return {
        "sample": counts.is_sample,
        "summary": {
            "profiles": {
                **{name: getattr(counts, name) for name in profiles},
                "unaskable": counts.unaskable,
            },
            "attributes": {
                "compared": counts.compared,
                "differing": counts.differing,
                "uncertain": counts.settled,
            },
        },
        "by_attribute": dict(view.shown_differences),
        "write_only": dict(sorted(counts.write_only.items())),
        "requests": counts.asked,
        "seconds": round(counts.seconds, 3),
    }


def profile_json(drift: ProfileDrift, mask: Mask) -> dict[str, Any]:
    """Return one profile that drifted."""
    return {
        "key": mask.key_json(drift.key),
        "found": drift.found,
        "differences": [_difference_json(each, mask) for each in drift.differences],
    }


def _difference_json(difference: Difference, mask: Mask) -> dict[str, Any]:
    hides = mask.hides_value(sensitive=difference.sensitive)

    def shown(value: Any) -> Any:
        return masked_json() if hides and value not in (None, ()) else value

    return {
        "attribute": difference.attribute,
        "kind": difference.kind,
        "before": shown(difference.before),
        "after": shown(difference.after),
        "added": shown(difference.added),
        "removed": shown(difference.removed),
        "sensitive": difference.sensitive,
    }


_RENDERINGS: Mapping[str, Callable[[DriftView, Style], Iterator[str]]] = {
    "text": _text,
    "json": _json,
    "jsonl": _json_lines,
    "markdown": drift_markdown,
    "html": drift_html,
}
DRIFT_FORMATS = tuple(_RENDERINGS)
