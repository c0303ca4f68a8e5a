"""A plan as one JSON document, one change a line.

Under `--summary` the key `changes` is absent: an empty list would say that there are
none.
"""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.render.plan_json import plan_json, rows_json
from ctsync.render.plan_view import PlanView, Style
from ctsync.render.safe_json import json_text


class JsonDocument:
    """`--format json`; written as it is read, however long."""

    name = "json"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield the document."""
        opening = "{"
        for key, value in plan_json(view, style).items():
            yield f"{opening}\n{json_text(key)}: {json_text(value)}"
            opening = ","
        if not style.summary_only:
            yield from _changes(view)
        yield "\n}\n"


def _changes(view: PlanView) -> Iterator[str]:
    yield ',\n"changes": ['
    separator = "\n"
    for line in view.lines():
        yield separator + json_text(rows_json(line.rows(), view.mask))
        separator = ",\n"
    yield "\n]"


RENDERER = JsonDocument()
