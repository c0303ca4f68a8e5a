"""What stands in a file comes back as it stands, cell by cell."""

import csv
import tempfile
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.model.scalar_value import Literal

TABLE = "tables:\n  t:\n    file: {}\n    key: {{identity: id}}\n    columns: {}\n"
AWKWARD = [
    "a,b", 'say "hi"', "two\nlines", "two\r\nlines", "\r", " padded ", "0123", "1e5",
    "NO", "null", "NULL", "\\N", "~", "#x", "'x'", "\ufeffx", "é", "e\u0301", "😀",
    "123456789012345678901234567890", "1.10", "\t", "\x01", "a\x00b", '"', '""', ",",
    "-", "x" * 5000, "\u2028", "\x1f", "\\", '\\"', "{}", "[1]", "%s", "$1", "{0}",
]  # fmt: skip
TEXTS = st.text(max_size=8) | st.sampled_from(AWKWARD)
KINDS = [
    *product(["csv", "jsonl", "tsv"], ["", ".gz", ".zst"]),
    *product(["arrow", "parquet"], [""]),
]


def written(texts):
    """Give what the rows of texts should say."""
    return [
        {
            name: Literal(text, "text", text, quoted=True)
            for name, text in zip("AB", row[1:], strict=True)
            if text
        }
        for row in texts
    ]


def read_back(folder, make, rows, kind, packing="", **how):
    data = make[kind](["id", "a", "b"], rows, **how)
    name = f"rows.{kind}{packing}"
    folder.write(name, make["packed"](data, packing))
    found = folder.contributions(TABLE.format(name, "{a: A, b: B}"))
    assert [c.origin.row for c in found] == list(range(1, len(rows) + 1))
    assert [c.key.id for c in found] == [row[0] for row in rows]
    return [dict(c.read()) for c in found]


@pytest.mark.parametrize(("kind", "packing"), KINDS)
def test_awkward_texts_come_back_as_they_are(folder, make, kind, packing):
    rows = [(f"u{n}", text, f"x{text}x") for n, text in enumerate(AWKWARD)]
    assert read_back(folder, make, rows, kind, packing) == written(rows)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_lines_of_csv_may_end_as_they_like(folder, make, ending, quoting):
    # Python's writer does not quote every ending that is not its own.
    texts = [text for text in AWKWARD if quoting or not {*"\r\n"} & {*text}]
    rows = [(f"u{n}", text, "y") for n, text in enumerate(texts)]
    how = {"ending": ending, "quoting": quoting}
    assert read_back(folder, make, rows, "csv", **how) == written(rows)


@pytest.mark.parametrize("kind", ["arrow", "csv", "jsonl", "parquet", "tsv"])
@settings(max_examples=15)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=60))
def test_any_texts_come_back_as_they_are(kind, rows, make_in, folder_in):
    rows = [(f"u{n}", *row) for n, row in enumerate(rows)]
    with tempfile.TemporaryDirectory() as path:
        found = read_back(folder_in(Path(path)), make_in, rows, kind)
    assert found == written(rows)


@pytest.mark.parametrize("kind", ["arrow", "csv", "jsonl", "parquet", "tsv"])
def test_a_cell_may_have_eight_megabytes(folder, make, kind):
    rows = [("u0", "x" * (8 << 20), "y"), ("u1", 'é"' * 1_000_000, "z")]
    assert read_back(folder, make, rows, kind) == written(rows)


@pytest.mark.parametrize("kind", ["arrow", "csv", "jsonl", "parquet", "tsv"])
def test_rows_of_big_files_keep_their_order(folder, make, kind):
    rows = [(f"u{n}", f"a{n}\n" * (n % 7), f"b{n}") for n in range(30_000)]
    assert read_back(folder, make, rows, kind) == written(rows)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "tsv"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(folder, make, kind):
    data = make[kind](["id", "a", "b"], [("u0", "1", "\ufeff2"), ("u1", "3", "4")])
    folder.write(f"rows.{kind}", b"\xef\xbb\xbf" + data)
    found = folder.words(TABLE.format(f"rows.{kind}", "{a: A, b: B}"))
    assert found == dict(
        zip(
            ["u0", "u1"],
            written([("u0", "1", "\ufeff2"), ("u1", "3", "4")]),
            strict=True,
        )
    )


def test_missing_and_empty_cells_are_blank(folder):
    folder.write("a.csv", 'id,a,b\nu0,,""\nu1,x,\n')
    folder.write(
        "a.jsonl",
        '{"id":"u0","a":null,"b":""}\n{"id":"u1","a":"x","b":"z"}\n{"id":"u2"}\n',
    )
    expected = {"A": Literal("x", "text", "x", quoted=True)}
    assert folder.words(TABLE.format("a.csv", "{a: A, b: B}")) == {
        "u0": {},
        "u1": expected,
    }
    words = folder.words(TABLE.format("a.jsonl", "{a: A, b: B}"))
    assert (words["u0"], words["u2"], words["u1"]["A"]) == ({}, {}, expected["A"])
