"""What `ctsync verify` found, as text, JSON and Markdown, and where its page is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ctsync.model.interval import CONFIDENCE, Interval
from ctsync.model.verification import AttributeCheck, Verification
from ctsync.render.ansi import Ansi
from ctsync.render.diagnostics_text import finding_lines
from ctsync.render.error_document import document
from ctsync.render.markdown.text import cell, code, comment_word, table
from ctsync.render.plan_view import Style
from ctsync.render.safe_json import document_text
from ctsync.render.summary_text import Quote
from ctsync.render.text_width import columns_of, cut_name, escape, pad
from ctsync.render.verified_html import verified_html
from ctsync.render.verified_view import (
    SURE,
    VerifiedView,
    extent_sentences,
    share_of,
    verified_sentence,
)

MOST_ATTRIBUTES = 40
_WIDEST_NAME = 32
_DROPPED = "accepted and dropped"


def render_verified(
    format_name: str, view: VerifiedView, style: Style
) -> Iterator[str]:
    """Yield what was found in one of `VERIFIED_FORMATS`, piece by piece."""
    return _RENDERINGS[format_name](view, style)


def verified_text(view: VerifiedView, style: Style) -> Iterator[str]:
    """Yield line after line; the last says what it comes to."""
    found, paint = view.found, Ansi(style.colour)
    yield f"{_target(view)}\n"
    if view.sandbox:
        yield f"{_SANDBOX}\n"
    yield from (f"{sentence}\n" for sentence in extent_sentences(found))
    if found.attributes:
        yield "\n"
        yield from (f"{line}\n" for line in _table(found, style))
    lines = [
        f"{x}\n" for x in finding_lines(view.findings, view.findings.totals, paint)
    ]
    yield from ("\n", *lines) if lines else ()
    yield "\n" + paint(verified_sentence(found), "bold") + "\n"


def _markdown(view: VerifiedView, style: Style) -> Iterator[str]:  # noqa: ARG001 - one signature
    """Yield one page, for an issue: what comes first is a hidden marker."""
    found = view.found
    words = f"project={comment_word(view.project or view.account.id)}"
    words += f" env={comment_word(view.environment or '')}"
    yield f"<!-- ctsync:verify {words} -->\n### ctsync: {verified_sentence(found)}\n\n"
    yield f"{_target(view, code)}\n\n"
    if view.sandbox:
        yield f"{_SANDBOX}\n\n"
    yield "".join(f"- {sentence}\n" for sentence in extent_sentences(found, code))
    ranked = found.ranked()
    rows = [_HEADS, *map(_cells, ranked[:MOST_ATTRIBUTES])]
    yield f"\n{table(rows)}" if found.attributes else ""
    if ranked[MOST_ATTRIBUTES:]:
        yield f"\n… and {len(ranked) - MOST_ATTRIBUTES} more attributes\n"


def _cells(each: AttributeCheck) -> tuple[str, ...]:
    numbers = (each.acknowledged, each.checked, each.there, each.missing, each.other)
    note = _DROPPED if each.is_dropped else ""
    return (cell(each.attribute), *(f"{number:,}" for number in numbers), note)


def _target(view: VerifiedView, quote: Quote = escape) -> str:
    account = view.account
    parts = [f"Account {quote(account.id)} in region {quote(account.region)}"]
    if view.environment is not None:
        parts.append(f"environment {quote(view.environment)}")
    return ", ".join([*parts, f"state serial {view.base.serial}"])


def _table(found: Verification, style: Style) -> Iterator[str]:
    ranked = found.ranked()
    shown = ranked if style.everything else ranked[:MOST_ATTRIBUTES]
    widest = max(columns_of(escape(each.attribute)) for each in shown)
    width = min(max(widest, 9), _WIDEST_NAME)
    sure = f"  there, {SURE} sure" if found.is_sample else ""
    heads = "acknowledged  checked  there  missing  other"
    yield f"{pad('Attribute', width)}  {heads}{sure}"
    for each in shown:
        yield _row(each, width, with_interval=found.is_sample)
    if ranked[len(shown) :]:
        yield f"… and {len(ranked) - len(shown):,} more attributes"


def _row(each: AttributeCheck, width: int, *, with_interval: bool) -> str:
    name = pad(cut_name(escape(each.attribute), width), width)
    numbers = (
        f"{each.acknowledged:>12,}  {each.checked:>7,}  {each.there:>5,}  "
        f"{each.missing:>7,}  {each.other:>5,}"
    )
    share = f"  {share_of(each)}" if with_interval else ""
    note = f"  {_DROPPED}" if each.is_dropped else ""
    return f"{name}  {numbers}{share}{note}"


def _json(view: VerifiedView, style: Style) -> Iterator[str]:  # noqa: ARG001 - as above
    yield verified_json(view)


def verified_json(view: VerifiedView) -> str:
    """Give `ctsync.verify/1`."""
    found = view.found
    profiles = ("known", "chosen", "read", "whole", "partly", "gone", "failed")
    whole = document(
        "ctsync.verify/1",
        view.exit_code,
        error=view.error,
        findings=view.findings,
        account=view.account.as_json(),
        base=view.base.as_json(),
        environment=view.environment,
        sandbox=view.sandbox,
        run=found.run,
        sample=found.is_sample,
        summary={
            "profiles": {
                **{name: getattr(found, name) for name in profiles},
                "unaskable": found.unaskable,
            },
            "values": {
                "acknowledged": found.acknowledged,
                "checked": found.checked,
                "there": found.there,
            },
        },
        confidence=CONFIDENCE,
        share=_share(found.interval()),
        attributes=[_check_json(each) for each in found.ranked()],
        write_only=dict(sorted(found.write_only.items())),
        requests=found.asked,
        seconds=round(found.seconds, 3),
    )
    return document_text(whole)


def _check_json(each: AttributeCheck) -> dict[str, Any]:
    return {
        "attribute": each.attribute,
        "acknowledged": each.acknowledged,
        "checked": each.checked,
        "there": each.there,
        "missing": each.missing,
        "other": each.other,
        "dropped": each.is_dropped,
        "share": _share(each.interval()),
    }


def _share(interval: Interval) -> dict[str, float]:
    return {"low": round(interval.low, 6), "high": round(interval.high, 6)}


_SANDBOX = "SANDBOX: simulation of documented behaviour"
_HEADS = (
    "attribute", "acknowledged", "checked", "there", "missing", "other", ""
)  # fmt: skip
_RENDERINGS: Mapping[str, Callable[[VerifiedView, Style], Iterator[str]]] = {
    "text": verified_text,
    "json": _json,
    "markdown": _markdown,
    "html": verified_html,
}
VERIFIED_FORMATS = tuple(_RENDERINGS)
