"""The query for rows of an export that are objects."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.duckdb_connection import Connection
from ctsync.formats.json_columns import pointer, sound_line
from ctsync.observe.exports.export_columns import ExportColumn
from ctsync.observe.exports.export_query import (
    ColumnOf,
    ColumnPath,
    ExportQuery,
    ExportSource,
    WantedRows,
    told_rows,
    untold_rows,
)
from ctsync.sql_text import quoted

_MOST_NAMES = 200  # a row with any other is left to Python
_NAMES = """SELECT name FROM (SELECT unnest(json_keys({json})) AS name FROM {relation})
GROUP BY name ORDER BY count(*) DESC, name LIMIT {most}"""
# How many names there are, and the values of those that are known.
_OBJECTS = """(SELECT type, id, json::VARCHAR AS row, len(json_keys(json)) AS size,
json_extract(json, [{pointers}])::VARCHAR[] AS cells FROM {rows})"""


def of_objects(
    connection: Connection, source: ExportSource, wanted: WantedRows
) -> ExportQuery:
    """Return the query for rows that are objects, of which `row` is the text.

    The source has them as `json`.
    """
    if not source.is_told:
        return untold_rows(source.rows("json::VARCHAR AS row"))
    objects = _Objects(connection, source.relation, wanted.column_of)
    rows = _OBJECTS.format(pointers=objects.pointers, rows=source.rows("json"))
    cells = [*objects.cells()]
    return told_rows(rows, cells, wanted, objects.is_sound())


class _Objects:
    """The names in objects, and in those that hold attributes of the profile."""

    def __init__(
        self, connection: Connection, relation: str, column_of: ColumnOf
    ) -> None:
        self._connection, self._relation = connection, relation
        top = [(name,) for name in self._names("json")]
        self._top = len(top)
        self._data = [path for path in top if _holds_data(column_of(path))]
        inside = [
            (*path, name)
            for path in self._data
            for name in self._names(f"json_extract(json, {quoted(pointer(*path))})")
        ]
        self._paths: list[ColumnPath] = [*top, *inside]

    @property
    def pointers(self) -> str:
        """The places of all values, as SQL."""
        return ", ".join(quoted(pointer(*path)) for path in self._paths)

    def cells(self) -> Iterator[tuple[ColumnPath, str]]:
        """Yield paths and SQL of values; an object of attributes is none itself."""
        for at, path in enumerate(self._paths, 1):
            cell = f"cells[{at}]"
            if path in self._data:
                cell = f"CASE WHEN NOT starts_with({cell}, '{{') THEN {cell} END"
            yield path, cell

    def is_sound(self) -> str:
        """Return SQL: whether no name stands twice, and none is another."""
        top = f"size = list_count(cells[1:{self._top}])"
        sizes = [f"len(json_keys({cell}))" for cell in map(self._cell, self._data)]
        if sizes:
            size = " + ".join(f"coalesce({each}, 0)" for each in sizes)
            top = f"{top} AND {size} = list_count(cells[{self._top + 1}:])"
        return f"{top} AND {sound_line('row')}"

    def _cell(self, path: ColumnPath) -> str:
        return f"cells[{self._paths.index(path) + 1}]"

    def _names(self, json: str) -> list[str]:
        query = _NAMES.format(json=json, relation=self._relation, most=_MOST_NAMES)
        return sorted(str(row[0]) for row in self._connection.execute(query).fetchall())


def _holds_data(column: ExportColumn | None) -> bool:
    return column is not None and column.sort == "data"
