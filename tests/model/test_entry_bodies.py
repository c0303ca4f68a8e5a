"""Bodies of entries stand for the lines that they were cut from."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.duckdb_connection import open_connection
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_bodies import (
    SPELLED,
    bodies_of,
    line_sql,
    lines_of,
    with_cut_bodies,
)
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import text_of
from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import tables_of

PLAN = {"plan": KnownValue("Plan", "string", "Gold")}
MARK = "0f" * 16
BODY = '"attributes":{"plan":{"kind":"string","name":"Plan","value":"Gold"}}'

# What could be taken for the end of a line, in an id and in a value.
ends = [f',"fingerprint":"{MARK}","key":{{"identity":"a"}}}}', '"', "\\", "{", "}}"]
texts = st.text('a"\\{},:/\n\x7fä\U0001f600', max_size=4) | st.sampled_from(ends)
marks = st.none() | st.sampled_from([MARK, "ab" * 16, "0F" * 16, "odd", ""])
known = st.builds(KnownValue, st.just("Plan"), st.just("string"), texts)
entries = st.builds(
    Entry,
    st.builds(ProfileKey, st.sampled_from(["identity", "FBID"]), texts),
    st.dictionaries(st.sampled_from(["plan", "key", "fingerprint"]), known),
    st.lists(texts, max_size=2).map(tuple),
    st.lists(texts, max_size=1).map(tuple),
    marks,
    st.booleans(),
)


def rows_of(*given):
    """Entries as rows, and None as a row of who is gone."""
    texts = [text_of(one) if one else None for one in given]
    keys = [text.key if text else ProfileKey("identity", "gone") for text in texts]
    return pa.concat_tables(tables_of(zip(keys, texts, strict=True)))


def body_of(one):
    return with_cut_bodies(rows_of(one))["body"].to_pylist()[0]


@pytest.fixture(scope="module")
def connection():
    with open_connection() as opened:
        yield opened


@given(given=st.lists(st.none() | entries, min_size=1, max_size=5), cut=st.integers(0))
def test_a_body_stands_for_its_line(connection, given, cut):
    lines = [one and entry_line(one) for one in given]
    whole = rows_of(*given)
    # Rows of before stand in front of others, in chunks of their own.
    rows = pa.concat_tables(
        [
            whole.slice(0, cut % len(given)),
            with_cut_bodies(whole.slice(cut % len(given))),
        ]
    )
    for each in (whole, rows, with_cut_bodies(rows)):
        assert lines_of(each) == lines
    connection.register("spelled", rows.select(SPELLED))
    found = connection.sql(f"SELECT {line_sql('e')} FROM spelled e").fetchall()
    assert [line and line.encode() + b"\n" for (line,) in found] == lines


@given(given=st.lists(st.none() | entries, min_size=1, max_size=5))
def test_what_was_cut_is_cut_once(given):
    rows = with_cut_bodies(rows_of(*given))
    assert with_cut_bodies(rows) == rows


@given(
    ids=st.lists(texts, min_size=1, max_size=5, unique=True).map(sorted),
    gone=st.booleans(),
    mark=st.sampled_from([None, MARK, "ab" * 16]),
)
def test_of_entries_that_come_as_columns_bodies_are_the_same(ids, gone, mark):
    given = [
        Entry(ProfileKey("identity", each), PLAN, fingerprint=mark, gone=gone)
        for each in ids
    ]
    columns = EntryColumns(
        "identity",
        [each.encode() for each in ids],
        [entry_line(one) for one in given],
        [["plan"]] * len(ids),
        [mark.encode()] * len(ids) if mark else (),
    )
    bodies = with_cut_bodies(rows_of(*given))["body"].cast(pa.binary()).to_pylist()
    assert bodies_of(columns) == bodies


def test_a_body_has_neither_brace_nor_mark_nor_key():
    key = ProfileKey("identity", "u1")
    assert body_of(Entry(key, PLAN, fingerprint=MARK)) == BODY
    assert body_of(Entry(key, PLAN)) == BODY
    assert body_of(Entry(key, PLAN, ("vip",), (), MARK)) == f'{BODY},"cohorts":["vip"]'
    assert body_of(Entry(key, PLAN, gone=True)) == f'{BODY},"gone":true'


def test_a_mark_that_no_column_has_stays_in_the_body():
    one = Entry(ProfileKey("identity", "u1"), PLAN, fingerprint="odd")
    assert body_of(one) == f'{BODY},"fingerprint":"odd"'


@pytest.mark.parametrize(
    "one",
    [
        Entry(ProfileKey("identity", "u1"), PLAN, once=("plan",)),
        Entry(ProfileKey("identity", "u1"), PLAN, fingerprint=MARK, gone=True),
        Entry(ProfileKey("identity", 'u"1'), PLAN, fingerprint=MARK),
        Entry(ProfileKey("identity", "u\\1"), PLAN, fingerprint=MARK),
    ],
)
def test_a_line_that_ends_otherwise_is_whole(one):
    assert body_of(one) == entry_line(one).decode()[:-1]


def test_of_no_rows_there_are_no_lines():
    rows = rows_of(Entry(ProfileKey("identity", "u1"), PLAN)).slice(0, 0)
    assert lines_of(rows) == []
    assert with_cut_bodies(rows) == rows
