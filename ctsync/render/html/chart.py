"""Operations by attribute, as rows of a table in which every row draws its bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.operation import OPERATORS
from ctsync.render.operation_table import ranked_rows

MOST_BARS = 12
MOST_ATTRIBUTES = 500


class Bar(Struct, frozen=True):
    """One attribute: how many operations of each operator, in the order of columns."""

    attribute: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many operations there are on it."""
        return sum(self.counts)


class Chart(Struct, frozen=True):
    """The attributes with the most operations, and what else there is."""

    operators: tuple[str, ...]
    totals: tuple[int, ...]
    bars: tuple[Bar, ...]
    folded: tuple[Bar, ...]
    left: int

    def shares(self, bar: Bar) -> Iterator[tuple[str, float]]:
        """Yield each operator and its part of the longest bar."""
        most = self.bars[0].total
        for operator, count in zip(self.operators, bar.counts, strict=True):
            yield operator, count / most


def operation_chart(survey: ChangeStatistics) -> Chart:
    """Return the chart of all operations, the attributes with the most first."""
    counts, sums = survey.operations, survey.by_operator()
    operators = tuple(name for name in (*OPERATORS, "release") if name in sums)
    ranked = ranked_rows(counts)
    bars = [
        Bar(name, tuple(counts.get((name, each), 0) for each in operators))
        for name in ranked[:MOST_ATTRIBUTES]
    ]
    return Chart(
        operators,
        tuple(sums[name] for name in operators),
        tuple(bars[:MOST_BARS]),
        tuple(bars[MOST_BARS:]),
        max(len(ranked) - MOST_ATTRIBUTES, 0),
    )


def operator_class(operator: str) -> str:
    """Return the CSS class that colours an operator: `op-set`, `op-add`."""
    return f"op-{operator.partition(' ')[0].strip('$,')}"


def attribute_numbers(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Return every attribute of a plan a number, in the order of their names."""
    names = sorted({name for name, _ in counts})
    return {name: number for number, name in enumerate(names)}
