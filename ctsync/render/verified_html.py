"""What `ctsync verify` found, as one self-contained page."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.render.html.findings import shown_findings
from ctsync.render.html.overview import SANDBOX, Tile, share_words, target_facts
from ctsync.render.html.template import render_page
from ctsync.render.plan_view import Style
from ctsync.render.summary_text import duration_words
from ctsync.render.verified_view import (
    VerifiedView,
    remark_sentences,
    share_of,
    verified_sentence,
)


def verified_html(view: VerifiedView, style: Style) -> Iterator[str]:  # noqa: ARG001 - one signature
    """Yield the page; it has every attribute, those that miss most first."""
    found = view.found
    return render_page(
        "verify.html",
        f"Verify: {view.account.id}, {view.account.region}",
        verdict=verified_sentence(found),
        badges=[SANDBOX] if view.sandbox else [],
        facts={
            **target_facts(view.account, view.base, view.environment, view.project),
            "Run": found.run,
        },
        tiles=_tiles(view),
        remarks=remark_sentences(found, str),
        rows=found.ranked(),
        is_sample=found.is_sample,
        share_of=share_of,
        findings=shown_findings(view.findings, view.findings.totals),
    )


def _tiles(view: VerifiedView) -> Iterator[Tile]:
    found = view.found
    known = f"of {found.known:,}" + (", a sample" if found.is_sample else "")
    yield Tile("profiles read", found.read, known)
    there = share_words(found.there, found.checked)
    yield Tile("values there", found.there, there)
    missing = found.checked - found.there
    yield Tile("missing or other", missing, share_words(missing, found.checked))
    yield Tile("requests", found.asked, f"in {duration_words(found.seconds)}")
    if found.gone:
        yield Tile("gone", found.gone, share_words(found.gone, found.read))
    if found.failed:
        yield Tile("could not be read", found.failed, f"of {found.chosen:,} chosen")
