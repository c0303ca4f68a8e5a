"""A plan as text for a terminal, in the manner of Terraform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ctsync.counted import counted
from ctsync.render.ansi import Ansi
from ctsync.render.change_lines import change_lines
from ctsync.render.diagnostics_text import (
    code_sentences,
    finding_lines,
)
from ctsync.render.flow_words import flow_lines
from ctsync.render.operation_table import table_lines
from ctsync.render.plan_view import PlanView, Style
from ctsync.render.riskiest_changes import riskiest
from ctsync.render.summary_text import (
    EXCEPTION,
    blocked_sentence,
    count_sentences,
    exception_yaml,
    header_sentences,
    opt_in_sentence,
    summary_sentence,
)
from ctsync.render.text_width import columns_of, cut

MOST_ATTRIBUTES = 40

# A summary is one screen, whatever the plan: the table gets what the rest leaves.
ROWS_OF_SUMMARY = 48
LEAST_ATTRIBUTES_IN_SUMMARY = 6
MOST_CODES_IN_SUMMARY = 4
MOST_FLOWS = 10
MOST_FLOWS_IN_SUMMARY = 5

_COLOURS = {
    "sandbox": "cyan",
    "first_run": "yellow",
    "news": "yellow",
    "unmarked": "yellow",
    "partial": "yellow",
    "refreshed": "cyan",
    "pending": "yellow",
    "ends": "dim",
}


class Text:
    """`--format text`."""

    name = "text"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield line after line."""
        separator = ""
        for section in _Page(view, style, Ansi(style.colour)).sections():
            for line in section:
                yield f"{separator}{line}\n"
                separator = ""
            separator = "\n"


class _Page(Struct, frozen=True):
    view: PlanView
    style: Style
    paint: Ansi

    def sections(self) -> Iterator[Iterable[str]]:
        yield self._header()
        if not self.style.summary_only:
            yield from self._changes()
        parts = (self._table(), self._flows(), self._findings(), self._blocked())
        yield from filter(None, parts)
        yield self._foot()

    def _room(self) -> int:
        """Return how many rows of attributes a summary has room for."""
        page = _Page(self.view, self.style, Ansi(enabled=False))
        parts = (page._header(), page._findings(), page._blocked(), page._foot())
        lines = [line for part in parts for line in ("", *part)]
        # Of the screen, a long line takes several rows, and an empty one takes one.
        taken = sum(-(-columns_of(line) // self.style.width) or 1 for line in lines)
        # The table has a head, and may say how many more there are.
        return max(ROWS_OF_SUMMARY - taken - 2, LEAST_ATTRIBUTES_IN_SUMMARY)

    def _flows(self) -> list[str]:
        most = None if self.style.everything else MOST_FLOWS
        if self.style.summary_only:
            most = self._flows_in_summary()
        return [
            *flow_lines(self.view.foot.survey, self.view.mask, self.style.width, most)
        ]

    def _flows_in_summary(self) -> int:
        # They have a head, an empty line, and may say how many more there are.
        spare = self._room() - LEAST_ATTRIBUTES_IN_SUMMARY - 3
        return min(max(spare, 0), MOST_FLOWS_IN_SUMMARY)

    def _header(self) -> Iterator[str]:
        for sort, sentence in header_sentences(self.view):
            colours = [_COLOURS[sort]] if sort in _COLOURS else []
            for line in sentence.splitlines():
                # Selectors can be many; a summary has room for the first.
                is_long = sort == "partial" and self.style.summary_only
                shown = cut(line, self.style.width) if is_long else line
                yield self.paint(shown, *colours)

    def _changes(self) -> Iterator[Iterable[str]]:
        shown = 0
        view = self.view
        for change in view.changes() if self.style.everything else riskiest(view):
            yield change_lines(change, view.mask, self.style)
            shown += 1
        left = view.foot.survey.changes - shown
        if left > 0:
            yield [f"  … and {left:,} more (--all shows them)"]

    def _findings(self) -> list[str]:
        found = self.view.foot.diagnostics
        totals = self.view.foot.diagnostic_totals
        if not self.style.summary_only:
            return [*finding_lines(found, totals, self.paint)]
        sentences = code_sentences(found, totals, MOST_CODES_IN_SUMMARY)
        return [cut(line, self.style.width) for line in sentences]

    def _blocked(self) -> list[str]:
        if not self.view.foot.blocked:
            return []
        rules = counted(len(self.view.foot.blocked), "rule")
        lines = [self.paint(f"PLAN BLOCKED by {rules}; it cannot be applied", "red")]
        lines += [
            f"  {blocked_sentence(rule, self.view)}" for rule in self.view.foot.blocked
        ]
        exception = exception_yaml(self.view)
        if exception is None or self.style.summary_only:
            return lines
        return [*lines, EXCEPTION, f"  {exception}"]

    def _foot(self) -> Iterator[str]:
        opted_in = opt_in_sentence(self.view)
        if opted_in is not None:
            yield self.paint(opted_in, "yellow")
        yield from count_sentences(self.view)
        yield f"Digest {self.view.foot.digest}"
        yield self.paint(summary_sentence(self.view), "bold")

    def _table(self) -> list[str]:
        most = None if self.style.everything else MOST_ATTRIBUTES
        if self.style.summary_only:
            flows = len(self._flows())
            most = self._room() - (flows + 1 if flows else 0)
        counts = self.view.foot.survey.operations
        return [*table_lines(counts, self.style.width, most)]


RENDERER = Text()
