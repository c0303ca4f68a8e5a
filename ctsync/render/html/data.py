"""Changes as data of a page: compact, and unable to end the element they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from ctsync.model.change import ACTIONS, Change
from ctsync.model.change_statistics import TRAITS, ChangeStatistics, risk_of
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ID_TYPES
from ctsync.render.change_lines import RELEASED
from ctsync.render.html.markup import Markup
from ctsync.render.html.rows import change_data
from ctsync.render.plan_view import UnreadChange
from ctsync.render.riskiest_changes import MOST_SHOWN
from ctsync.render.safe_json import json_text
from ctsync.render.text_width import escape

_ACTS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def data_text(value: Any) -> Markup:
    """Give JSON that is inert inside a script element: no `<`, `>` or `&`."""
    text = json_text(value)
    if "<" in text or ">" in text or "&" in text:
        text = text.translate(_ACTS)
    return Markup(text)


def attribute_numbers(survey: ChangeStatistics) -> dict[str, int]:
    """Return every attribute of a plan a number, in the order of their names."""
    names = sorted({name for name, _ in survey.operations})
    return {name: number for number, name in enumerate(names)}


class Embedding(Struct):
    """Writes changes as data, and keeps the riskiest of them for readers without JS."""

    mask: Mask
    numbers: Mapping[str, int]
    embedded: int = 0
    _first: tuple[list[UnreadChange], ...] = field(
        default_factory=lambda: tuple([] for _ in TRAITS)
    )

    def lines(self, lines: Iterable[UnreadChange]) -> Iterator[Markup]:
        """Yield a JSON array, a change a line."""
        separator = "["
        for line in lines:
            self._keep(line)
            data = change_data(line.rows(), line.traits, self.mask, self.numbers)
            yield Markup(f"{separator}\n{data_text(data)}")
            separator = ","
            self.embedded += 1
        yield Markup("\n]" if self.embedded else "[]")

    def facts(self) -> Markup:
        """Return what the script needs to read the changes."""
        return data_text(
            {
                "actions": ACTIONS,
                "attributes": [escape(name) for name in self.numbers],
                "released": RELEASED,
                "risks": len(TRAITS),
                "types": ID_TYPES,
            }
        )

    def riskiest(self) -> list[Change]:
        """Return the riskiest changes met, riskiest first, then by key."""
        first = [line for kept in self._first for line in kept][:MOST_SHOWN]
        return [line.change() for line in first]

    def _keep(self, line: UnreadChange) -> None:
        # Changes come by key, so the first of a risk are its first by key.
        kept = self._first[risk_of(line.traits)]
        if len(kept) < MOST_SHOWN:
            kept.append(line)
