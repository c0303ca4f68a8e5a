"""Operations by attribute, as a table in which every row draws its bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ctsync.model.operation import OPERATORS
from ctsync.render.html.markup import Markup, element, joined

MOST_BARS = 12
MOST_ATTRIBUTES = 500

Counts = Mapping[tuple[str, str], int]


def operation_chart(counts: Counts, numbers: Mapping[str, int]) -> Markup:
    """Return the section; `numbers` are those of attributes that can be filtered by."""
    if not counts:
        return Markup()
    table = _Chart(counts, numbers)
    return element(
        "section",
        element("h2", "By attribute and operation", id="chart-title"),
        table.legend(),
        element("div", table.table(table.order[:MOST_BARS]), class_="scroll"),
        table.rest(),
        class_="panel chart",
        aria_labelledby="chart-title",
    )


def operator_class(operator: str) -> str:
    """Return the CSS class that colours an operator: `op-set`, `op-add`."""
    return f"op-{operator.partition(' ')[0].strip('$,')}"


class _Chart:
    def __init__(self, counts: Counts, numbers: Mapping[str, int]) -> None:
        self.counts = counts
        self.numbers = numbers
        self.sums: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        for (name, operator), count in counts.items():
            self.sums[name] += count
            self.totals[operator] += count
        self.order = sorted(self.sums, key=lambda name: (-self.sums[name], name))
        self.operators = [
            name for name in (*OPERATORS, "release") if name in self.totals
        ]

    def legend(self) -> Markup:
        items = (
            element(
                "li",
                element("span", class_=f"dot {operator_class(name)}"),
                element("span", name),
                element("b", f"{self.totals[name]:,}"),
            )
            for name in self.operators
        )
        return element("ul", *items, class_="legend", aria_label="Operations in all")

    def table(self, names: list[str]) -> Markup:
        head = (
            element("th", "Attribute", scope="col"),
            element("td", class_="bar-cell"),
            *(element("th", name, scope="col") for name in self.operators),
            element("th", "all", scope="col"),
        )
        rows = map(self._row, names)
        return element(
            "table",
            element("caption", "Operations by attribute and operator", class_="sr"),
            element("thead", element("tr", *head)),
            element("tbody", *rows),
        )

    def rest(self) -> Markup:
        """Return the attributes after the first few, folded away."""
        hidden = self.order[MOST_BARS:]
        if not hidden:
            return Markup()
        shown = hidden[: MOST_ATTRIBUTES - MOST_BARS]
        left = len(hidden) - len(shown)
        more = element("p", f"… and {left:,} more", class_="soft") if left else ""
        return element(
            "details",
            element("summary", f"{len(hidden):,} more attributes"),
            element("div", self.table(shown), class_="scroll"),
            more,
        )

    def _row(self, name: str) -> Markup:
        number = self.numbers.get(name)
        cells = (self.counts.get((name, operator), 0) for operator in self.operators)
        return element(
            "tr",
            element(
                "th",
                element("bdi", name),
                scope="row",
                data_attribute=None if number is None else str(number),
            ),
            element("td", self._bar(name), class_="bar-cell"),
            *(_cell(count) for count in cells),
            element("td", element("b", f"{self.sums[name]:,}")),
        )

    def _bar(self, name: str) -> Markup:
        return element(
            "svg",
            joined(self._pieces(name)),
            class_="bar",
            viewBox="0 0 100 10",
            preserveAspectRatio="none",
            aria_hidden="true",
        )

    def _pieces(self, name: str) -> Iterator[Markup]:
        start, most = 0.0, self.sums[self.order[0]]
        for operator in self.operators:
            count = self.counts.get((name, operator), 0)
            if not count:
                continue
            # Rare operations are the ones to be seen, so no bar is thinner than this.
            width = max(100 * count / most, 0.7)
            yield element(
                "rect",
                class_=operator_class(operator),
                x=f"{start:.2f}",
                width=f"{width:.2f}",
                height="10",
            )
            start += width


def _cell(count: int) -> Markup:
    if not count:
        return element("td", "·", class_="none")
    return element("td", f"{count:,}")
