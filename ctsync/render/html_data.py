"""Changes as data of a page: compact, and unable to end the element they stand in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ctsync.model.change import ACTIONS, Change
from ctsync.model.key import ID_TYPES
from ctsync.model.mask import Mask
from ctsync.render.change_lines import RELEASED
from ctsync.render.columns import escape
from ctsync.render.html_change import Card, card_of
from ctsync.render.html_markup import Markup
from ctsync.render.json_text import json_text
from ctsync.render.rows import Row
from ctsync.render.survey import MOST_SHOWN, RISKS, risk_of

_ACTS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def data_text(value: Any) -> Markup:
    """Give JSON that is inert inside a script element: no `<`, `>` or `&`."""
    return Markup(json_text(value).translate(_ACTS))


@dataclass(slots=True)
class Names:
    """Attributes, numbered as they are met."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number_of(self, name: str) -> int:
        """Give the number of an attribute."""
        return self.numbers.setdefault(name, len(self.numbers))


@dataclass(slots=True)
class Embedding:
    """Writes changes as data, and keeps the riskiest of them for readers without JS."""

    mask: Mask
    names: Names = field(default_factory=Names)
    embedded: int = 0
    _first: tuple[list[Change], ...] = field(
        default_factory=lambda: tuple([] for _ in RISKS)
    )

    def lines(self, changes: Iterable[Change]) -> Iterator[Markup]:
        """Yield a JSON array, a change a line."""
        separator = "["
        for change in changes:
            self._keep(change)
            data = card_data(card_of(change, self.mask), self.names)
            yield Markup(f"{separator}\n{data_text(data)}")
            separator = ","
            self.embedded += 1
        yield Markup("\n]" if self.embedded else "[]")

    def facts(self) -> Markup:
        """Give what the script needs to read the changes."""
        return data_text(
            {
                "actions": ACTIONS,
                "attributes": [escape(name) for name in self.names.numbers],
                "released": RELEASED,
                "types": ID_TYPES,
            }
        )

    def riskiest(self) -> list[Change]:
        """Give the riskiest changes met, riskiest first, then by key."""
        return [change for kept in self._first for change in kept][:MOST_SHOWN]

    def _keep(self, change: Change) -> None:
        # Changes come by key, so the first of a risk are its first by key.
        kept = self._first[risk_of(change)]
        if len(kept) < MOST_SHOWN:
            kept.append(change)


def card_data(card: Card, names: Names) -> list[Any]:
    """Give a change as the page's script reads it."""
    data = [
        card.traits,
        ACTIONS.index(card.action),
        ID_TYPES.index(card.id_type),
        card.key,
        card.places,
        [_row_data(row, names) for row in card.rows],
    ]
    if card.released:
        data.append([names.number_of(name) for name in card.released])
    return data


def _row_data(row: Row, names: Names) -> list[Any]:
    number = names.number_of(row.operation.attribute)
    data = [number, row.symbol, row.operator, row.sides]
    return [*data, row.notes] if row.notes else data


class Choice:
    """Chooses the riskiest changes of a stream too long for a page."""

    def __init__(self, changes: Iterable[Change], most: int) -> None:
        """Walk once over the changes, to learn how many there are of each risk."""
        counts = Counter(map(risk_of, changes))
        self._room = [0] * len(RISKS)
        for risk in range(len(RISKS)):
            self._room[risk] = min(counts[risk], most)
            most -= self._room[risk]

    def __call__(self, change: Change) -> bool:
        """Say whether the next change is one of them."""
        risk = risk_of(change)
        self._room[risk] -= 1
        return self._room[risk] >= 0
