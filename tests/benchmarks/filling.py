"""States of millions of profiles, in SQL: `python filling.py PROJECT PARQUET`.

Writes the Parquet state that `ctsync import spec` would write of a listing, in far less
time; a test compares the two. PARQUET has the rows of the listing's table. A process of
its own, as exports are.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync import __version__
from ctsync.duck import as_bytes, connected, quoted
from ctsync.model.rows import RowSource
from ctsync.model.snapshot import Header
from ctsync.spec import load_project
from ctsync.state.form import EntryDigest
from ctsync.state.manifest import Manifest
from ctsync.state.parquet import ParquetStore
from ctsync.state.rows import GROUP, Table, schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY_MIB = 2048
_MOMENT = "'$D_' || epoch(renews)::BIGINT"
_WHOLE = "score = floor(score) THEN to_json(score::BIGINT) ELSE to_json(score)"
# By column: the attribute's folded name, its kind and name, its value as JSON. They
# stand in the order of folded names, as they do in an entry.
_ATTRIBUTES = {
    "address": ("address", "string", "Address", "to_json(address)"),
    "email": ("email", "string", "Email", "to_json(email)"),
    "interests": ("interests", "list", "Interests", "to_json(interests)"),
    "name": ("name", "string", "Name", "to_json(name)"),
    "phone": ("phone", "string", "Phone", "to_json(phone)"),
    "plan": ("plan", "string", "Plan", "to_json(plan)"),
    "renews": ("renewaldate", "date", "Renewal Date", f"to_json({_MOMENT})"),
    "score": ("score", "number", "Score", f"CASE WHEN {_WHOLE} END"),
}
_ENTRIES = """
SELECT 'identity' AS type, k.id, {digest} AS fingerprint, false AS gone,
    concat('\n', concat_ws('\n', {names}), '\n') AS names, false AS bound,
    concat('{{"attributes":{{', concat_ws(',', {attributes}), '}},"fingerprint":"',
        lower(hex({digest})), '","key":{{"identity":', to_json(k.id), '}}}}') AS body
FROM ({file}) r JOIN ({keys}) k ON r.customer_id = k.id
ORDER BY k.id
"""


def entries(source: RowSource, file: Path, columns: Iterable[str]) -> str:
    """Give the query of the entries that rows are, with their values in a file."""
    chosen = [words for name, words in _ATTRIBUTES.items() if name in set(columns)]
    return _ENTRIES.format(
        names=", ".join(_if_there(value, f"'{f}'") for f, _, _, value in chosen),
        attributes=", ".join(map(_attribute, chosen)),
        keys=source.keys,
        digest=as_bytes("k.digest"),
        file=f"FROM {quoted(str(file))}",
    )


def _attribute(words: tuple[str, str, str, str]) -> str:
    folded, kind, name, value = words
    is_list = kind == "list"
    opening = '"complete":true,' if is_list else ""
    what = "present" if is_list else "value"
    head = f'"{folded}":{{{opening}"kind":"{kind}","name":"{name}","{what}":'
    return f"'{head}' || {value} || '}}'"  # NULL where the value is


def _if_there(value: str, name: str) -> str:
    return f"CASE WHEN {value} IS NOT NULL THEN {name} END"


def fill(folder: Path, file: Path) -> None:
    """Write the state of a project with one table of the rows in a Parquet file."""
    project = load_project(folder)
    (source,) = project.row_sources()
    digest = EntryDigest()
    store = ParquetStore(folder / "state")
    header = Header(str(uuid.uuid4()), 1, project.account({}), tool_version=__version__)
    with connected(memory_mib=_MEMORY_MIB) as connection, store._writing() as writing:
        source.load(connection)
        columns = connection.sql(f"FROM {quoted(str(file))}").columns
        query = entries(source, file, columns)
        sheet = writing.sheet("base", _tables(connection, query, digest))
        writing.publish(Manifest(digest.seal(header), sheet))


def _tables(
    connection: DuckDBPyConnection, query: str, digest: EntryDigest
) -> Iterator[Table]:
    import pyarrow as pa  # type: ignore[import-untyped]

    for batch in connection.sql(query).to_arrow_reader(GROUP):
        for line in batch.column("body").to_pylist():
            digest.exchange(None, line.encode() + b"\n")
        yield pa.Table.from_batches([batch]).cast(schema())


if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]))
