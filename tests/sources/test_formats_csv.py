import gzip

import pytest

TABLE = (
    "tables:\n  t:\n    file: {}\n    key: {{identity: id}}\n    columns: {{a: A}}\n"
)


def faults(folder, data, name="a.csv"):
    folder.write(name, data)
    return folder.findings(TABLE.format(name))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("id,a\nu1,x\nu2\n", "row 2 (line 3): error CT617 has 1 cells, the header has 2"),  # noqa: E501
        ("id,a\nu1,x\nu2,y,z\n", "row 2 (line 3): error CT617 has 3 cells, the header has 2"),  # noqa: E501
        ('id,a\nu1,"x\n1"\nu2,"y\n', "row 2 (line 4): error CT617 cannot be read as CSV"),  # noqa: E501
        ('id,a\nu1,"x"y\n', "row 1 (line 2): error CT617 cannot be read as CSV"),
        (b"id,a\nu1,x\nu2,\xe9\n", "row 2 (line 3): error CT614 is not UTF-8"),
        (b"id,\xe9\nu1,x\n", "error CT614 is not UTF-8"),
        ("id,a\nu1,x\r\nu2,y\n", "row 1 (line 2): error CT617 ends with CR LF, the header with LF"),  # noqa: E501
        ("id,a\r\nu1,x\r\nu2,y\n", "row 2 (line 3): error CT617 ends with LF, the header with CR LF"),  # noqa: E501
        ("id,a\nu1,x\ry\n", "row 1 (line 2): error CT617 ends with CR, the header with LF"),  # noqa: E501
        ("", "error CT616 has no header"),
        ("\n\nid,a\nu1,x\n", "error CT616 has no header"),
        ("id,a,a\nu1,x,y\n", "error CT616 gives columns 2 and 3 the same name"),
        ("id,A\nu1,x\n", 'error CT615 has no column "a" (column 2 differs from'),
        ("key,b\nu1,x\n", 'error CT615 has no columns "id", "a" (it has 2 other'),
        ("id;a\nu1;x\n", 'error CT616 parts its cells with ";" (write csv: {separator: ";"})'),  # noqa: E501
        ("id,a\nu1,x\n".encode("utf-16"), "error CT614 is UTF-16 (save it as UTF-8, or write csv: {encoding: utf-16})"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_named(folder, data, said):
    (finding,) = faults(folder, data)
    assert finding.startswith(f"a.csv: {said}" if said[0] == "e" else "a.csv row ")
    assert said in finding


def test_rows_are_counted_as_records_and_not_as_lines(folder):
    data = 'id,a\nu1,"1\n2\n3"\n\nu2,y\n\nu3\n'
    (finding,) = faults(folder, data)
    assert finding.startswith("a.csv row 3 (line 8): error CT617 has 1 cells")


def test_the_row_is_found_far_into_a_big_packed_file(folder):
    rows = [f"u{n},{n}\n" for n in range(50_000)]
    rows[43_210] = "u43210\n"
    data = gzip.compress(("id,a\n" + "".join(rows)).encode())
    (finding,) = faults(folder, data, "a.csv.gz")
    assert finding.startswith(
        "a.csv.gz row 43211 (line 43212): error CT617 has 1 cells"
    )


def test_a_row_beyond_all_measure_is_refused(folder):
    (finding,) = faults(folder, f"id,a\nu1,x\nu2,{'x' * (33 << 20)}\n")
    assert finding.startswith("a.csv row 2 (line 3): error CT617 has more than 32 MiB")


def test_columns_that_no_one_wants_may_have_no_name(folder):
    folder.write("a.csv", ",id,,a,\n0,u1,x,y,\n")
    ((key, words),) = folder.words(TABLE.format("a.csv")).items()
    assert (key, words["A"].text) == ("u1", "y")


def test_blank_lines_are_no_rows(folder):
    folder.write("a.csv", "id\n\nu1\n\n\nu2\n\n")
    table = "tables:\n  t:\n    file: a.csv\n    key: {identity: id}\n    columns: {id: A}\n"  # noqa: E501
    found = [(c.key.id, c.origin.row) for c in folder.contributions(table)]
    assert found == [("u1", 1), ("u2", 2)]


def test_one_column_may_be_wanted_twice(folder):
    folder.write("a.csv", "id,a\nu1,x\n")
    table = (
        "tables:\n  t:\n    file: a.csv\n    key: {identity: id}\n"
        "    columns: {a: A, id: B}\n"
    )
    assert {k: v.text for k, v in folder.words(table)["u1"].items()} == {
        "A": "x",
        "B": "u1",
    }


def test_the_order_of_columns_may_differ_from_file_to_file(folder):
    folder.write("x/1.csv", "id,a,b\nu1,x,0\n")
    folder.write("x/2.csv", "a,id\ny,u2\n")
    folder.write("x/3.csv", "id,a,b\nu3,z,0\nu4,w,0\n")
    found = folder.contributions(TABLE.format("x/*.csv"))
    assert [
        (c.origin.file, c.origin.row, c.key.id, c.read()["A"].text) for c in found
    ] == [
        ("x/1.csv", 1, "u1", "x"),
        ("x/2.csv", 1, "u2", "y"),
        ("x/3.csv", 1, "u3", "z"),
        ("x/3.csv", 2, "u4", "w"),
    ]


def test_equal_cells_have_equal_digests_whatever_stands_beside_them(folder):
    one, same, *others = (
        digest(folder, f"id,a,b\nu1,{cells}\n") for cells in ("x,0", "x,1", "y,0", ",")
    )
    folder.write("2.csv", 'b,a,id\n7,"x",u1\n')
    (two,) = folder.contributions(TABLE.format("2.csv").replace("t:", "other:"))
    assert one == same == two.digest
    assert len({one, *others}) == 3


def digest(folder, text, columns="{a: A}"):
    folder.write("1.csv", text)
    (found,) = folder.contributions(TABLE.format("1.csv").replace("{a: A}", columns))
    return found.digest


def test_rows_of_two_keys_never_have_one_digest(folder):
    """By it alone a row meets its entry."""
    folder.write("1.csv", "id,a\nu1,x\nu2,x\nu,1x\nu1x,\n")
    found = folder.contributions(TABLE.format("1.csv"))
    assert len({each.digest for each in found}) == 4


def test_cells_do_not_run_into_one_another(folder):
    cells = ('"1:x",', ',"1:x"', '"1:x1:",x', '"1:x","1:x"')
    texts = (f"id,a,b\nu1,{each}\n" for each in cells)
    assert len({digest(folder, text, "{a: A, b: B}") for text in texts}) == 4


@pytest.mark.parametrize(
    "change",
    [
        ("columns: {a: A}", "columns: {a: B}"),
        ("columns: {a: A}", "columns: {a: {attribute: A, blank: error}}"),
        ("columns: {a: A}", "columns: {a: {attribute: A, map: {x: y}}}"),
        ("tables:", "timezone: Asia/Kolkata\ntables:"),
    ],
)
def test_what_a_table_makes_of_a_row_is_part_of_its_digest(folder, change):
    folder.write("a.csv", "id,a\nu1,x\n")
    (one,) = folder.contributions(TABLE.format("a.csv"))
    (two,) = folder.contributions(TABLE.format("a.csv").replace(*change))
    assert one.digest != two.digest


@pytest.mark.parametrize(
    "change",
    [
        ("  t:", "  u:"),
        ("    key:", "    where: \"a = 'x'\"\n    key:"),
        ("    key:", "    missing: keep\n    invalid: skip\n    key:"),
        ("a.csv", '"*.csv"'),
    ],
)
def test_which_rows_a_table_takes_is_no_part_of_their_digest(folder, change):
    folder.write("a.csv", "id,a\nu1,x\n")
    (one,) = folder.contributions(TABLE.format("a.csv"))
    (two,) = folder.contributions(TABLE.format("a.csv").replace(*change))
    assert one.digest == two.digest
