"""A plan as one self-contained page: searchable, and readable without JavaScript.

The page loads nothing. Its policy allows exactly its own style and script, by hash, so
that markup in a value could neither run nor call home even if it were not escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from msgspec import Struct

from ctsync.render.html.change import card_of
from ctsync.render.html.changes import change_list, keys_hint, toolbar
from ctsync.render.html.chart import operation_chart
from ctsync.render.html.data import Embedding, attribute_numbers
from ctsync.render.html.flows import flow_table
from ctsync.render.html.markup import Markup, element
from ctsync.render.html.overview import (
    counts,
    findings,
    header,
    notices,
    plan_name,
)
from ctsync.render.plan_view import PlanView, Style, UnreadChange
from ctsync.render.riskiest_changes import RiskiestChanges

MOST_EMBEDDED = 100_000


class Html(Struct, frozen=True):
    """`--format html`; `--all` embeds every change, however many a browser takes."""

    most_embedded: int = MOST_EMBEDDED
    name: str = "html"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield the page, changes as they are read."""
        yield from _Page(view, style, self.most_embedded).pieces()


@dataclass(slots=True)
class _Page:
    view: PlanView
    style: Style
    most: int
    embedding: Embedding = field(init=False)

    def __post_init__(self) -> None:
        numbers = attribute_numbers(self.view.survey)
        self.embedding = Embedding(self.view.mask, numbers)

    def pieces(self) -> Iterator[str]:
        css, script = asset("page.css"), asset("page.js")
        yield "<!doctype html>\n"
        yield '<html lang="en">\n'
        yield (
            element("head", *page_head(_title(self.view), css, script))
            + "\n<body>\n<main>\n"
        )
        for part in (header(self.view), *notices(self.view), counts(self.view)):
            yield part + "\n"
        yield from self._body()
        yield findings(self.view) + "\n</main>\n"
        if self.embedding.embedded:
            yield element("script", script)
        yield "</body>\n</html>\n"

    def _body(self) -> Iterator[str]:
        if not self.style.summary_only:
            yield '<script type="application/json" id="data">'
            yield from self.embedding.lines(self._chosen())
            yield "</script>\n"
        embedded = self.embedding.embedded
        numbers = self.embedding.numbers if embedded else {}
        yield operation_chart(self.view.survey.operations, numbers) + "\n"
        yield flow_table(self.view, numbers) + "\n"
        if embedded:
            yield from self._changes()

    def _chosen(self) -> Iterable[UnreadChange]:
        lines, survey = self.view.lines(), self.view.survey
        if self.style.everything or survey.changes <= self.most:
            return lines
        is_chosen = RiskiestChanges(survey.by_risk(), self.most)
        return (line for line in lines if is_chosen(line.traits))

    def _changes(self) -> Iterator[str]:
        facts = self.embedding.facts()
        yield element("script", facts, type="application/json", id="facts") + "\n"
        yield '<section class="panel" id="changes" aria-labelledby="changes-title">\n'
        yield element("h2", "Changes", id="changes-title") + "\n"
        yield from (part + "\n" for part in self._extent())
        riskiest = self.embedding.riskiest()
        yield toolbar() + "\n"
        yield change_list(card_of(change, self.view.mask) for change in riskiest)
        yield "\n" + keys_hint() + "\n</section>\n"

    def _extent(self) -> Iterator[Markup]:
        embedded, whole = self.embedding.embedded, self.view.survey.changes
        if embedded < whole:
            left = (
                f"This page holds the {embedded:,} riskiest of {whole:,} changes; "
                f"{whole - embedded:,} are left out (--all puts them in)."
            )
            yield element("p", left, class_="notice partial")
        shown = len(self.embedding.riskiest())
        if shown < embedded:
            words = f"The {shown} riskiest of {embedded:,} changes, without JavaScript."
            yield element("noscript", element("p", words, class_="soft"))


def _title(view: PlanView) -> str:
    account = view.account
    project = "" if view.project in {None, account.id} else f"{view.project}, "
    return f"Plan {plan_name(view)}: {project}{account.id}, {account.region}"


def page_head(title: str, css: Markup, script: Markup) -> Iterator[Markup]:
    """Yield the head of a page that runs exactly this style and script."""
    policy = (
        f"default-src 'none'; style-src {_source(css)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    yield element("meta", charset="utf-8")
    # As attribute text the quotes of the policy would be escaped: same meaning, unread.
    yield Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')
    yield element("meta", name_="viewport", content="width=device-width")
    yield element("meta", name_="referrer", content="no-referrer")
    yield element("meta", name_="color-scheme", content="light dark")
    yield element("title", title)
    yield element("style", css)


def asset(name: str) -> Markup:
    """Return a style or script of the pages."""
    from importlib.resources import files

    return Markup(files(__package__).joinpath("page", name).read_text("utf-8"))


def _source(content: str) -> str:
    from base64 import b64encode

    digest = b64encode(sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


RENDERER = Html()
