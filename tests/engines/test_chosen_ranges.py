"""Ranges of keys: each key is in one, and whether rows ascend is told for certain."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.duckdb_connection import open_connection
from ctsync.engines import duckdb_candidates_sql as sql
from ctsync.engines.chosen_ranges import chosen_ranges
from ctsync.model.decided_records import ascends, in_order
from ctsync.model.profile_key import ID_TYPES

CHUNKS = st.lists(
    st.lists(st.sampled_from(["", "A", "a", "aa", "é", "😀"]), max_size=3)
)


@given(CHUNKS)
def test_rows_ascend_if_each_id_is_greater_than_the_one_before(chunks):
    ids = [each for chunk in chunks for each in chunk]
    table = pa.table({"id": pa.chunked_array(chunks, pa.string())})
    # Databases compare bytes, and Python code points: in UTF-8 that is the same.
    assert ascends(table) == (ids == sorted({*ids}))


@given(CHUNKS)
def test_rows_in_order_come_by_the_bytes_of_their_ids(chunks):
    ids = [each for chunk in chunks for each in chunk]
    columns = {
        "id": pa.chunked_array(chunks, pa.string()),
        "cells": pa.array([[each] for each in ids], pa.list_(pa.string())),
    }
    rows = in_order(pa.table(columns)).to_pylist()
    assert rows == [{"id": each, "cells": [each]} for each in sorted(ids)]


@pytest.fixture(scope="module")
def connection():
    with open_connection(threads=1) as opened:
        yield opened


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_each_key_is_in_one_range_which_says_what_is_in_it(connection, count):
    rows = [
        (kind, f"u{number}", kind == "GPID" or number % 4 > 0, number % 5 == 0)
        for kind in sorted(ID_TYPES)
        for number in range(7)
    ]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE engine_chosen "
        "(type VARCHAR, id VARCHAR, alone BOOLEAN, held BOOLEAN)"
    )
    connection.executemany("INSERT INTO engine_chosen VALUES (?, ?, ?, ?)", rows)
    starts = connection.execute(sql.RANGES.format(count=count)).fetchall()
    met = []
    for keys in chosen_ranges(starts):
        query = f"FROM engine_chosen WHERE {keys.condition} ORDER BY type, id"
        within = connection.execute(query).fetchall()
        met += within
        assert len({kind for kind, *_ in within}) == 1
        assert keys.alone == all(alone for _, _, alone, _ in within)
        assert keys.has_entries == any(held for *_, held in within)
        assert 0 < len(within) <= count
    assert met == rows
