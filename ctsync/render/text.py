"""A plan as text for a terminal, in the manner of Terraform."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ctsync.model.change import Change
from ctsync.render.change_lines import change_lines
from ctsync.render.colour import Paint
from ctsync.render.findings import finding_lines, findings_from_json
from ctsync.render.operation_table import table_lines
from ctsync.render.sentences import (
    blocked_sentence,
    count_sentences,
    counted,
    header_sentences,
    summary_sentence,
)
from ctsync.render.survey import Survey, riskiest
from ctsync.render.view import PlanView, Style

MOST_ATTRIBUTES = 40

_COLOURS = {"sandbox": "cyan", "first_run": "yellow", "partial": "yellow"}


class Text:
    """`--format text`."""

    name = "text"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield line after line."""
        separator = ""
        for section in _Page(view, style, Paint(style.colour)).sections():
            for line in section:
                yield f"{separator}{line}\n"
                separator = ""
            separator = "\n"


@dataclass(slots=True)
class _Page:
    view: PlanView
    style: Style
    paint: Paint
    survey: Survey = field(default_factory=Survey)

    def sections(self) -> Iterator[Iterable[str]]:
        yield self._header()
        yield from self._changes()
        yield from filter(None, (self._table(), self._findings(), self._blocked()))
        yield self._foot()

    def _header(self) -> Iterator[str]:
        for sort, sentence in header_sentences(self.view):
            colours = [_COLOURS[sort]] if sort in _COLOURS else []
            for line in sentence.splitlines():
                yield self.paint(line, *colours)

    def _changes(self) -> Iterator[Iterable[str]]:
        shown = 0
        for change in self._chosen(self.survey.watch(self.view.changes())):
            yield change_lines(change, self.view.mask, self.style)
            shown += 1
        left = self.survey.changes - shown
        if left > 0 and not self.style.summary_only:
            yield [f"  … and {left} more (--all shows them)"]

    def _chosen(self, changes: Iterator[Change]) -> Iterable[Change]:
        if self.style.summary_only:
            # The survey counts what passes, so everything has to pass.
            return deque(changes, maxlen=0)
        return changes if self.style.everything else riskiest(changes)

    def _findings(self) -> list[str]:
        found = findings_from_json(self.view.diagnostics)
        return [*finding_lines(found, self.view.diagnostic_totals, self.paint)]

    def _blocked(self) -> list[str]:
        if not self.view.blocked:
            return []
        rules = counted(len(self.view.blocked), "rule")
        return [
            self.paint(f"PLAN BLOCKED by {rules}; it cannot be applied", "red"),
            *(f"  {blocked_sentence(rule, self.view)}" for rule in self.view.blocked),
        ]

    def _foot(self) -> Iterator[str]:
        yield from count_sentences(self.view)
        yield f"Digest {self.view.digest}"
        yield self.paint(summary_sentence(self.view), "bold")

    def _table(self) -> list[str]:
        most = None if self.style.everything else MOST_ATTRIBUTES
        return [*table_lines(self.survey.operations, self.style.width, most)]


RENDERER = Text()
