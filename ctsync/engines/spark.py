"""Finding candidates on a cluster: for populations that one machine should not look at.

Executors read rows where they lie and send each to its key range; a range is searched
by the SQL of the DuckDB engine, with the entries that lie in it, and decided there. The
process that began it holds keys drawn to part the ranges by, counts, and what it is
just writing. Files, the state and TMPDIR have to lie where all machines see them.
"""

from __future__ import annotations

from collections.abc import Iterator
from logging import getLogger

from ctsync.duckdb_connection import open_connection
from ctsync.engines import duckdb
from ctsync.engines.base import (
    FoundProfiles,
    ProfileCounts,
    Search,
    deciding_engine,
)
from ctsync.engines.spark_results import OddRows
from ctsync.engines.spark_search import SparkSearch
from ctsync.engines.spark_workers import EXECUTORS
from ctsync.model.decided_rows import Decider
from ctsync.spark_session import open_session


def find(
    search: Search, tally: ProfileCounts, decider: Decider | None
) -> Iterator[FoundProfiles]:
    """Yield the candidates in the order of their keys, decided if there is a decider.

    Raises:
        SpecError: the files of a row source cannot be read.
        CtsyncError: there is no Spark, or it could not do its part.
    """
    with open_connection(files=search.files) as connection, open_session() as session:
        spark_search = SparkSearch(connection, session, search, decider)
        try:
            results = spark_search.compare(tally)
        except OddRows as odd:
            getLogger(__name__).info("%s, so one machine looks at all of them", odd)
        else:
            yield from spark_search.candidates(results)
            for source in search.row_sources:
                source.check_unchanged()
            return
    yield from duckdb.find(search, tally, decider)


ENGINE = deciding_engine("spark", find)._replace(workers=EXECUTORS)
