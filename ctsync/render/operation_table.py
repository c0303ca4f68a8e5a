"""How many operations of each sort a plan has on each attribute, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ctsync.model.operation import OPERATORS
from ctsync.render.text_width import columns_of, cut_name, escape, pad

_TITLE = "Attribute"
_GAP = 2


def table_lines(
    counts: Mapping[tuple[str, str], int], width: int, most: int | None = None
) -> Iterator[str]:
    """Yield the attributes with the most operations, and how many are left out."""
    if not counts:
        return
    rows = largest_rows(counts, most)
    columns = [*operator_columns(counts, rows)]
    widths = [max(map(len, column)) + _GAP for column in columns]
    names = [_TITLE, *map(escape, rows)]
    room = max(min(max(map(columns_of, names)), width - sum(widths)), len(_TITLE))
    for name, *cells in zip(names, *columns, strict=True):
        right = (f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))
        yield pad(cut_name(name, room), room) + "".join(right)
    left = rows_left_out(counts, rows)
    if left:
        yield f"… and {left:,} more attributes (--all shows them)"


def largest_rows(
    counts: Mapping[tuple[str, str], int], most: int | None = None
) -> list[str]:
    """Return the attributes with the most operations, by name."""
    return sorted(ranked_rows(counts, most))


def ranked_rows(
    counts: Mapping[tuple[str, str], int], most: int | None = None
) -> list[str]:
    """Return the attributes with the most operations, largest first, then by name."""
    sums: Counter[str] = Counter()
    # `most_common` leaves equal sums as they were met: by name.
    for (name, _), count in sorted(counts.items()):
        sums[name] += count
    return [name for name, _ in sums.most_common(most)]


def rows_left_out(counts: Mapping[tuple[str, str], int], rows: Iterable[str]) -> int:
    """Count the attributes that are in no row."""
    return len({name for name, _ in counts}.difference(rows))


def operator_columns(
    counts: Mapping[tuple[str, str], int], rows: list[str]
) -> Iterator[list[str]]:
    """Yield a column for each operator in use: its name, and a cell for each row."""
    used = {operator for _, operator in counts}
    for name in (*OPERATORS, "release"):
        if name in used:
            cells = (counts.get((row, name), 0) for row in rows)
            yield [name, *(f"{count:,}" if count else "." for count in cells)]
