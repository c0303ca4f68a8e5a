"""Rows one by one, for who does not read them as columns."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.duckdb_connection import as_bytes, open_connection
from ctsync.model.contribution import Contribution
from ctsync.model.row_source import RowSource
from ctsync.project.project import Project
from ctsync.sources import duckdb_sql as sql

_BATCH = 1024


def contributions_of(source: RowSource, project: Project) -> Iterator[Contribution]:
    """Yield what every row of a source says, by file and row.

    Raises:
        SpecError: its files cannot be read, or change meanwhile.
    """
    with open_connection(files=source.reads) as connection:
        source.load(connection)
        project.findings.extend(source.warnings)
        connection.execute(sql.EVERY.format(keys=source.keys))
        cells = source.cells(sql.EVERY_NAME)
        query = sql.EVERY_CELLS.format(cells=cells, digest=as_bytes("k.digest"))
        cursor = connection.execute(query)
        reader = source.reader()
        while rows := cursor.fetchmany(_BATCH):
            for row in rows:
                yield reader.contribution(*row)
    source.check_unchanged()
