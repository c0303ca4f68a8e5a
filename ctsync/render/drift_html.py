"""Drift as one self-contained page, readable and searchable without a network."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ctsync.model.drift import ProfileDrift
from ctsync.model.masking import Mask
from ctsync.render.diagnostics_text import first_of_each, more_sentences
from ctsync.render.drift_view import (
    BACK,
    GONE,
    DriftView,
    extent_sentences,
    sides,
    target_sentence,
    verdict,
)
from ctsync.render.html import asset, page_head
from ctsync.render.html.markup import Markup, element
from ctsync.render.plan_view import Style
from ctsync.render.value_text import key_words

MOST_EMBEDDED = 20_000


def drift_html(view: DriftView, style: Style) -> Iterator[str]:
    """Yield the page; `--all` embeds every profile, however many a browser takes."""
    css, script = asset("page.css"), asset("filter.js")
    title = f"Drift: {view.account.id}, {view.account.region}"
    yield '<!doctype html>\n<html lang="en">\n'
    yield element("head", *page_head(title, css, script)) + "\n<body>\n<main>\n"
    yield from (f"{part}\n" for part in _above(view))
    yield from _profiles(view, None if style.everything else MOST_EMBEDDED)
    yield from (f"{part}\n" for part in _findings(view))
    yield f"</main>\n{element('script', script)}\n</body>\n</html>\n"


def _above(view: DriftView) -> Iterator[Markup]:
    yield element(
        "header",
        element("p", "ctsync drift", class_="over"),
        element("h1", verdict(view)),
        element("p", target_sentence(view, str)),
    )
    if view.sandbox:
        words = "SANDBOX: simulation of documented behaviour"
        yield element("p", words, class_="notice sandbox")
    lines = (element("li", sentence) for sentence in extent_sentences(view, str))
    yield element("section", element("ul", *lines), class_="panel")
    if view.shown_differences:
        yield _chart(view)


def _chart(view: DriftView) -> Markup:
    most = max(count for _, count in view.shown_differences)
    rows = (
        element(
            "tr",
            element("th", element("bdi", name), scope="row"),
            element("td", element("meter", max=str(most), value=str(count))),
            element("td", f"{count:,}"),
        )
        for name, count in view.shown_differences
    )
    return element(
        "section",
        element("h2", "Attributes that differ"),
        element("table", element("tbody", *rows)),
        class_="panel",
    )


def _profiles(view: DriftView, most: int | None) -> Iterator[str]:
    whole = view.counts.drifted + view.counts.gone
    if not whole:
        return
    yield '<section class="panel" id="changes">\n'
    yield element("h2", "Profiles") + "\n"
    if most is not None and whole > most:
        words = f"The first {most:,} of {whole:,} profiles (--all puts all in)."
        yield element("p", words, class_="notice partial") + "\n"
    yield element("input", type="search", id="filter", placeholder="Search") + "\n"
    yield '<table id="profiles">\n<tbody>\n'
    for drift in islice(view.drifts(), most):
        yield from (f"{row}\n" for row in _rows(drift, view.mask))
    yield "</tbody>\n</table>\n</section>\n"


def _rows(drift: ProfileDrift, mask: Mask) -> Iterator[Markup]:
    who = element("th", element("bdi", key_words(drift.key, mask)), scope="row")
    if drift.found != "found":
        words = GONE if drift.found == "gone" else BACK
        yield element("tr", who, element("td", words, colspan="3"))
    for difference in drift.differences:
        before, after = sides(difference, mask)
        cells = (difference.attribute, before, after)
        yield element("tr", who, *(element("td", element("bdi", c)) for c in cells))


def _findings(view: DriftView) -> Iterator[Markup]:
    shown = tuple(first_of_each(view.findings))
    if shown:
        lines = [finding.as_text() for finding in shown]
        lines += more_sentences(shown, view.findings.totals)
        items = (element("li", line) for line in lines)
        title = element("h2", "Findings")
        yield element("section", title, element("ul", *items), class_="panel")
