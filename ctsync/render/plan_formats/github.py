"""A plan as GitHub workflow commands: findings beside their lines, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.render.diagnostics_text import annotation_lines, command
from ctsync.render.plan_view import PlanView, Style
from ctsync.render.summary_text import (
    blocked_sentence,
    news_sentence,
    partial_sentence,
    summary_sentence,
    unmarked_sentence,
)


class Github:
    """`--format github`; shows no single change."""

    name = "github"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:  # noqa: ARG002
        """Yield one workflow command a line."""
        for line in _commands(view):
            yield line + "\n"


def _commands(view: PlanView) -> Iterator[str]:
    found = view.foot.diagnostics
    yield from annotation_lines(found, view.foot.diagnostic_totals)
    for rule in view.foot.blocked:
        said = blocked_sentence(rule, view)
        yield command("error", {"title": "PLAN BLOCKED"}, said)
    for sort in view.news:
        yield command("warning", {"title": "NEW"}, news_sentence(view, sort))
    if view.head.unmarked:
        yield command("warning", {"title": "UNMARKED"}, unmarked_sentence(view))
    if view.is_partial:
        yield command("warning", {"title": "PARTIAL"}, partial_sentence(view))
    yield command("notice", {"title": _title(view)}, summary_sentence(view))


def _title(view: PlanView) -> str:
    names = [name for name in (view.head.project, view.head.environment) if name]
    return ": ".join(("ctsync plan", ", ".join(names))) if names else "ctsync plan"


RENDERER = Github()
