import pytest

from ctsync.duckdb_connection import open_connection
from ctsync.sources.project_sources import ProjectSources

TABLE = (
    "tables:\n  t:\n    file: '{}'\n    key: {{identity: id}}\n    columns: {{a: A}}\n"
)
LAST = TABLE + "    duplicates: last\n"
NAMES = ["id", "a"]


def test_a_key_that_stands_twice_names_both_rows(folder, form):
    kind, make = form
    folder.write(f"x/1.{kind}", make(NAMES, [("u1", "x"), ("u2", "y"), ("u1", "x")]))
    folder.write(f"x/2.{kind}", make(NAMES, [("u3", "x"), ("u2", "z")]))
    hint = "(keep one of them, or write duplicates: last)"
    heading = {"jsonl": 0, "csv": 1, "tsv": 1}.get(kind)
    at = ["" if heading is None else f" (line {n + heading})" for n in (1, 2, 3)]
    one, two, three = (f"row {n}{line}" for n, line in enumerate(at, 1))
    said = "error CT621 has the same key as"
    assert folder.findings(TABLE.format("x/*")) == [
        f"x/1.{kind} {three}: {said} {one} {hint}",
        f"x/2.{kind} {two}: {said} {two} of x/1.{kind} {hint}",
    ]


def test_many_duplicates_are_summed_up(folder, form):
    kind, make = form
    rows = [(f"u{n // 3}", "x") for n in range(300)]
    folder.write(f"a.{kind}", make(NAMES, rows))
    found = folder.findings(TABLE.format(f"a.{kind}"))
    assert len(found) == 21
    assert any(
        'CT621 180 more rows have the key of another in table "t"' in f for f in found
    )


def test_the_last_row_of_a_key_counts(folder, form):
    kind, make = form
    folder.write(f"x/1.{kind}", make(NAMES, [("u1", "a"), ("u2", "b"), ("u1", "c")]))
    folder.write(f"x/2.{kind}", make(NAMES, [("u3", "d"), ("u2", "e"), ("u4", "f")]))
    project = folder.load(LAST.format("x/*"))
    found = [
        (c.key.id, c.origin.file[2], c.origin.row, c.read()["A"].text)
        for c in ProjectSources(project).contributions()
    ]
    assert found == [
        ("u1", "1", 3, "c"),
        ("u3", "2", 1, "d"),
        ("u2", "2", 2, "e"),
        ("u4", "2", 3, "f"),
    ]


def test_rows_that_do_not_count_are_not_counted(folder):
    folder.write("a.csv", "id,a\nu1,x\nu1,y\nu2,z\n,w\n,w\n")
    (source,) = ProjectSources(folder.load(LAST.format("a.csv"))).row_sources()
    with open_connection(files=source.reads) as connection:
        source.load(connection)
    assert source.rows == 4


def test_equal_rows_are_duplicates_too(folder, form):
    kind, make = form
    folder.write(f"a.{kind}", make(NAMES, [("u1", "x")] * 2))
    assert len(folder.findings(TABLE.format(f"a.{kind}"))) == 1
    (found,) = folder.contributions(LAST.format(f"a.{kind}"))
    assert found.origin.row == 2


def test_rows_that_where_leaves_out_are_no_duplicates(folder, form):
    kind, make = form
    folder.write(f"a.{kind}", make(NAMES, [("u1", "x"), ("u1", "y")]))
    (found,) = folder.contributions(TABLE.format(f"a.{kind}") + "    where: a = 'y'\n")
    assert found.origin.row == 2


def test_rows_without_a_key_are_no_duplicates(folder, form):
    kind, make = form
    rows = [("", "x"), ("", "x"), ("", "y"), (" ", "z"), ("u1", "w"), ("a\x01", "x")]
    folder.write(f"a.{kind}", make(NAMES, rows))
    found = folder.contributions(TABLE.format(f"a.{kind}"))
    assert [(c.origin.row, c.key.id, c.read()["A"].text) for c in found] == [
        (n, row[0] if row[0] == "u1" else "", row[1]) for n, row in enumerate(rows, 1)
    ]
    assert [len(c.faults) for c in found] == [1, 1, 1, 1, 0, 1]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_many_rows_without_a_key_do_no_harm(folder, make, kind):
    rows = [("", "x")] * 5000 + [("u1", "y")]
    folder.write(f"a.{kind}", make[kind](NAMES, rows))
    found = folder.contributions(TABLE.format(f"a.{kind}"))
    assert (len(found), found[-1].key.id) == (5001, "u1")
