"""Queries for rows of an export, with their lines where SQL is sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from ctsync.observe.exports.export_columns import ExportColumn
from ctsync.observe.exports.known_cells import known_sql

ColumnPath: TypeAlias = "tuple[str, ...]"
"""The name of a column; of what stands in an object that is a column, both names."""
ColumnOf: TypeAlias = "Callable[[ColumnPath], ExportColumn | None]"
"""Says what of a column is taken; None: nothing."""

MOST_SORTED_WIDTH = 512
MOST_TOLD_WIDTH = 4_096
"""Bytes of a row; DuckDB works on 2,048 rows at once, and holds several copies."""

_KEYED = "(SELECT {key}, {cells} FROM {relation}{order})"
_COLUMNS = "(SELECT *, [{cells}] AS row FROM {rows})"
_KNOWN = """(SELECT *, to_json(id)::VARCHAR AS id_json{known} FROM {rows}
WHERE type IS NOT NULL)"""
_LINE = """concat('{{"attributes":{{', concat_ws(',', {attributes}),
'}},"key":{{"', type, '":', id_json, '}}}}\n')"""
_TOLD = "(SELECT *, CASE WHEN {is_sound} THEN {line} END AS line FROM {rows})"
_UNTOLD = """SELECT type, id, NULL::VARCHAR AS line, '' AS shape, row FROM {rows}
WHERE type IS NOT NULL"""
_QUERY = "SELECT type, id, line, concat({shape}) AS shape, {row} FROM {rows}"


class ExportSource(Struct, frozen=True):
    """A relation of what a file holds; `key` gives `type` and `id` of it, as SQL.

    `width` is how many bytes a row has, on the average of the first, and 0 where there
    is none; `names` are those of columns, or in the first objects.
    """

    relation: str
    key: str
    width: float
    names: Sequence[str]

    @property
    def is_wide(self) -> bool:
        """Whether rows stay in the order of the file: to sort them takes memory."""
        return self.width > MOST_SORTED_WIDTH

    @property
    def is_told(self) -> bool:
        """Whether their lines are told in SQL."""
        return self.width <= MOST_TOLD_WIDTH

    def rows(self, cells: str) -> str:
        """Return the relation of keys and cells, sorted by key if it is not wide."""
        order = "" if self.is_wide else " ORDER BY 1, 2"
        return _KEYED.format(
            key=self.key, cells=cells, relation=self.relation, order=order
        )


class WantedRows(Struct, frozen=True):
    """What is asked of rows: what of columns is taken, and whether all have cells."""

    column_of: ColumnOf
    whole: bool


class ExportQuery(Struct, frozen=True):
    """A query for `type`, `id`, `line`, `shape` and `row`; `names` by place of a shape.

    `line` is NULL where SQL is not sure, `row` where it is, unless all rows are wanted.
    Of a shape the places of attributes are "1" that the line has.
    """

    text: str
    names: Sequence[str]


def of_columns(
    source: ExportSource, cells: Sequence[tuple[str, str]], wanted: WantedRows
) -> ExportQuery:
    """Return the query for rows of columns, of which `row` is a list of their cells.

    `cells` are names and SQL of cells over `source`.
    """
    columns = ", ".join(f"{sql} AS c{at}" for at, (_, sql) in enumerate(cells, 1))
    told = [((name,), f"c{at}") for at, (name, _) in enumerate(cells, 1)]
    listed = ", ".join(sql for _, sql in told)
    rows = _COLUMNS.format(cells=listed, rows=source.rows(columns))
    if not source.is_told:
        return untold_rows(rows)
    return told_rows(rows, told, wanted, "true")


def untold_rows(rows: str) -> ExportQuery:
    """Return the query over rows for their cells alone."""
    return ExportQuery(_UNTOLD.format(rows=rows), ())


def told_rows(
    rows: str,
    cells: Sequence[tuple[ColumnPath, str]],
    wanted: WantedRows,
    is_sound: str,
) -> ExportQuery:
    """Return the query over rows for what is taken of cells, where they are sound.

    `rows` have `type`, `id`, `row`, and what `is_sound` and the SQL of `cells` name.
    """
    taken = sorted(_taken(cells, wanted.column_of), key=lambda each: each[0].folded)
    places = [f"k{at}" for at, _ in enumerate(taken)]
    known = "".join(
        f", {known_sql(sql, column)} AS {place}"
        for place, (column, sql) in zip(places, taken, strict=True)
    )
    is_sure = [is_sound, "NOT contains(id_json, '\\')", *map(_IS_SURE.format, places)]
    line = _LINE.format(attributes=", ".join(map(_SAID.format, places)) or "NULL")
    rows = _KNOWN.format(known=known, rows=rows)
    rows = _TOLD.format(is_sound=" AND ".join(is_sure), line=line, rows=rows)
    shape = ", ".join(map(_SHOWN.format, places)) or "''"
    row = "row" if wanted.whole else "CASE WHEN line IS NULL THEN row END AS row"
    text = _QUERY.format(shape=shape, row=row, rows=rows)
    return ExportQuery(text, [column.folded for column, _ in taken])


_IS_SURE = "{0} IS NOT NULL"
_SAID = "nullif({0}, '')"
_SHOWN = "CASE WHEN {0} = '' THEN '0' ELSE '1' END"


def _taken(
    cells: Sequence[tuple[ColumnPath, str]], column_of: ColumnOf
) -> Iterator[tuple[ExportColumn, str]]:
    """Yield what is taken of columns; of several of one name none is sure."""
    found = [(column, sql) for path, sql in cells if (column := column_of(path))]
    counts = Counter(column.folded for column, _ in found)
    for column, sql in found:
        is_alone = counts[column.folded] == 1
        yield column if is_alone else ExportColumn("special", column.folded), sql
