"""Finding candidates in DuckDB: for populations that Python should not hold.

Digests and fingerprints are joined as columns; only what differs comes to Python, in
the order of keys. What does not fit into the memory of a connection goes to its disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ctsync.duckdb_connection import as_bytes, open_connection
from ctsync.engines import duckdb_sql as sql
from ctsync.engines.base import (
    FoundProfiles,
    ProfileCounts,
    Search,
    deciding_engine,
)
from ctsync.engines.duckdb_candidates import DuckdbCandidates
from ctsync.engines.duckdb_comparison import Comparison, of_source
from ctsync.model.contribution import Contribution
from ctsync.model.decided_rows import Decider
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowSource


def find(
    search: Search, tally: ProfileCounts, decider: Decider | None
) -> Iterator[FoundProfiles]:
    """Yield the candidates in the order of their keys, decided if there is a decider.

    Raises:
        SpecError: the files of a row source cannot be read.
        CtsyncError: memory or disk were not enough.
    """
    with open_connection(files=search.files) as connection:
        met = Comparison(connection, search)
        met.gather()
        met.compare(tally)
        for number, row in met.nobody():
            search.watch.on_nobody(search.row_sources[number].contribution(*row))
        yield from DuckdbCandidates(met, decider).found_profiles()
    for source in search.row_sources:
        source.check_unchanged()


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
            connection.execute(sql.ROWS_OF_ONE.format(**of_source(source)), [*key])
            digest, cells = as_bytes("o.digest"), source.cells("engine_one")
            query = sql.CELLS_OF_ONE.format(cells=cells, digest=digest)
            rows = connection.execute(query).fetchall()
        source.check_unchanged()
        for row in rows:
            yield source.contribution(*row)


ENGINE = deciding_engine("duckdb", find)
