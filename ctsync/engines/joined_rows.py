"""Joining the rows of one key out of several sources, in SQL: one wide row a key.

They are joined range by range, so that what a join keeps in memory is never much. A
row that cannot be decided is parted again into those that it came from.
"""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.engines.duckdb_candidates_sql import KEYS_ALONE
from ctsync.model.decided_rows import RowDecision
from ctsync.model.joined_columns import JoinedColumns

# The digest of several rows is what `base.fingerprint` makes of them.
_JOINED = """
SELECT *, {source} AS source, {file} AS file, {row} AS row, {standing} AS standing,
    CASE len(digests) WHEN 1 THEN digests[1]
        ELSE unhex(md5(list_reduce(digests, lambda one, other: one || other)))
    END AS digest,
    [{cells}] AS cells
FROM (
    SELECT *, {places} AS places,
        list_sort(list_filter([{digests}], lambda d: d IS NOT NULL)) AS digests
    FROM ({keys}) m{parts}
)"""
_PART = """
    LEFT JOIN (
        SELECT id AS id_{number}, digest AS digest_{number}, cells AS cells_{number},
            {said}
        FROM engine_wide WHERE source = {number} AND {range}
    ) p{number} ON m.id = p{number}.id_{number}"""
_CELLS = """
CASE WHEN row_{number} IS NOT NULL THEN {{
    'source': {number}, 'file': file_{number}, 'row': row_{number},
    'digest': digest_{number}, 'cells': cells_{number}
}} END"""
# Of a row that is decided there is one place; it is said already.
_PARTED = """
SELECT type, id, coalesce(p.source, source) AS source, coalesce(p.file, file) AS file,
    coalesce(p.row, row) AS row, p.digest AS digest, p.cells AS cells, body, {added}
FROM (
    SELECT * EXCLUDE (cells, digest), unnest(CASE WHEN is_new IS NULL
        THEN list_filter(cells, lambda p: p IS NOT NULL) ELSE [NULL] END) AS p
    FROM ({decided})
)"""


def decided_joined(decision: RowDecision, columns: JoinedColumns, within: str) -> str:
    """Return the query of the joined rows of a range, decided or parted again."""
    source, file, row = columns.first
    joined = _JOINED.format(
        source=source,
        file=file,
        row=row,
        standing=columns.standing_sql,
        places=columns.places,
        digests=", ".join(f"digest_{number}" for number in columns.parts),
        cells=", ".join(_CELLS.format(number=number) for number in columns.parts),
        keys=KEYS_ALONE.format(range=within),
        parts="".join(_parts(columns, within)),
    )
    added = ", ".join(decision.added)
    return _PARTED.format(added=added, decided=decision.over(joined))


def _parts(columns: JoinedColumns, within: str) -> Iterator[str]:
    for number in columns.parts:
        said = columns.said_by(number)
        yield _PART.format(number=number, said=said, range=within)
