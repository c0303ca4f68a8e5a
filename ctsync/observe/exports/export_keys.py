"""Whose the rows of an export are: which column says it, as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from ctsync.canonical_json import fold_name
from ctsync.duckdb_connection import Connection
from ctsync.errors import UsageError
from ctsync.formats.json_columns import pointer
from ctsync.model.profile_key import ID_TYPES
from ctsync.sql_text import named, quoted

KeyColumn: TypeAlias = "tuple[str, str]"
"""An id type, and the column that has ids of it, by name or as SQL."""

_TYPES = ("identity", "objectId")  # by the first of them most profiles are known
_FIRST_NAMES = """SELECT DISTINCT unnest(json_keys(json)) AS name
FROM (SELECT json FROM {relation} LIMIT 10000) ORDER BY name"""


def parse_key_column(word: str | None) -> KeyColumn | None:
    """Read `--key identity=COLUMN`.

    Raises:
        UsageError: it is none.
    """
    if word is None:
        return None
    type_, _, column = word.partition("=")
    if type_ not in ID_TYPES or not column:
        raise UsageError(
            f"--key {word} means nothing",
            hint=f"write --key TYPE=COLUMN, TYPE one of {', '.join(ID_TYPES)}",
        )
    return type_, column


def first_names(connection: Connection, relation: str) -> list[str]:
    """Return the names in the first objects of a relation."""
    query = _FIRST_NAMES.format(relation=relation)
    return [str(row[0]) for row in connection.execute(query).fetchall()]


def keys_in_objects(names: Sequence[str], key: KeyColumn | None) -> list[KeyColumn]:
    """Return the key that was given, or those that have a name of an id type."""
    found = [key] if key else _named_so(names) or [(each, each) for each in _TYPES]
    return [(type_, f"json ->> {quoted(pointer(name))}") for type_, name in found]


def keys_among(
    names: Sequence[str], key: KeyColumn | None, path: Path
) -> list[KeyColumn]:
    """Return the same of the columns of a file.

    Raises:
        UsageError: there is no such column.
    """
    if key is not None and key[1] not in names:
        raise UsageError(f'{path} has no column "{key[1]}"', hint=_has(names))
    found = [key] if key else _named_so(names)
    if not found:
        raise UsageError(
            f"no column of {path} says whose the rows are",
            hint=f"name it with --key identity=COLUMN; {_has(names)}",
        )
    return [(type_, f"{named(name)}::VARCHAR") for type_, name in found]


def keyless(path: Path, names: Sequence[str]) -> UsageError:
    """Return what to raise where no row says whose it is, of columns or objects."""
    hint = f"name what says it with --key identity=COLUMN; {_has(names)}"
    if not names:
        hint = "write an object a line, not one list of them"
    return UsageError(f"no row of {path} says whose it is", hint=hint)


def _named_so(names: Sequence[str]) -> list[KeyColumn]:
    """Return for each id type the column of its name, however that is spelled."""
    found = []
    for type_ in _TYPES:
        spelled = [name for name in names if fold_name(name) == fold_name(type_)]
        if spelled:
            found.append((type_, type_ if type_ in spelled else spelled[0]))
    return found


def _has(names: Sequence[str]) -> str:
    return f"it has {', '.join(names[:12])}"


def key_sql(found: Sequence[KeyColumn]) -> str:
    """Give two columns of SQL: id type and id, of the first that is not blank."""
    cases = [(type_, f"nullif(trim({column}), '')") for type_, column in found]
    types = "".join(f"WHEN {c} IS NOT NULL THEN '{t}' " for t, c in cases)
    ids = ", ".join(column for _, column in cases)
    return f"CASE {types} END AS type, coalesce({ids}, NULL) AS id"
