"""Finding candidates in DuckDB: for populations that Python should not hold.

Digests and fingerprints are joined as columns; only what differs comes to Python, in
the order of keys. What does not fit into the memory of a connection goes to its disk.
"""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.duckdb_connection import open_connection
from ctsync.engines.base import (
    FoundProfiles,
    ProfileCounts,
    Search,
    deciding_engine,
)
from ctsync.engines.duckdb_candidates import DuckdbCandidates
from ctsync.engines.duckdb_comparison import Comparison
from ctsync.model.decided_rows import Decider


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
            reader = search.row_sources[number].reader()
            search.watch.on_nobody(reader.contribution(*row))
        yield from DuckdbCandidates(met, decider).found_profiles()
    # Keys were read first and cells with the candidates: of a file that was replaced in
    # between a plan would hold two versions.
    for source in search.row_sources:
        source.check_unchanged()


ENGINE = deciding_engine("duckdb", find)
