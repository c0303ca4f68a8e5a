"""What the rows of tables say of one profile, wherever its rows stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import starmap

from ctsync.duckdb_connection import as_bytes, open_connection
from ctsync.engines.duckdb_comparison import of_source
from ctsync.model.contribution import Contribution
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowSource

_ROWS_OF_ONE = """
CREATE TEMP TABLE engine_one AS
SELECT id, digest, file, row FROM ({rows}) WHERE {type} = $1 AND id = $2"""
_CELLS_OF_ONE = """
SELECT o.id, {digest} AS digest, c.file, c.row, c.cells
FROM ({cells}) c JOIN engine_one o ON c.file = o.file AND c.row = o.row
ORDER BY c.file, c.row"""


def find_places(
    sources: Iterable[RowSource], key: ProfileKey
) -> Iterator[Contribution]:
    """Yield what the rows of sources say of one profile, by source, file and row.

    Raises:
        SpecError: the files of a row source cannot be read.
        CtsyncError: memory or disk were not enough.
    """
    for source in sources:
        with open_connection(files=source.reads) as connection:
            source.load(connection)
            connection.execute(_ROWS_OF_ONE.format(**of_source(source)), [*key])
            digest, cells = as_bytes("o.digest"), source.cells("engine_one")
            query = _CELLS_OF_ONE.format(cells=cells, digest=digest)
            rows = connection.execute(query).fetchall()
        source.check_unchanged()
        yield from starmap(source.reader().contribution, rows)
