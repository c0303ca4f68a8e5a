"""What the DuckDB engine says in SQL: its relations, one by one.

Names begin with `engine_`, so that they meet no name of a row source. The right side of
every join is the one that is kept in memory: the smaller, or the narrower.
"""

from __future__ import annotations

from collections.abc import Iterable

from ctsync.duck import quoted

# Guessing which side is smaller went wrong by four digits, so the query says it. The
# order of insertion is asked of nothing here, and keeping it costs memory.
LIMITS = """
SET disabled_optimizers = 'join_order,build_side_probe_side';
SET preserve_insertion_order = false;
SET memory_limit = '{memory_mib}MiB'"""

NO_KNOWN = """
CREATE TEMP TABLE engine_known (
    type VARCHAR, id VARCHAR, fingerprint BLOB, gone BOOLEAN, names VARCHAR,
    bound BOOLEAN, body VARCHAR
)"""
# In the line of an entry, nothing but values of ours follows the key `ours`.
TAKE_LINES = """
INSERT INTO engine_known
SELECT
    type,
    entry -> 'key' ->> type,
    unhex(entry ->> 'fingerprint'),
    coalesce((entry ->> 'gone')::BOOLEAN, false),
    concat('\n', array_to_string(json_keys(entry, '$.attributes'), '\n'), '\n'),
    json_exists(entry, '$.cohorts') OR contains(body, '"ours":['),
    body
FROM (
    SELECT body, body::JSON AS entry, json_keys(body::JSON, '$.key')[1] AS type
    FROM (SELECT unnest(string_split($1, '\n')) AS body)
)"""

NO_FEW = """
CREATE TEMP TABLE engine_few (
    type VARCHAR, id VARCHAR, digest BLOB, source INTEGER, file INTEGER, row BIGINT
)"""
TAKE_ROWS = """
INSERT INTO engine_few
SELECT {type}, id, digest, {source}, file, row FROM ({rows})"""
TAKE_LOOSE = """
INSERT INTO engine_few
SELECT place ->> 0, place ->> 1, unhex(place ->> 2), -1, 0, (place ->> 3)::BIGINT
FROM (SELECT unnest(from_json($1::JSON, '["JSON"]')) AS place)"""

KNOWN = "CREATE TEMP VIEW engine_known AS {columns}"
COUNT_KNOWN = "SELECT count(*) FROM engine_known"
COUNT_ENTRIES = "SELECT count(*) FILTER (NOT gone) FROM engine_known"

# Where few are named, only their entries are looked at, and those wanted anyway.
MEET_FEW = """
CREATE TEMP TABLE engine_seen AS
SELECT type, id, fingerprint, gone, bound, watched FROM ({known})
WHERE bound OR watched OR {undeclared}
    OR (type, id) IN (SELECT (type, id) FROM engine_few)"""
PLACES_OF_FEW = "CREATE TEMP VIEW engine_places AS FROM engine_few"

# An entry that stays unmatched is changed or undeclared, a row changed or new. Rows and
# entries of keys with several places are kept, since only all digests together tell.
MEET_MANY = """
CREATE TEMP TABLE engine_odd AS
SELECT
    p.id, p.digest, p.file, p.row,
    k.type AS known_type, k.id AS known_id, k.fingerprint, k.gone, k.bound, k.watched
FROM (SELECT *, hash(id) AS mark FROM ({rows})) p
FULL JOIN (
    SELECT *, CASE WHEN type = {type} AND NOT gone THEN hash(id) END AS mark
    FROM ({known})
) k ON p.mark = k.mark AND p.digest = k.fingerprint AND p.id = k.id
WHERE p.id IS NULL OR k.id IS NULL OR k.watched {overlap}"""
OVERLAP = "OR p.id IN (SELECT id FROM engine_few WHERE type = {type})"
SEEN_OF_MANY = """
CREATE TEMP VIEW engine_seen AS
SELECT known_type AS type, known_id AS id, fingerprint, gone, bound, watched
FROM engine_odd WHERE known_id IS NOT NULL"""
PLACES_OF_MANY = """
CREATE TEMP VIEW engine_places AS
SELECT {type} AS type, id, digest, {source} AS source, file, row
FROM engine_odd WHERE id IS NOT NULL
UNION ALL FROM engine_few"""

NAMED_ONCE = """
SELECT type, id, digest AS fingerprint FROM engine_places WHERE id <> ''"""
NAMED = """
SELECT
    type, id,
    CASE WHEN count(*) = 1 THEN min(digest) ELSE unhex(md5(
        list_reduce(list_sort(list(digest)), lambda one, other: one || other)
    )) END AS fingerprint
FROM engine_places WHERE id <> '' GROUP BY type, id"""
MEET = """
CREATE TEMP TABLE engine_met AS
SELECT
    coalesce(n.type, k.type) AS type,
    coalesce(n.id, k.id) AS id,
    n.id IS NOT NULL AS named,
    k.id IS NOT NULL AND NOT k.gone AS known,
    named AND known AND n.fingerprint IS NOT DISTINCT FROM k.fingerprint AS same,
    CASE
        WHEN same THEN k.watched
        ELSE named OR k.bound OR {undeclared}
    END AS chosen
FROM ({named}) n FULL JOIN engine_seen k ON n.type = k.type AND n.id = k.id"""
COUNT_MET = """
SELECT
    count(*) FILTER (known),
    count(*) FILTER (same),
    count(*) FILTER (known AND NOT named)
FROM engine_met"""

CHOSEN_ROWS = """
CREATE TEMP TABLE {name} AS
SELECT type, id, digest, file, row FROM engine_places
WHERE source = {source} AND (type, id) IN (
    SELECT (type, id) FROM engine_met WHERE chosen AND named AND NOT same
)"""
NOBODYS_SOURCES = "SELECT DISTINCT source FROM engine_places WHERE id = ''"
NOBODYS_ROWS = """
CREATE TEMP TABLE {name} AS
SELECT type, id, digest, file, row FROM engine_places
WHERE source = {source} AND id = ''"""
# Wide rows are never what a join keeps: they pass, and only the sort holds them.
CELLS = """
SELECT r.type, r.id, {source} AS source, c.file, c.row, r.digest, c.cells,
    NULL::VARCHAR AS body
FROM ({cells}) c JOIN {name} r ON c.file = r.file AND c.row = r.row"""
LOOSE = """
SELECT f.type, f.id, f.source, f.file, f.row, f.digest, NULL::VARCHAR[], NULL
FROM engine_few f
SEMI JOIN (FROM engine_met WHERE chosen AND NOT same) m
ON f.type = m.type AND f.id = m.id
WHERE f.source = {loose}"""
ENTRIES = """
SELECT k.type, k.id, CASE WHEN m.same THEN {same} ELSE {differs} END, 0, 0, NULL, NULL,
    k.body
FROM engine_known k
JOIN (FROM engine_met WHERE chosen) m ON k.type = m.type AND k.id = m.id"""
NOBODY = "SELECT id, digest, file, row, cells FROM ({cells}) ORDER BY file, row"
ROWS_OF_ONE = """
CREATE TEMP TABLE engine_one AS
SELECT id, digest, file, row FROM ({rows}) WHERE {type} = $1 AND id = $2"""
CELLS_OF_ONE = """
SELECT o.id, o.digest, c.file, c.row, c.cells
FROM ({cells}) c JOIN engine_one o ON c.file = o.file AND c.row = o.row
ORDER BY c.file, c.row"""
IN_ORDER = "FROM ({parts}) ORDER BY type, id, source, file, row"
PLACES = """
SELECT DISTINCT ON (file) id, digest, file, row FROM ({rows}) ORDER BY file"""


def known(attributes: Iterable[str], *, everyone: bool) -> str:
    """Give the query of the snapshot, with the entries marked that are watched."""
    words = [
        f"contains(names, '\n' || {quoted(n)} || '\n')" for n in sorted(attributes)
    ]
    watched = "true" if everyone else " OR ".join(words) or "false"
    return f"""
        SELECT type, id, fingerprint, gone, bound, ({watched}) AS watched
        FROM engine_known"""  # noqa: S608 - the names are quoted
