"""Drift as one self-contained page, readable and searchable without a network."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from ctsync.model.drift import ProfileDrift
from ctsync.model.masking import Mask
from ctsync.render.drift_view import (
    BACK,
    GONE,
    DriftView,
    next_steps,
    remark_sentences,
    sides,
    verdict,
)
from ctsync.render.html.findings import shown_findings
from ctsync.render.html.overview import SANDBOX, Tile, share_words, target_facts
from ctsync.render.html.template import render_page
from ctsync.render.plan_view import Style
from ctsync.render.summary_text import duration_words
from ctsync.render.value_text import key_words

MOST_EMBEDDED = 20_000


class DriftCard(Struct, frozen=True):
    """One profile that drifted: attribute, before and after; or what became of it."""

    id_type: str
    key: str
    found: str | None
    rows: tuple[tuple[str, tuple[str, str]], ...]


def drift_html(view: DriftView, style: Style) -> Iterator[str]:
    """Yield the page; `--all` embeds every profile, however many a browser takes."""
    whole = view.counts.drifted + view.counts.gone
    embedded = whole if style.everything else min(whole, MOST_EMBEDDED)
    return render_page(
        "drift.html",
        f"Drift: {view.account.id}, {view.account.region}",
        script="filter.js" if whole else None,
        verdict=verdict(view),
        badges=[SANDBOX] if view.sandbox else [],
        facts=target_facts(view.account, view.base, view.environment, view.project),
        tiles=_tiles(view),
        remarks=remark_sentences(view, str),
        next=[*next_steps(view)],
        bars=view.shown_differences,
        whole=whole,
        embedded=embedded,
        cards=(_card(each, view.mask) for each in islice(view.drifts(), embedded)),
        findings=shown_findings(view.findings, view.findings.totals),
    )


def _tiles(view: DriftView) -> Iterator[Tile]:
    counts = view.counts
    known = f"of {counts.known:,} known" + (", a sample" if counts.is_sample else "")
    yield Tile("read", counts.read, known)
    yield Tile("drifted", counts.drifted, share_words(counts.drifted, counts.read))
    yield Tile("gone", counts.gone, share_words(counts.gone, counts.read))
    yield Tile(
        "values differ",
        counts.differing,
        share_words(counts.differing, counts.compared),
    )
    yield Tile("requests", counts.asked, f"in {duration_words(counts.seconds)}")
    if counts.failed:
        yield Tile("could not be read", counts.failed, f"of {counts.chosen:,} chosen")


def _card(drift: ProfileDrift, mask: Mask) -> DriftCard:
    id_type, _, key = key_words(drift.key, mask).partition(" ")
    found = {"gone": GONE, "back": BACK}.get(drift.found)
    rows = ((each.attribute, sides(each, mask)) for each in drift.differences)
    return DriftCard(id_type, key, found, tuple(rows))
