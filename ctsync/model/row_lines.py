"""On which lines the rows of a text file begin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from ctsync.sql_text import stepwise


class RowLines(Struct, frozen=True):
    """The lines of the rows of one file.

    Records are counted from 0, lines from 1: from record `records[n]` on, a line's
    number is `shifts[n]` more than its record's. `heading` is how many records stand
    before the first row.
    """

    heading: int = 0
    records: Sequence[int] = ()
    shifts: Sequence[int] = ()

    def line_of(self, row: int) -> int:
        """Return the line on which a row, counted from 1, begins."""
        record = row - 1 + self.heading
        place = bisect_right(self.records, record) - 1
        return record + (1 if place < 0 else self.shifts[place])


def lines_sql(lines: Sequence[RowLines | None]) -> str:
    """Return SQL of the line on which a `row` of a `file` begins; NULL: it has none."""
    texts = [_line_in(each) for each in lines] or ["NULL"]
    firsts = [n for n, each in enumerate(texts) if n and each != texts[n - 1]]
    return stepwise("file", firsts, [texts[0], *(texts[n] for n in firsts)])


def _line_in(lines: RowLines | None) -> str:
    if lines is None:
        return "NULL"
    before = lines.heading - 1
    rows = [record - before for record in lines.records]
    lags = [str(before + shift) for shift in (1, *lines.shifts)]
    return f"(row + {stepwise('row', rows, lags)})"
