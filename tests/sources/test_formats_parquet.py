import io
import struct
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.formats.typed_cells import number
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal
from ctsync.yaml.scalars import literal

TABLE = (
    "tables:\n  t:\n    file: '{}'\n    key: {{identity: id}}\n    columns: {{a: A}}\n"
)


def made(**columns):
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


def said(folder, cell, type_):
    column = pa.array([cell, None], type_)
    folder.write("a.parquet", made(id=["u1", "u2"], a=column))
    found = folder.words(TABLE.format("a.parquet"))
    assert found["u2"] == {}
    return found["u1"].get("A")


NAIVE = datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001 - Parquet has times without zones


@pytest.mark.parametrize(
    ("cell", "type_", "raw"),
    [
        ("5", pa.string(), literal('"5')),
        ("x", pa.large_string(), literal('"x')),
        ("x", pa.dictionary(pa.int8(), pa.string()), literal('"x')),
        ("", pa.string(), None),
        (5, pa.int8(), literal(":5")),
        (-5, pa.int64(), literal(":-5")),
        (2**63, pa.uint64(), number(str(2**63))),
        (1.5, pa.float64(), literal(":1.5")),
        (0.1, pa.float32(), literal(":0.1")),
        (1e300, pa.float64(), literal(":1e+300")),
        (Decimal("1.10"), pa.decimal128(9, 2), literal(":1.10")),
        (Decimal(10**37), pa.decimal128(38, 0), number(str(10**37))),
        (True, pa.bool_(), literal(":true")),
        (date(2020, 1, 2), pa.date32(), Literal("2020-01-02", "date")),
        (NAIVE, pa.timestamp("us"), Literal("2020-01-02T03:04:05", "date")),
        (NAIVE, pa.timestamp("s"), Literal("2020-01-02T03:04:05", "date")),
        (NAIVE, pa.timestamp("ms"), Literal("2020-01-02T03:04:05", "date")),
        (NAIVE, pa.timestamp("ns"), Literal("2020-01-02T03:04:05", "date")),
        (
            NAIVE.replace(tzinfo=UTC),
            pa.timestamp("us", "Asia/Kolkata"),
            Literal("2020-01-02T03:04:05Z", "date"),
        ),
        (
            NAIVE.replace(tzinfo=UTC),
            pa.timestamp("ns", "Asia/Kolkata"),
            Literal("2020-01-02T03:04:05Z", "date"),
        ),
        (["x", "y,"], pa.list_(pa.string()), [literal('"x'), literal('"y,')]),
        (["x", None], pa.list_(pa.string()), [literal('"x'), literal(":null")]),
        ([], pa.list_(pa.string()), []),
    ],
)
def test_cells_keep_their_type(folder, cell, type_, raw):
    assert said(folder, cell, type_) == raw


@pytest.mark.parametrize(
    ("cell", "type_", "code"),
    [
        (float("nan"), pa.float64(), "CT625"),
        (float("inf"), pa.float64(), "CT625"),
        (NAIVE.replace(microsecond=1), pa.timestamp("us"), "CT624"),
    ],
)
def test_a_cell_that_no_value_can_be_is_a_fault(folder, cell, type_, code):
    found = said(folder, cell, type_)
    assert isinstance(found, Fault)
    assert found.code == code


@pytest.mark.parametrize(
    ("type_", "noun"),
    [
        (pa.struct({"x": pa.int8()}), "STRUCT"),
        (pa.map_(pa.string(), pa.string()), "MAP"),
        (pa.binary(), "BLOB"),
        (pa.time64("us"), "TIME"),
        (pa.list_(pa.int64()), "BIGINT[]"),
        (pa.list_(pa.list_(pa.string())), "VARCHAR[][]"),
    ],
)
def test_a_column_of_another_type_is_named(folder, type_, noun):
    folder.write("a.parquet", made(id=["u1"], a=pa.array([None], type_)))
    (finding,) = folder.findings(TABLE.format("a.parquet"))
    assert finding.startswith(
        f'a.parquet: error CT625 column "a" is {noun}, which is no'
    )


@pytest.mark.parametrize(
    ("key", "type_", "identifier"),
    [
        ("007", pa.string(), "007"),
        (7, pa.int64(), "7"),
        (-7, pa.int8(), "-7"),
        (2**64 - 1, pa.uint64(), "18446744073709551615"),
        (Decimal(10**30), pa.decimal128(38, 0), str(10**30)),
    ],
)
def test_a_key_is_text_or_a_whole_number(folder, key, type_, identifier):
    folder.write("a.parquet", made(id=pa.array([key], type_), a=["x"]))
    assert [*folder.words(TABLE.format("a.parquet"))] == [identifier]


@pytest.mark.parametrize("type_", [pa.float64(), pa.bool_(), pa.date32(), pa.binary()])
def test_any_other_key_is_refused(folder, type_):
    folder.write("a.parquet", made(id=pa.array([None], type_), a=["x"]))
    (finding,) = folder.findings(TABLE.format("a.parquet"))
    assert finding.startswith('a.parquet: error CT625 key column "id" is ')


def test_files_may_differ_in_columns_and_types(folder):
    folder.write("x/1.parquet", made(id=["u1"], a=[5], b=[1.5]))
    folder.write("x/2.parquet", made(a=["5"], id=["u2"]))
    folder.write("x/3.parquet", made(id=[3], b=["x"], a=[5]))
    found = folder.contributions(TABLE.format("x/*.parquet"))
    assert [(c.origin.file, c.key.id, c.read()["A"]) for c in found] == [
        ("x/1.parquet", "u1", literal(":5")),
        ("x/2.parquet", "u2", literal('"5')),
        ("x/3.parquet", "3", literal(":5")),
    ]
    folder.write("y/1.parquet", made(id=["u1"], b=["x"], a=[5]))
    folder.write("y/2.parquet", made(id=["u2"], a=[5]))
    same, other = folder.contributions(TABLE.format("y/*.parquet"))
    assert found[0].digest == same.digest
    assert found[1].digest != other.digest


def test_rows_are_numbered_across_row_groups_and_conditions(folder):
    sink = io.BytesIO()
    table = pa.table({"id": [f"u{n}" for n in range(1000)], "a": [*range(1000)]})
    parquet.write_table(table, sink, row_group_size=100)
    folder.write("a.parquet", sink.getvalue())
    where = TABLE.format("a.parquet") + "    where: a % 100 = 7\n"
    found = [(c.key.id, c.origin.row) for c in folder.contributions(where)]
    assert found == [(f"u{n}", n + 1) for n in range(7, 1000, 100)]


@pytest.mark.parametrize("cut", [0, 1, 100, 400, -5])
def test_a_damaged_file_is_named(folder, cut):
    data = made(id=["u1"], a=["x" * 50])
    folder.write("a.parquet", data[:cut])
    (finding,) = folder.findings(TABLE.format("a.parquet"))
    assert finding.startswith("a.parquet: error CT612 ")


def test_a_damaged_page_is_named_with_its_file(folder):
    data = bytearray(made(id=["u1", "u2"], a=["x" * 5000, "y" * 5000]))
    data[4:60] = bytes(56)
    folder.write("x/1.parquet", made(id=["u0"], a=["x"]))
    folder.write("x/2.parquet", bytes(data))
    (finding,) = folder.findings(TABLE.format("x/*.parquet"))
    assert finding.startswith("x/2.parquet: error CT612 cannot be read")


def test_a_missing_column_is_named(folder):
    folder.write("a.parquet", made(id=["u1"], b=["x"]))
    (finding,) = folder.findings(TABLE.format("a.parquet"))
    assert (
        finding == 'a.parquet: error CT615 has no column "a" (it has 2 other columns)'
    )


def test_a_column_whose_name_is_duckdbs_own_is_refused(folder):
    folder.write("a.parquet", made(id=["u1"], a=["x"], file_row_number=[7]))
    (finding,) = folder.findings(TABLE.format("a.parquet"))
    assert 'CT616 column "file_row_number" has a name that DuckDB keeps' in finding


def digest(folder, cell, type_):
    folder.write("a.parquet", made(id=["u1"], a=pa.array([cell], type_)))
    (found,) = folder.contributions(TABLE.format("a.parquet"))
    return found.digest


TEXTS = pa.list_(pa.string())
CELLS = [
    *(("a", pa.string()), ("", pa.string()), (None, pa.string())),
    *((cell, TEXTS) for cell in (["a"], ["a", ""], [""], [], [None], None)),
    *(("[a]", pa.string()), ('["a"]', pa.string()), ("2020-01-02", pa.string())),
    *((date(2020, 1, day), pa.date32()) for day in (2, 3)),
    *((cell, pa.float64()) for cell in (1.5, 0.0, 0.1, None)),
    *((cell, pa.float32()) for cell in (1.5, 0.1)),
    *((Decimal(cell), pa.decimal128(9, 1)) for cell in ("1.5", "0.1")),
]


def test_unequal_cells_have_unequal_digests(folder):
    digests = {digest(folder, *each) for each in CELLS}
    # A number of 32 bits and a decimal one are told by their texts.
    assert len(digests) == len(CELLS) - 2


def test_no_number_is_taken_for_the_text_of_another(folder):
    """Its eight bytes are what a text would be digested as."""
    text = "12345.6"
    told = bytes(byte + 1 for byte in text.encode()) + b"\0"
    (twin,) = struct.unpack(">d", bytes(255 - byte for byte in told))
    number = digest(folder, Decimal(text), pa.decimal128(9, 1))
    assert digest(folder, twin, pa.float64()) != number
