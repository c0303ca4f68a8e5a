"""Rows that differ have digests that differ, and a row has one for ever."""

import datetime as dt
import struct
from hashlib import md5
from math import inf, isnan

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.sources.row_digests import row_digest

SIGNS = st.sampled_from("a1:,\0\1\x7fé\uffff😀") | st.characters(codec="utf-8")
TEXTS = st.text(SIGNS, max_size=4)
VALUES = {
    "VARCHAR": TEXTS,
    "VARCHAR[]": st.lists(st.none() | TEXTS, max_size=3),
    "DOUBLE": st.floats(),
    "DATE": st.dates(),
}
SALT = bytes.fromhex("00010203fffefdfc21606142")


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        yield opened


@st.composite
def rows(draw, count):
    """Draw rows of the same types, nearly alike."""
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    values = [st.none() | VALUES[each] for each in types]
    first = draw(st.tuples(*values))
    changed = st.tuples(
        *(st.just(one) | other for one, other in zip(first, values, strict=True))
    )
    return types, [first, *(draw(changed) for _ in range(count - 1))]


def digest(connection, types, row, salt=SALT):
    values = (f"?::{each}" for each in types)
    query = f"SELECT {row_digest(salt, *values)}"
    ((number,),) = connection.execute(query, row).fetchall()
    return number


def keyed(value):
    """Return the key for sorting that DuckDB makes of a value."""
    return b"\1" if value is None else b"\2" + unflagged(value)


def unflagged(value):
    match value:
        case bytes():
            return b"".join(b"\1" * (b < 2) + bytes([b]) for b in value) + b"\0"
        case str():
            return bytes(b + 1 for b in value.encode()) + b"\0"
        case float():
            return ordered(value)
        case dt.date():
            days = (value - dt.date(1970, 1, 1)).days
            return struct.pack(">I", days + 2**31)
    items = (b"\2" if item is None else b"\1" + unflagged(item) for item in value)
    return b"".join(items) + b"\0"


def ordered(value):
    """Return eight bytes that sort as numbers do, NaN last."""
    if isnan(value):
        return b"\xff" * 8
    if abs(value) == inf:
        return b"\xff" * 7 + b"\xfe" if value > 0 else b"\0" * 8
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))  # -0.0 is 0.0
    return struct.pack(">Q", bits ^ (2**64 - 1 if bits >> 63 else 2**63))


@given(drawn=rows(1))
def test_a_row_has_the_digest_that_it_always_had(drawn, connection):
    """With another one, each profile would be looked at once more."""
    types, (row,) = drawn
    told = b"".join(map(keyed, (SALT, *row)))
    expected = int.from_bytes(md5(told, usedforsecurity=False).digest(), "little")
    assert digest(connection, types, row) == expected


@given(drawn=rows(2))
def test_rows_have_one_digest_where_all_values_are_the_same(drawn, connection):
    types, (one, other) = drawn
    digests = [digest(connection, types, row) for row in (one, other)]
    assert (digests[0] == digests[1]) == (same(one) == same(other))


def same(row):
    """Give what tells apart values: -0.0 is 0.0, and NaN is itself."""
    return ["nan" if isinstance(v, float) and isnan(v) else v for v in row]


@given(text=TEXTS, parts=st.lists(TEXTS, min_size=1, max_size=3))
def test_cells_never_run_into_one_another(text, parts, connection):
    joined = "".join([text, *parts])
    alone = digest(connection, ["VARCHAR"], [joined])
    assert digest(connection, ["VARCHAR"] * (len(parts) + 1), [text, *parts]) != alone


@given(salts=st.lists(st.binary(max_size=13), min_size=2, max_size=2, unique=True))
def test_every_salt_counts(salts, connection):
    one, other = (digest(connection, ["VARCHAR"], ["x"], salt) for salt in salts)
    assert one != other
