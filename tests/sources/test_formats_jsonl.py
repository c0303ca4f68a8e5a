import pytest

from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal
from ctsync.sources.project_sources import ProjectSources
from ctsync.yaml.scalars import literal

TABLE = (
    "tables:\n  t:\n    file: {}\n    key: {{identity: id}}\n    columns: {{a: A}}\n"
)


def said(folder, cell):
    folder.write("a.jsonl", f'{{"id": "u1", "a": {cell}}}\n{{"id": "u2", "a": 1}}\n')
    return folder.words(TABLE.format("a.jsonl"))["u1"].get("A")


@pytest.mark.parametrize(
    "number",
    [
        *["1", "-1", "0", "1.10", "1e5", "1E+5", "-1.5e-3", "123456789012345", "0.1"],
        "1.2345678901234567890",
        "1e400",
    ],
)
def test_a_number_means_what_it_means_in_a_spec(folder, number):
    assert said(folder, number) == literal(f":{number}")


@pytest.mark.parametrize("number", ["1234567890123456", "-9007199254740993"])
def test_a_whole_number_may_have_many_digits(folder, number):
    """A spec takes it for text, since nothing tells that it is no id."""
    assert said(folder, number) == Literal(number, "number", int(number))


@pytest.mark.parametrize(
    ("cell", "raw"),
    [
        ('"5"', Literal("5", "text", "5", quoted=True)),
        ('"NO"', Literal("NO", "text", "NO", quoted=True)),
        ('"\\u00e9\\ud83d\\ude00\\n"', Literal("é😀\n", "text", "é😀\n", quoted=True)),
        ("true", Literal("true", "boolean", value=True)),
        ("false", Literal("false", "boolean", value=False)),
        ("null", None),
        ('""', None),
        ("[]", []),
        ('["x", ""]', [literal('"x'), literal('"')]),
        ('["x", null, 1]', [literal('"x'), literal(":null"), literal(":1")]),
    ],
)
def test_cells_keep_their_type(folder, cell, raw):
    assert said(folder, cell) == raw


@pytest.mark.parametrize("cell", ['{"b": 1}', "[[1]]", '[{"b": 1}]', "{}"])
def test_a_nested_cell_is_no_value(folder, cell):
    found = said(folder, cell)
    assert isinstance(found, Fault)
    assert found.code == "CT625"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('"a": 1, "a": 2', ("CT617", None)),
        ('"a": NaN', ("CT625", "NaN")),
        ('"a": -Infinity', ("CT625", "-Infinity")),
    ],
)
def test_what_is_not_quite_json_is_a_fault_of_its_cell(folder, row, fault):
    folder.write("a.jsonl", f'{{"id": "u1", {row}, "b": NaN}}\n')
    found = folder.words(TABLE.format("a.jsonl"))["u1"]["A"]
    assert (found.code, found.value) == fault


def test_nan_may_mean_a_blank_cell(folder):
    folder.write("a.jsonl", '{"id": "u1", "a": NaN}\n{"id": "u2", "a": "NULL"}\n')
    table = TABLE.format("a.jsonl") + '    nulls: ["NaN", "NULL"]\n'
    assert folder.words(table) == {"u1": {}, "u2": {}}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[1]", "CT617 is no JSON object"),
        ("1", "CT617 is no JSON object"),
        ("null", "CT617 is no JSON object"),
        ('"x"', "CT617 is no JSON object"),
        ('{"id": "x"', "CT617 is not JSON"),
        ('{"id": "x"} {"id": "y"}', "CT617 is not JSON"),
        ("{'id': 1}", "CT617 is not JSON"),
        ('{"id": "a\x00b"}', "CT617 is not JSON"),
        ('{"id": "\\ud83d"}', "CT617 holds half of a surrogate pair"),
        (b'{"id": "\xe9"}', "CT614 is not UTF-8"),
        ("// x", "CT617 is not JSON"),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_line_that_is_no_object_is_named(folder, line, problem, mark):
    line = line if isinstance(line, bytes) else line.encode()
    good = b'{"id": "u1", "a": 1}\n'
    folder.write("a.jsonl", mark + good + b"\n  \n" + good.replace(b"u1", b"u2") + line)
    (finding,) = folder.findings(TABLE.format("a.jsonl"))
    assert finding.startswith(f"a.jsonl row 3 (line 5): error {problem}")


def test_blank_lines_and_endings_of_all_sorts_do_not_count(folder):
    folder.write(
        "a.jsonl", '\n{"id":"u1","a":1}\r\n\r\n \t \n{"id":"u2","a":2}\n\n{"id":"u3"}'
    )
    found = [
        (c.key.id, c.origin.row) for c in folder.contributions(TABLE.format("a.jsonl"))
    ]
    assert found == [("u1", 1), ("u2", 2), ("u3", 3)]


def test_a_column_that_no_row_has_is_blank(folder):
    folder.write("a.jsonl", '{"id": "u1", "aa": 1}\n')
    assert folder.words(TABLE.format("a.jsonl")) == {"u1": {}}


def test_a_column_of_another_letter_case_is_told(folder):
    """It is blank for all, as one that no row has; an expression still finds it."""
    folder.write("a.jsonl", '{"id": "u1", "A": 1}\n')
    tables = TABLE.format("a.jsonl") + "    where: a IS NOT NULL\n"
    project = folder.load(tables)
    (row,) = ProjectSources(project).contributions()
    assert dict(row.read()) == {}
    (finding,) = project.findings
    assert finding.code == "CT628"


def test_the_column_of_the_key_has_to_be_there(folder):
    folder.write("a.jsonl", '{"idd": "u1", "a": 1}\n')
    (finding,) = folder.findings(TABLE.format("a.jsonl"))
    assert finding.endswith('has no column "id" (column 2 is called nearly so)')


def test_a_column_may_come_late(folder):
    rows = [f'{{"id": "u{n}"}}\n' for n in range(3000)]
    folder.write("a.jsonl", "".join([*rows, '{"id": "last", "a": 1}\n']))
    assert folder.words(TABLE.format("a.jsonl"))["last"]["A"].value == 1


@pytest.mark.parametrize(
    ("key", "identifier"),
    [
        ('"u1"', "u1"),
        ("5", "5"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("0", "0"),
        ('"007"', "007"),
        ('"\\u00e9"', "é"),
    ],
)
def test_a_key_is_text_or_a_whole_number(folder, key, identifier):
    folder.write("a.jsonl", f'{{"id": {key}, "a": 1}}\n')
    (found,) = folder.contributions(TABLE.format("a.jsonl"))
    assert (found.key.id, found.faults) == (identifier, ())


@pytest.mark.parametrize(
    ("key", "code"),
    [
        *[("1.5", "CT625"), ("1189549.0", "CT625"), ("1e3", "CT625"), ("NaN", "CT625")],
        *[("true", "CT625"), ("[1]", "CT625"), ("{}", "CT625")],
        *[("null", "CT314"), ('""', "CT314"), ('" "', "CT314")],
        ('"u1", "id": "u2"', "CT617"),
        ('"u1", "\\u0069d": "u2"', "CT617"),
    ],
)
def test_any_other_key_names_no_one(folder, key, code):
    folder.write("a.jsonl", f'{{"id": {key}, "a": 1}}\n')
    (found,) = folder.contributions(TABLE.format("a.jsonl"))
    assert [found.key.id, *(f.code for f in found.faults)] == ["", code]


NAMES = [
    "a/b",
    "a~b",
    "a~1b",
    "",
    "a.b",
    "$.a",
    "*",
    'a"b',
    "a'b",
    "0",
    "é",
    "a b",
    "A",
]


def test_names_of_columns_may_hold_anything(folder):
    import json

    row = {"id": "u1", **{name: f"is {name}" for name in NAMES}}
    folder.write("a.jsonl", json.dumps(row))
    columns = {name: f"X{at}" for at, name in enumerate(NAMES)}
    table = TABLE.format("a.jsonl").replace("{a: A}", json.dumps(columns))
    found = folder.words(table)["u1"]
    assert {n: v.text for n, v in found.items()} == {
        f"X{at}": f"is {name}" for at, name in enumerate(NAMES)
    }


def digests(folder, *cells, columns="{a: A}"):
    """Give those of rows of one key, each in a file of its own."""
    rows = (f'{{"id": "u1", "a": {cell}}}\n' for cell in cells)
    return [digest(folder, row, columns) for row in rows]


def digest(folder, row, columns="{a: A}"):
    folder.write("a.jsonl", row)
    table = TABLE.format("a.jsonl").replace("{a: A}", columns)
    (found,) = folder.contributions(table)
    return found.digest


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("1", '"1"'),
        ("true", '"true"'),
        ('["a"]', '"a"'),
        ('["a", "b"]', '["a,b"]'),
        ("0.1", "0.10000000000000001"[:3] + "1"),
        ("12345678901234567890123", "12345678901234567890124"),
        ("9007199254740993", "9007199254740992"),
        ('"null"', "null"),
    ],
)
def test_unequal_cells_have_unequal_digests(folder, one, two):
    first, second = digests(folder, one, two)
    assert first != second


def test_equal_cells_have_equal_digests_however_their_row_is_written(folder):
    for one, other in (
        ('{"id": "u1", "a": "\\u00e9"}\n', '{"b":0,"a":"é","id":"u1"}\n'),
        ('{"id":"u1", "a" : 5.50}\n', '{"id":"u1","a":5.5}\n'),
    ):
        assert digest(folder, one) == digest(folder, other)


def test_the_spelling_of_a_number_counts_where_words_are_mapped(folder):
    mapped = '{a: {attribute: A, map: {"1.10": x, "1.1": y}}}'
    one, two = digests(folder, "1.10", "1.1", columns=mapped)
    assert one != two
