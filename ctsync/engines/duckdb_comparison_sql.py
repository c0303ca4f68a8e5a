"""What a comparison says in DuckDB's SQL: its relations, one by one.

Names begin with `engine_`, so that they meet no name of a row source. The right side of
every join is the one that is kept in memory: the smaller, or the narrower.
"""

from __future__ import annotations

from collections.abc import Iterable

from ctsync.duckdb_connection import as_bytes, as_number
from ctsync.sql_text import quoted

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
    type VARCHAR, id VARCHAR, digest UHUGEINT, source INTEGER, file INTEGER, row BIGINT
)"""
TAKE_ROWS = """
INSERT INTO engine_few
SELECT {type}, id, digest, {source}, file, row FROM ({rows})"""
TAKE_LOOSE = """
INSERT INTO engine_few
SELECT place ->> 0, place ->> 1, (place ->> 2)::UHUGEINT, -1, 0, (place ->> 3)::BIGINT
FROM (SELECT unnest(from_json($1::JSON, '["JSON"]')) AS place)"""

KNOWN = "CREATE TEMP VIEW engine_known AS {columns}"
COUNT_KNOWN = """
SELECT type, count(*), count(*) FILTER (NOT gone) FROM engine_known GROUP BY type"""

# Where few are named, only their entries are looked at, and those wanted anyway.
MEET_FEW = """
CREATE TEMP TABLE engine_seen AS
SELECT type, id, fingerprint, gone, bound, watched FROM ({known})
WHERE bound OR watched OR {undeclared}
    OR (type, id) IN (SELECT (type, id) FROM engine_few)"""
PLACES_OF_FEW = "CREATE TEMP VIEW engine_places AS FROM engine_few"

# What stays unmatched is of an entry that changed or is undeclared, or a row that
# changed or is new. Rows and entries of keys with several places are kept, since only
# all digests together tell. Key and cells of a row are made only where it stays. The
# right side is kept in memory: of entries next to nothing is joined, and of those that
# cannot meet a row nothing.
MEET_MANY = """
CREATE TEMP TABLE engine_odd AS
SELECT
    CASE WHEN row IS NOT NULL THEN CASE WHEN {sound} THEN key ELSE '' END END AS id,
    digest, file, row,
    CASE WHEN row IS NOT NULL THEN {cells} END AS cells,
    {marks}
FROM (SELECT *, {digest} AS digest FROM ({relation})) p
FULL JOIN (
    SELECT {marks}, watched FROM (SELECT *, id AS known_id FROM ({known}))
    WHERE type = {type} AND NOT gone AND fingerprint IS NOT NULL
) k ON {same}
WHERE row IS NULL OR fingerprint IS NULL OR watched {overlap}"""
# By what a row meets its entry: one number says all where it tells the key, too.
BY_DIGEST = {"marks": "fingerprint", "same": "p.digest = k.fingerprint"}
BY_KEY = {
    "marks": "known_id, fingerprint",
    "same": "p.digest = k.fingerprint AND p.key = k.known_id",
}
MEET_ENTRIES = """
CREATE TEMP TABLE engine_seen AS
SELECT type, id, fingerprint, gone, bound, watched
FROM (SELECT *, id AS known_id FROM ({known}))
WHERE type <> {type} OR gone OR fingerprint IS NULL
    OR ({marks}) IN (SELECT ({marks}) FROM engine_odd WHERE fingerprint IS NOT NULL)"""
OVERLAP = "OR key IN (SELECT id FROM engine_few WHERE type = {type})"
LOADED = "SELECT id AS key, digest AS loaded, file, row FROM ({rows})"
# As many rows went unnoticed as entries, unless two rows were like one entry.
UNNOTICED = """
SELECT
    {rows} - (SELECT count(row) FROM engine_odd),
    {entries} - count(*) FILTER (type = {type} AND NOT gone)
FROM engine_seen"""
ODD_TWINS = """
SELECT 1 FROM engine_odd WHERE id <> '' GROUP BY id HAVING count(*) > 1 LIMIT 1"""
# Rows whose entry is not among those that stayed: new, or twins of one that went.
ODD_STRANGERS = """
CREATE TEMP TABLE engine_strangers AS
SELECT id FROM engine_odd o
WHERE id <> '' AND fingerprint IS NULL AND NOT EXISTS (
    SELECT 1 FROM engine_seen k WHERE k.type = {type} AND NOT k.gone AND k.id = o.id
)"""
NO_STRANGERS = "DROP TABLE engine_strangers"
COUNT_STRANGERS = "SELECT count(*) FROM engine_strangers"
KNOWN_STRANGERS = """
SELECT 1 FROM engine_known k JOIN engine_strangers s ON k.id = s.id
WHERE k.type = {type} AND NOT k.gone LIMIT 1"""
NO_ODD = "DROP TABLE engine_odd"
NO_SEEN = "DROP TABLE engine_seen"
PLACES_OF_MANY = """
CREATE TEMP VIEW engine_places AS
SELECT {type} AS type, id, digest, {source} AS source, file, row
FROM engine_odd WHERE id IS NOT NULL
UNION ALL FROM engine_few"""

NAMED_ONCE = """
SELECT type, id, digest AS fingerprint FROM engine_places WHERE id <> ''"""
NAMED = """
SELECT
    type, id, CASE WHEN count(*) = 1 THEN min(digest) ELSE {several} END AS fingerprint
FROM engine_places WHERE id <> '' GROUP BY type, id"""
# A fingerprint that was cleared is NULL: distinct from any, where `=` would be NULL.
MEET = """
CREATE TEMP TABLE engine_met AS
SELECT
    coalesce(n.type, k.type) AS type,
    coalesce(n.id, k.id) AS id,
    n.id IS NOT NULL AS named,
    k.id IS NOT NULL AS held,
    held AND NOT k.gone AS known,
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
NOBODYS_SOURCES = "SELECT DISTINCT source FROM engine_places WHERE id = ''"
NOBODYS_ROWS = """
CREATE TEMP TABLE {name} AS
SELECT type, id, digest, file, row, false AS alone FROM engine_places
WHERE source = {source} AND id = ''"""
# Wide rows are never what a join keeps: they pass, and only the sort holds them.
CELLS = """
SELECT r.type, r.id, {source} AS source, c.file, c.row, {digest} AS digest, c.cells,
    r.alone
FROM ({cells}) c JOIN {name} r ON c.file = r.file AND c.row = r.row"""
CELLS_OF_STREAM = """
SELECT o.file, o.row, o.cells
FROM engine_odd o JOIN {name} w ON o.file = w.file AND o.row = w.row"""
NOBODY = "SELECT id, digest, file, row, cells FROM ({cells}) ORDER BY file, row"
PLACES = """
SELECT DISTINCT ON (file) id, file, row FROM ({rows}) ORDER BY file"""


def named(*, once: bool) -> str:
    """Return the query of the profiles that places name, with their fingerprints."""
    if once:
        return NAMED_ONCE
    digests = f"list_sort(list({as_bytes('digest')}))"
    words = f"unhex(md5(list_reduce({digests}, lambda one, other: one || other)))"
    return NAMED.format(several=as_number(words))


def known(attributes: Iterable[str], *, everyone: bool) -> str:
    """Return the query of the snapshot, with the entries marked that are watched."""
    words = [
        f"contains(names, '\n' || {quoted(n)} || '\n')" for n in sorted(attributes)
    ]
    watched = "true" if everyone else " OR ".join(words) or "false"
    return f"""
        SELECT type, id, {as_number("fingerprint")} AS fingerprint, gone, bound,
            ({watched}) AS watched
        FROM engine_known"""  # noqa: S608 - the names are quoted
