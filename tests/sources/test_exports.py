"""What warehouses, CRMs and spreadsheets write, and the options that read it."""

import io
import uuid

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.diagnostics import Findings
from ctsync.errors import CtsyncError
from ctsync.formats.typed_cells import number, text
from ctsync.model.scalar_value import Literal
from ctsync.sources.project_sources import ProjectSources

TABLE = "tables:\n  t:\n    file: '{}'\n    key: {{identity: id}}\n    columns: {}\n"


def parquet_of(table, **how):
    sink = io.BytesIO()
    parquet.write_table(table, sink, **how)
    return sink.getvalue()


def read(folder, columns="{a: A}", extra="", file="x*"):
    return folder.words(TABLE.format(file, columns) + extra)


# Parquet


def test_a_column_of_nothing_but_nulls_is_blank(folder):
    frame = pd.DataFrame({"id": ["u1"], "a": [None], "b": ["x"]})
    folder.write("x.parquet", parquet_of(pa.Table.from_pandas(frame)))
    assert read(folder, "{a: A, b: B}") == {"u1": {"B": text("x")}}


def test_a_list_of_nothing_but_nulls_is_a_list(folder):
    column = pa.array([None, [None]], pa.list_(pa.null()))
    folder.write("x.parquet", parquet_of(pa.table({"id": ["u1", "u2"], "a": column})))
    assert read(folder) == {"u1": {}, "u2": {"A": [Literal("null", "null")]}}


def test_a_part_without_rows_is_passed_over_whatever_its_columns(folder):
    folder.write("x1.parquet", parquet_of(pa.Table.from_pandas(pd.DataFrame())))
    folder.write("x2.parquet", parquet_of(pa.table({"id": ["u1"], "a": ["x"]})))
    folder.write("x3.parquet", parquet_of(pa.table({"id": pa.nulls(0)})))
    folder.write("x4.parquet", parquet_of(pa.table({"id": ["u2"], "a": ["y"]})))
    found = folder.contributions(TABLE.format("x*", "{a: A}"))
    assert [(c.origin.file, c.key.id) for c in found] == [
        ("x2.parquet", "u1"),
        ("x4.parquet", "u2"),
    ]


@pytest.fixture
def spark(folder):
    """A file with a moment as INT96, as Spark writes it by default."""
    moment = pa.array([1_806_481_800_000_000_000], pa.timestamp("ns"))
    table = pa.table({"id": ["u1"], "a": moment, "b": ["x"]})
    data = parquet_of(table, use_deprecated_int96_timestamps=True)
    folder.write("x.parquet", data)
    return folder


def test_int96_tells_no_zone_and_is_refused(spark):
    (finding,) = spark.findings(TABLE.format("x*", "{a: A}"))
    assert finding.startswith('x.parquet: error CT625 column "a" is INT96')
    assert "int96: utc" in finding


@pytest.mark.parametrize("where", ["a IS NOT NULL", "year(a) > 2000"])
def test_int96_is_refused_where_a_condition_looks_at_it(spark, where):
    text_ = TABLE.format("x*", "{b: B}") + f"    where: {where}\n"
    (finding,) = spark.findings(text_)
    assert "int96: utc" in finding


def test_int96_may_be_utc(spark):
    found = read(spark, extra="    int96: utc\n")
    assert found == {"u1": {"A": Literal("2027-03-31T08:30:00Z", "date")}}


def test_int96_that_nobody_asks_for_does_no_harm(spark):
    assert read(spark, "{b: B}") == {"u1": {"B": text("x")}}


def test_a_uuid_is_text(folder):
    one = uuid.UUID(int=5)
    column = pa.array([one.bytes], pa.uuid())
    folder.write("x.parquet", parquet_of(pa.table({"id": column, "a": column})))
    assert read(folder) == {str(one): {"A": text(str(one))}}


def test_columns_that_differ_only_in_case_are_two(folder):
    table = pa.table([["u1"], ["x"], ["y"], ["z"]], names=["id", "a", "A", "ID"])
    folder.write("x.parquet", parquet_of(table))
    found = read(folder, "{a: One, A: Two}", "    compute: {Three: '\"ID\"'}\n")
    assert found == {"u1": {"One": text("x"), "Two": text("y"), "Three": text("z")}}


def test_a_key_with_a_fraction_has_a_cure(folder):
    folder.write("x.parquet", parquet_of(pa.table({"id": [7.0], "a": ["x"]})))
    (finding,) = folder.findings(TABLE.format("x*", "{a: A}"))
    assert "compute: {key: 'CAST(\"id\" AS BIGINT)'}" in finding
    extra = "    compute: {key: 'CAST(id AS BIGINT)'}\n"
    assert read(folder, extra=extra) == {"7": {"A": text("x")}}


# CSV


def test_a_file_without_a_header_is_told_how_to_have_one(folder):
    folder.write("x.csv", "u1,Pune\nu2,x\n")
    (finding,) = folder.findings(TABLE.format("x.csv", "{a: A, b: B}"))
    assert finding == (
        'x.csv: error CT615 has no columns "id", "a", "b" (it has 2 other columns; '
        "csv: {header: [...]} names those of a file whose first line is a row)"
    )


def test_names_may_stand_in_the_spec_where_the_file_has_none(folder):
    folder.write("x.csv", "u1,x\nu2,y\n")
    found = folder.contributions(
        TABLE.format("x*", "{a: A}") + "    csv: {header: [id, a]}\n"
    )
    assert [(c.key.id, c.origin.row, c.origin.line) for c in found] == [
        ("u1", 1, 1),
        ("u2", 2, 2),
    ]


@pytest.mark.parametrize(
    ("cell", "means"),
    [
        ("1,5", 1.5),
        ("-0,25", -0.25), ("1.234,50", 1234.5), ("12.345.678,9", 12345678.9),
        ("7", 7), ("1.234", None), ("1.23,5", None), ("1,234.5", None), ("1,2,3", None),
    ],
)  # fmt: skip
def test_a_decimal_comma(folder, cell, means):
    folder.write("x.csv", f"id;a\nu1;{cell}\n")
    extra = '    csv: {separator: ";", decimal: ","}\ncatalog: {A: {type: number}}\n'
    (raw,) = read(folder, extra=extra)["u1"].values()
    assert (raw.type, raw.value if means else None) == (
        "number" if means else "text",
        means,
    )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_row_that_cannot_be_read_is_skipped_where_rows_may_be(folder, form):
    """It keeps its key where it has one, so that its profile is left alone."""
    data = {
        "csv": b'id,a\nu1,x\nu2\n\n"u3","two\nlines"\nu4,y,z\nu5,\xe9\nu6,y\n',
        "jsonl": b'{"id":"u1","a":"x"}\n{"id":"u2"\n\n{"id":"u3","a":"z"}\n[]\n'
        b'{"id":"u5","a":"\xe9"}\n{"id":"u6","a":"y"}\n',
    }[form]
    folder.write(f"x.{form}", data)
    table = TABLE.format("x*", "{a: A}") + "    invalid: skip\n"
    found = folder.contributions(table)
    keys = {"csv": ["u2", "u4", "u5"], "jsonl": ["", "", ""]}[form]
    assert [c.key.id for c in found] == ["u1", keys[0], "u3", *keys[1:], "u6"]
    assert [bool(c.faults) for c in found] == [False, True, False, True, True, False]
    assert all(c.read() == {} for c in found if c.faults)
    assert [c.origin.row for c in found] == [1, 2, 3, 4, 5, 6]
    lines = {"csv": [2, 3, 5, 7, 8, 9], "jsonl": [1, 2, 4, 5, 6, 7]}[form]
    assert [c.origin.line for c in found] == lines


def test_a_row_beside_one_that_is_skipped_has_the_digest_that_it_always_has(folder):
    folder.write("x.csv", "id,a\nu1,x\n")
    folder.write("y.csv", "id,a\nu1,x\nu2\n")
    skip = "    invalid: skip\n"
    (one,) = folder.contributions(TABLE.format("x.csv", "{a: A}") + skip)
    other, _ = folder.contributions(TABLE.format("y.csv", "{a: A}") + skip)
    assert one.digest == other.digest


def test_a_quote_that_never_closes_is_never_skipped(folder):
    folder.write("x.csv", 'id,a\nu1,"x\nu2,y\n')
    table = TABLE.format("x*", "{a: A}") + "    invalid: skip\n"
    (finding,) = folder.findings(table)
    assert finding.startswith("x.csv row 1 (line 2): error CT617 cannot be read as CSV")


# Words and expressions


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_some_words_may_mean_a_blank_cell(folder, make, form):
    rows = [("u1", "NULL"), ("u2", "\\N"), ("u3", "x"), ("NULL", "y")]
    folder.write(f"x.{form}", make[form](["id", "a"], rows))
    extra = '    nulls: ["NULL", "\\\\N"]\n    where: "a IS NOT NULL"\n'
    found = read(folder, extra=extra)
    assert [*found] == ["u3", ""]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_attributes_and_ids_may_be_computed(folder, make, form):
    rows = [("1.0", "98765 43210", "3"), ("2.0", "", "4")]
    folder.write(f"x.{form}", make[form](["raw", "mobile", "n"], rows))
    extra = """\
    compute:
      key: "regexp_replace(raw, '[.]0$', '')"
      Phone: "'+91' || nullif(regexp_replace(mobile, '[^0-9]', '', 'g'), '')"
      Double: "n::INTEGER * 2"
      Even: "n::INTEGER % 2 = 0"
      Day: "DATE '2027-01-01' + n::INTEGER"
      When: "to_timestamp(n::BIGINT)"
      Words: "string_split(mobile, ' ')"
"""
    found = read(folder, "{n: N}", extra)
    assert {*found} == {"1", "2"}
    one, two = found["1"], found["2"]
    assert one["Phone"] == text("+919876543210")
    assert "Phone" not in two
    assert (one["Double"], one["Even"].value) == (number("6"), False)
    assert one["Day"] == Literal("2027-01-04", "date")
    assert one["When"] == Literal("1970-01-01T00:00:03Z", "date")
    assert one["Words"] == [text("98765"), text("43210")]


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        ("B: 'now()'", "the expression calls now()"),
        ("B: 'c'", 'there is no column "c"'),
        ("B: '{x: a}'", "the expression gives a STRUCT"),
        ("key: '1.5'", "a key is text or a whole number"),
        ("B: 'a::INTEGER'", "`compute.B` fails on a row"),
        ("B: 'a', A: 'a'", 'column "a" gives A too'),
    ],
)
def test_what_cannot_be_computed_is_refused(folder, compute, said):
    folder.write("x.csv", "id,a\nu1,secret\n")
    text_ = TABLE.format("x*", "{a: A}") + f"    compute: {{{compute}}}\n"
    (folder.root / "ctsync.yaml").write_text(
        "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n" + text_
    )
    from ctsync.project import load_project

    project = load_project(folder.root)
    found = Findings(project.findings)
    try:
        list(ProjectSources(project).contributions())
    except CtsyncError as error:
        found.extend(getattr(error, "findings", ()))
    messages = [finding.as_text() for finding in found]
    assert any(said in message for message in messages), messages
    assert not any("secret" in message for message in messages)


@pytest.mark.parametrize(
    "cell",
    ["2027-03-31 08:30:00+00", "2027-03-31 08:30:00Z", "2027-03-31 08:30:00+00:00"],
)
def test_an_offset_may_be_short(folder, cell):
    folder.write("x.csv", f"id,a\nu1,{cell}\n")
    column = '{a: {attribute: A, format: "%Y-%m-%d %H:%M:%S%z"}}'
    (raw,) = read(folder, column, "catalog: {A: {type: date}}\n")["u1"].values()
    assert raw == Literal("2027-03-31T08:30:00+00:00", "date")


def test_a_literal_z_is_refused(folder):
    folder.write("x.csv", "id,a\nu1,x\n")
    column = '{a: {attribute: A, format: "%Y-%m-%dT%H:%M:%SZ"}}'
    (folder.root / "ctsync.yaml").write_text(
        "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"
        + TABLE.format("x*", column)
    )
    from ctsync.project import load_project

    (finding,) = load_project(folder.root).findings
    assert "%z" in finding.hint
