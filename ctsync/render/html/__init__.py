"""A plan as one self-contained page: searchable, and readable without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from ctsync.render.change_lines import ACTION_SYMBOLS, RELEASED
from ctsync.render.html.change import card_of
from ctsync.render.html.chart import attribute_numbers, operation_chart
from ctsync.render.html.data import change_lines, facts_text
from ctsync.render.html.filters import filters_of
from ctsync.render.html.findings import ShownFindings, shown_findings
from ctsync.render.html.flows import flow_rows
from ctsync.render.html.overview import (
    OPT_IN,
    badges,
    facts,
    notices,
    plan_name,
    tiles,
)
from ctsync.render.html.template import render_page
from ctsync.render.next_words import next_steps
from ctsync.render.plan_view import PlanView, Style, UnreadChange
from ctsync.render.riskiest_changes import riskiest, riskiest_lines
from ctsync.render.summary_text import (
    EXCEPTION,
    blocked_sentence,
    exception_yaml,
    summary_sentence,
)

MOST_EMBEDDED = 100_000


class Html(Struct, frozen=True):
    """`--format html`; `--all` embeds every change, however many a browser takes."""

    most_embedded: int = MOST_EMBEDDED
    name: str = "html"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield the page, changes as they are read."""
        whole = 0 if style.summary_only else view.foot.survey.changes
        embedded = whole if style.everything else min(whole, self.most_embedded)
        numbers = attribute_numbers(view.foot.survey.operations) if embedded else {}
        return render_page(
            "plan.html",
            _title(view),
            script="page.js" if embedded else None,
            numbers=numbers,
            **_above(view),
            **_listed(view, embedded, numbers),
            findings=_findings(view),
        )


def _title(view: PlanView) -> str:
    account, name = view.head.account.shown, view.head.project
    project = "" if name in {None, account.id} else f"{name}, "
    return f"Plan {plan_name(view)}: {project}{account.id}, {account.region}"


def _above(view: PlanView) -> dict[str, Any]:
    """Return what stands above the changes."""
    accepts = [rule.accept for rule in view.foot.blocked if rule.accept]
    rows, left = flow_rows(view)
    return {
        "name": plan_name(view),
        "badges": badges(view),
        "verdict": summary_sentence(view),
        "facts": facts(view),
        "blocked": [blocked_sentence(rule, view) for rule in view.foot.blocked],
        "accepts": " ".join(accepts),
        "exception": exception_yaml(view),
        "exception_words": EXCEPTION,
        "notices": notices(view),
        "tiles": tiles(view),
        "next": [*next_steps(view)],
        "chart": operation_chart(view.foot.survey),
        "opted_in": view.foot.survey.having("opt-ins"),
        "opt_in": OPT_IN,
        "flows": rows,
        "flows_left": left,
    }


def _listed(view: PlanView, embedded: int, numbers: dict[str, int]) -> dict[str, Any]:
    """Return the changes: all as data for the script, the riskiest as markup."""
    if not embedded:
        return {"embedded": 0}
    mask = view.mask
    return {
        "embedded": embedded,
        "whole": view.foot.survey.changes,
        "filters": filters_of(view),
        "cards": [card_of(change, mask) for change in riskiest(view)],
        "data": change_lines(_chosen(view, embedded), mask, numbers),
        "data_facts": facts_text(numbers),
        "signs": ACTION_SYMBOLS,
        "released": RELEASED,
    }


def _chosen(view: PlanView, most: int) -> Iterable[UnreadChange]:
    if most == view.foot.survey.changes:
        return view.lines()
    return riskiest_lines(view, most)


def _findings(view: PlanView) -> ShownFindings:
    return shown_findings(view.foot.diagnostics, view.foot.diagnostic_totals)
