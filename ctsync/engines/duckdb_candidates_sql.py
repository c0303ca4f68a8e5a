"""How candidates are fetched in DuckDB's SQL, out of what a comparison left."""

from __future__ import annotations

from collections.abc import Sequence

from ctsync.model.entry_bodies import line_sql
from ctsync.sql_text import quoted

# Only of entries that are met, for most are not; its braces are doubled for `format`.
_LINE = line_sql("e").replace("{", "{{").replace("}", "}}")

# What comes to Python comes in the order of keys, one range of them after another. Of
# id types the first letter says enough; with whole ones sorting takes twice as long.
CHOSEN = """
CREATE TEMP TABLE engine_chosen AS
SELECT type, id, named, same, held, false AS alone FROM engine_met WHERE chosen
ORDER BY ord(type), id"""
NO_MET = "DROP TABLE engine_met"
COUNT_NAMED = "SELECT count(*) FROM engine_chosen WHERE named AND NOT same"
# Whom rows of some sources name, and no other place.
ALONE = """
UPDATE engine_chosen SET alone = true
WHERE named AND NOT same AND type = {type} AND id NOT IN (
    SELECT id FROM engine_few WHERE type = {type} AND source NOT IN ({sources})
) AND NOT ({forced})"""
# How many of them stand in the few.
COUNT_JOINED = """
SELECT count(*) FROM engine_chosen c SEMI JOIN (
    SELECT type, id FROM engine_few WHERE source IN ({sources})
) f ON c.type = f.type AND c.id = f.id
WHERE named AND NOT same"""
# Rows stand there in the order of keys, so their numbers part them into ranges.
RANGES = """
SELECT type, min(id), bool_and(alone), bool_or(held)
FROM engine_chosen GROUP BY type, rowid // {count} ORDER BY type, min(id)"""
MOSTLY_HELD = "SELECT avg(held::INTEGER) > 0.5 FROM engine_chosen"
CHOSEN_ROWS = """
CREATE TEMP TABLE {name} AS
SELECT p.type, p.id, p.digest, p.file, p.row, m.alone
FROM (FROM engine_places WHERE source = {source}) p
JOIN (FROM engine_chosen WHERE named AND NOT same) m
ON p.type = m.type AND p.id = m.id"""
WIDE = """
CREATE TEMP TABLE engine_wide AS
SELECT type, id, source, file, row, digest, cells, alone FROM ({parts})
ORDER BY ord(type), id"""
KEEP_ORDER = "SET preserve_insertion_order = true"
NO_WIDE = """
SELECT '' AS type, '' AS id, 0 AS source, 0 AS file, 0::BIGINT AS row,
    ''::BLOB AS digest, []::VARCHAR[] AS cells, false AS alone WHERE false"""
# Of a stream, a key is in no two rows.
CHOSEN_OF_STREAM = """
SELECT {type} AS type, o.id, {source} AS source, o.file, o.row, {digest} AS digest,
    o.cells, m.alone
FROM engine_odd o
JOIN (FROM engine_chosen WHERE named AND NOT same AND type = {type}) m ON o.id = m.id"""
# Whoever is alone is left out here where rows are decided beside the database.
IN_RANGE = f"""
SELECT type, id, source, file, row, digest, cells, NULL::VARCHAR AS body
FROM engine_wide WHERE NOT alone AND {{range}}
UNION ALL
SELECT f.type, f.id, f.source, f.file, f.row, NULL, NULL, NULL
FROM (FROM engine_few WHERE source = {{loose}} AND {{range}}) f
SEMI JOIN (FROM engine_chosen WHERE NOT same AND {{range}}) m
ON f.type = m.type AND f.id = m.id
UNION ALL
SELECT e.type, e.id, CASE WHEN m.same THEN {{same}} ELSE {{differs}} END, 0, 0, NULL,
    NULL, {_LINE}
FROM (SELECT type, id, fingerprint, body FROM engine_known WHERE {{range}}) e
JOIN (FROM engine_chosen WHERE NOT alone AND {{range}}) m
ON e.type = m.type AND e.id = m.id"""  # noqa: S608 - all of it is ours
IN_ORDER = " ORDER BY type, id, source, file, row"
# Bodies are first joined with who is chosen: only those are kept to be met by rows.
_BODIES = f"""(
    SELECT e.type, e.id, {_LINE} AS body
    FROM (SELECT type, id, fingerprint, body FROM engine_known WHERE {{range}}) e
    JOIN (FROM engine_chosen WHERE alone AND {{range}}) c
    ON e.type = c.type AND e.id = c.id
)"""  # noqa: S608 - all of it is ours
# A type of rows has one source, so each key stands once, in the order of the table.
ALONE_ROWS = """
SELECT type, id, source, file, row, digest, cells
FROM engine_wide WHERE alone AND {range}"""
DECIDED = f"""
SELECT w.*, k.body
FROM ({{rows}}) w
LEFT JOIN {_BODIES} k ON w.type = k.type AND w.id = k.id"""  # noqa: S608 - all of it is ours
KEYS_ALONE = f"""
SELECT c.type, c.id, k.body
FROM (FROM engine_chosen WHERE alone AND {{range}}) c
LEFT JOIN {_BODIES} k ON c.type = k.type AND c.id = k.id"""  # noqa: S608 - all of it is ours
DECIDED_NEW = "SELECT *, NULL::VARCHAR AS body FROM ({rows})"
WITH_DECIDED = "SELECT *, {empty} FROM ({others}) UNION ALL FROM ({decided})"


def between(low: Sequence[str], high: Sequence[str]) -> str:
    """Return the condition for keys from one bound up to the next of its type."""
    (kind, first), (other, end) = low, high
    below = f" AND id < {quoted(end)}" if kind == other else ""
    return f"type = {quoted(kind)} AND id >= {quoted(first)}{below}"
