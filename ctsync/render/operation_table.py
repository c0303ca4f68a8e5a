"""How many operations of each sort a plan has on each attribute, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ctsync.model.operation import OPERATORS
from ctsync.render.columns import columns_of, cut_name, escape, pad

_TITLE = "Attribute"
_GAP = 2


def table_lines(
    counts: Mapping[tuple[str, str], int], width: int, most: int | None = None
) -> Iterator[str]:
    """Yield the attributes with the most operations, and how many are left out."""
    if not counts:
        return
    rows = largest_rows(counts, most)
    columns = [*_columns(counts, rows)]
    widths = [max(map(len, column)) + _GAP for column in columns]
    names = [_TITLE, *map(escape, rows)]
    room = max(min(max(map(columns_of, names)), width - sum(widths)), len(_TITLE))
    for name, *cells in zip(names, *columns, strict=True):
        right = (f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))
        yield pad(cut_name(name, room), room) + "".join(right)
    left = len({name for name, _ in counts}) - len(rows)
    if left:
        yield f"… and {left} more attributes (--all shows them)"


def largest_rows(
    counts: Mapping[tuple[str, str], int], most: int | None = None
) -> list[str]:
    """Give the attributes with the most operations, by name."""
    sums: Counter[str] = Counter()
    for (name, _), count in sorted(counts.items()):
        sums[name] += count
    return sorted(name for name, _ in sums.most_common(most))


def _columns(
    counts: Mapping[tuple[str, str], int], rows: list[str]
) -> Iterator[list[str]]:
    used = {operator for _, operator in counts}
    for name in (*OPERATORS, "release"):
        if name in used:
            yield [name, *(str(counts.get((row, name), 0) or ".") for row in rows)]
