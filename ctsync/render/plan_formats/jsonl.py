"""A plan as JSON Lines: one change a line, then the document without changes."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.render.plan_json import plan_json, rows_json
from ctsync.render.plan_view import PlanView, Style
from ctsync.render.safe_json import json_text


class JsonLines:
    """`--format jsonl`; under `--summary` only the last line."""

    name = "jsonl"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield line after line."""
        if not style.summary_only:
            for line in view.lines():
                yield json_text(rows_json(line.rows(), view.mask)) + "\n"
        yield json_text(plan_json(view, style)) + "\n"


RENDERER = JsonLines()
