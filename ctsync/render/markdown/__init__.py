"""A plan as one comment of a pull request, bounded and safe whatever values say."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.render.markdown.changes import (
    MOST_BYTES,
    Section,
    share_room,
    sort_changes,
)
from ctsync.render.markdown.page import above, below
from ctsync.render.markdown.text import SHOW_ALL, size
from ctsync.render.plan_view import PlanView, Style

_ONCE = "Each profile stands once, under the riskiest of what is done to it:"


class Markdown:
    """`--format markdown`: at most 60,000 bytes, so `--all` and `-v` add nothing."""

    name = "markdown"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield the comment, part by part; `--summary` leaves single changes out."""
        sections = () if style.summary_only else sort_changes(view)
        head = "\n".join(above(view))
        if len(sections) > 1:
            head += f"\n{_ONCE}\n"
        foot = "\n".join(below(view))
        yield head
        left = whole = view.foot.survey.changes
        for section, shown in _fitted(sections, _room(head, foot)):
            yield "\n" + section.text(shown)
            left -= len(shown)
        if left:
            yield f"\n{_left_out(left, whole)}\n"
        yield "\n" + foot


def _room(head: str, foot: str) -> int:
    most = _left_out(10**12, 10**12)
    return MOST_BYTES - size(head) - size(foot) - size(f"\n{most}\n\n")


def _fitted(
    sections: tuple[Section, ...], room: int
) -> Iterator[tuple[Section, list[str]]]:
    needs = [section.need + 1 for section in sections]
    for section, share in zip(sections, share_room(needs, room), strict=True):
        yield section, section.fitting(share - 1)


def _left_out(left: int, whole: int) -> str:
    return f"Left out here: {left:,} of {whole:,} changes; {SHOW_ALL} shows them."
