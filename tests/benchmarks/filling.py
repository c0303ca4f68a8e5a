"""States of millions of profiles, in SQL: `python filling.py PROJECT`.

Writes the Parquet state that `ctsync import spec` would write of a listing, in far less
time; a test compares the two. A process of its own, as exports are.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync import __version__
from ctsync.duckdb_connection import as_bytes, open_connection
from ctsync.formats.base import FilePart
from ctsync.model.snapshot import Header
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources
from ctsync.sources.table_rows import TableRows
from ctsync.state.arrow_rows import GROUP, Table, schema
from ctsync.state.manifest import Manifest, Sheet
from ctsync.state.parquet_store import ParquetStore
from ctsync.state.snapshot_codec import EntryDigest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY_MIB = 2048
_MOMENT = "to_json('$D_' || epoch({}::DATE)::BIGINT)"
_NUMBER = (
    "CASE WHEN {0}::DOUBLE = floor({0}::DOUBLE) THEN to_json({0}::DOUBLE::BIGINT) "
    "ELSE to_json({0}::DOUBLE) END"
)
# By column: the attribute's folded name, its kind and name, its value as JSON from the
# text of a cell. They stand in the order of folded names, as they do in an entry.
_ATTRIBUTES: dict[str, tuple[str, str, str, str]] = {
    "address": ("address", "string", "Address", "to_json({})"),
    "email": ("email", "string", "Email", "to_json({})"),
    "interests": ("interests", "list", "Interests", "{}"),
    "name": ("name", "string", "Name", "to_json({})"),
    "phone": ("phone", "string", "Phone", "to_json({})"),
    "plan": ("plan", "string", "Plan", "to_json({})"),
    "renews": ("renewaldate", "date", "Renewal Date", _MOMENT),
    "score": ("score", "number", "Score", _NUMBER),
}
_ENTRIES = """
SELECT 'identity' AS type, key AS id, mark AS fingerprint, false AS gone,
    concat('\n', concat_ws('\n', {names}), '\n') AS names, true AS bound,
    concat('{{"attributes":{{', concat_ws(',', {attributes}), '}},',
        '"cohorts":["table={table}"],"fingerprint":"', lower(hex(mark)),
        '","key":{{"identity":', to_json(key), '}}}}') AS body
FROM (SELECT *, {mark} AS mark FROM ({relation}))
ORDER BY id
"""


def entries(part: FilePart, digest: str, columns: Sequence[str], table: str) -> str:
    """Give the query of the entries that rows are; a column's cells are c1, c2, ..."""
    cells = {name: f"c{number}" for number, name in enumerate(columns, 1)}
    if "interests" in cells and part.meaning != "json":
        cell = cells["interests"]
        items = f"string_split({cell}, ';')" if part.meaning == "csv" else cell
        cells["interests"] = f"to_json({items})"
    if part.meaning == "json":
        written = "'$'"  # strings lose their quotes, lists stay as they are
        cells = {name: f"({cell}::JSON ->> {written})" for name, cell in cells.items()}
    chosen = [
        (folded, kind, said, value.format(cells[name]))
        for name, (folded, kind, said, value) in _ATTRIBUTES.items()
        if name in cells
    ]
    return _ENTRIES.format(
        names=", ".join(_if_there(value, f"'{f}'") for f, _, _, value in chosen),
        attributes=", ".join(map(_attribute, chosen)),
        mark=as_bytes(digest),
        relation=part.relation,
        table=table,
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


def fill(folder: Path) -> None:
    """Write the state of a project with one table, as if all were as its rows say."""
    project = load_project(folder, data_roots=[folder.parent])
    (source,) = ProjectSources(project).row_sources()
    assert isinstance(source, TableRows)
    (table,) = project.tables.values()
    digest = EntryDigest()
    store = ParquetStore(folder / "state")
    header = Header(str(uuid.uuid4()), 1, project.account({}), tool_version=__version__)
    with (
        open_connection(files=source.reads, memory_mib=_MEMORY_MIB) as connection,
        store._writing() as writing,
    ):
        source.open(connection)
        part = source.reader().part_of(0)
        assert part is not None
        columns = [column.column for column in table.columns]
        query = entries(part, source.digest_of(part), columns, table.name)
        parquet_file = writing.parquet_file("base", _tables(connection, query, digest))
        writing.publish(Manifest(digest.seal(header), Sheet((parquet_file,))))


def _tables(
    connection: DuckDBPyConnection, query: str, digest: EntryDigest
) -> Iterator[Table]:
    import pyarrow as pa

    for batch in connection.sql(query).to_arrow_reader(GROUP):
        for line in batch.column("body").to_pylist():
            digest.exchange(None, line.encode() + b"\n")
        yield pa.Table.from_batches([batch]).cast(schema())


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
