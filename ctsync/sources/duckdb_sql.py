"""What reading rows says in SQL: its relations, one by one.

Of every join the right side is the one to keep in memory.
"""

from __future__ import annotations

CREATE = """
CREATE OR REPLACE TEMP TABLE {table} (
    key VARCHAR, digest UHUGEINT, file INTEGER, is_sound BOOLEAN{row}
)"""
INSERT = """
INSERT INTO {table} SELECT key, {digest}, file, {sound}{row} FROM ({relation})"""
INSERT_KEPT = INSERT + " WHERE kept"
INSERT_MARKED = """
INSERT INTO {table} SELECT
    CASE WHEN kept THEN key END,
    CASE WHEN kept THEN {digest} END,
    file,
    CASE WHEN kept THEN {sound} END
FROM ({relation})"""

# Rows of files that number none are numbered by `rowid`, which is the order in which
# they were inserted: each file has to be one run of it.
STARTS = """
SELECT file, min(rowid), max(rowid), count(*) FROM {table} GROUP BY file ORDER BY 1"""
ROWS = """
CREATE OR REPLACE TEMP VIEW {rows} AS
SELECT CASE WHEN is_sound THEN key ELSE '' END AS id, key, digest, file, row
FROM (
    SELECT t.*, t.rowid - s.low + 1 AS row
    FROM {table} t JOIN (VALUES {starts}) s(file, low) ON t.file = s.file
    UNION ALL FROM {numbered}
)
WHERE is_sound IS NOT NULL"""
COUNT_STREAM = "SELECT count(*) FROM ({relation})"
# Hashes take a fraction of the memory of ids. Where two ids share one, twins are looked
# for in vain, and that is all.
# As a query of its own, DISTINCT goes to the disk where there is too much of it.
COUNT = """
SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT hash(id) FROM {rows}))
FROM {rows}"""

NO_CELLS = """
SELECT 0::INTEGER AS file, 0::BIGINT AS row, []::VARCHAR[] AS cells WHERE false"""
PICKED = """
SELECT r.file AS in_file, r.row AS at_row, coalesce(r.key, '') AS picked, r.digest
FROM {rows} r JOIN (SELECT DISTINCT file, row FROM {wanted}) w
ON r.file = w.file AND r.row = w.row
WHERE r.file BETWEEN {first} AND {last}"""
# Cells are put together after the join, since few rows are left by then.
CELLS_BY_ROW = """
SELECT file, row, {cells} AS cells
FROM ({relation}) p JOIN ({picked}) k ON p.file = k.in_file AND p.row = k.at_row"""
CELLS_BY_KEY = """
SELECT in_file AS file, at_row AS row, {cells} AS cells
FROM (SELECT * FROM ({relation}){kept}) p
JOIN ({picked}) k ON coalesce(p.key, '') = k.picked"""
# Rows of one key and digest have the same cells, so any of them serves.
CELLS_OF_TWINS = """
SELECT k.in_file AS file, k.at_row AS row, p.cells
FROM ({picked}) k
JOIN (
    SELECT file, key, digest, any_value(cells) AS cells
    FROM (
        SELECT file, coalesce(key, '') AS key, {digest} AS digest, {cells} AS cells
        FROM ({relation}){kept}
    )
    WHERE key IN (SELECT picked FROM ({picked}))
    GROUP BY file, key, digest
) p ON p.key = k.picked AND p.file = k.in_file AND p.digest = k.digest"""

# What is read elsewhere: rows with all that an engine asks for, some at a time.
PIECE = """
SELECT CASE WHEN {sound} THEN key ELSE '' END AS id, {digest} AS digest, file, row,
    {cells} AS cells
FROM ({relation}){kept}"""
NUMBERED_HERE = "SELECT *, row_number() OVER () AS row FROM ({relation})"

# Of all columns something is asked, or DuckDB would not read them.
TRY = "SELECT max({value}), max(key) FROM ({relation})"

SURPLUS = "CREATE OR REPLACE TEMP TABLE {surplus} AS {rows}"
KEYS = "SELECT id, digest, file, row FROM {rows}"
KEYS_WITHOUT = """
SELECT id, digest, file, row FROM {rows} r
WHERE NOT EXISTS (
    SELECT 1 FROM {surplus} s WHERE s.file = r.file AND s.row = r.row
)"""

NO_KEYS = """
SELECT '' AS id, 0::UHUGEINT AS digest, 0::INTEGER AS file, 0::BIGINT AS row
WHERE false"""
EVERY_NAME = "every_row"
EVERY = "CREATE OR REPLACE TEMP TABLE every_row AS {keys}"
EVERY_CELLS = """
SELECT k.id, {digest} AS digest, k.file, k.row, c.cells
FROM ({cells}) c JOIN every_row k ON k.file = c.file AND k.row = c.row
ORDER BY k.file, k.row"""
