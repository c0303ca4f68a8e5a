import pytest

from ctsync.formats.where_filter import FUNCTIONS, checked_condition
from ctsync.model.fault import Faults

TABLE = (
    "tables:\n  t:\n    file: '{}'\n    key: {{identity: id}}\n"
    "    columns: {{a: A}}\n    where: |-\n      {}\n"
)
COLUMNS = ("id", "a", "country", "order", "x.y", "Mixed", "Twice", "twice")


def kept(connection, text, columns=COLUMNS):
    condition = checked_condition(connection, text)
    names = condition.columns(columns)
    condition.require_condition(connection, ["VARCHAR"] * len(names))
    return names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("country = 'IN'", ("country",)),
        ("country='IN' AND a IN ('x', 'y') -- why", ("country", "a")),
        ("a::INTEGER > 3 OR TRY_CAST(a AS DOUBLE) < 1", ("a",)),
        ('"order" IS NULL', ("order",)),
        ('"x.y" LIKE \'x%\'', ("x.y",)),
        ("mixed ILIKE 'x'", ("Mixed",)),
        ("Twice <> twice", ("Twice", "twice")),
        ("CASE WHEN a = 'x' THEN true ELSE country BETWEEN 'a' AND 'b' END", ("a", "country")),  # noqa: E501
        ("length(trim(lower(a))) % 2 = 1", ("a",)),
        ("regexp_matches(a, '^x') AND NOT starts_with(a, 'y')", ("a",)),
        ("date_diff('day', a::DATE, DATE '2020-01-01') < 3", ("a",)),
        ("a::TIMESTAMP + INTERVAL 3 DAY < '2020-01-01'", ("a",)),
        ("coalesce(nullif(a, ''), country) = 'x'", ("a", "country")),
        ("list_contains(string_split(a, ';'), 'x')", ("a",)),
        ("a;", ("a",)),
        ("true", ()),
    ],
)  # fmt: skip
def test_a_condition_over_the_columns_of_a_row_is_taken(connection, text, names):
    if text == "a;":
        text = "a = 'x';"
    assert kept(connection, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "now() > a::TIMESTAMP", "random() < 0.5", "today() = a::DATE",
        "current_date = a::DATE", "current_timestamp > a::TIMESTAMP", "uuid() = a",
        "gen_random_uuid()::VARCHAR = a", "current_localtimestamp() > a::TIMESTAMP",
        "age(a::TIMESTAMP) > INTERVAL 1 DAY", "getenv('HOME') = a", "nextval('s') = 1",
        "current_setting('threads') = a", "getvariable('x') = a", "version() = a",
        "hash(a) = 1", "error('x') = a", "current_user = a", "current_schema() = a",
        "txid_current() = 1", "sum(a) > 1", "count(*) > 1", "max(a) = a",
        "row_number() OVER () < 5", "first_value(a) OVER () = a",
        "(SELECT 1) = 1", "a IN (SELECT content FROM read_text('/etc/passwd'))",
        "EXISTS (SELECT 1)", "a = ANY (SELECT 1)", "read_text('/etc/passwd') = a",
        "unnest([1, 2]) = 1", "* = 1", "COLUMNS(*) = 'x'", "? = a", "$1 = a", "#1 = 'x'",  # noqa: E501
        "list_filter([a], lambda x: x = 'y') = []", "a COLLATE nocase = 'x'", "DEFAULT",
        "1=1) OR (1=1", "1=1; DROP TABLE t", "1=1 FROM t", "1=1 WHERE true", "1=1 LIMIT 0",  # noqa: E501
        "1=1 ORDER BY 1", "DISTINCT a = 'x'", "1=1 AS b", "1=1, 2=2", "1=1 UNION SELECT true",  # noqa: E501
        "a = 'x' /*", "a = 'x", "", "-- x", "a", "a || a", "1 + 1", "a + 1 = 2",
        "b = 'x'", "t.a = 'x'", "main.lower(a) = 'x'", "rowid = 1", "file_index = 0",
        "filename = 'x'", "lenght(a) = 1", "a::no_such_type = 1", "TWICE = 'x'",
        "lower(DISTINCT a) = 'x'", "concat(a ORDER BY a) = 'x'", "c1 = 'x'", "w1 = 'x'",
        "getvariable", "grouping(a) = 1",
    ],
)  # fmt: skip
def test_what_looks_at_anything_else_is_refused(connection, text):
    with pytest.raises(Faults):
        kept(connection, text)


def test_no_function_that_may_be_called_is_unsteady(connection):
    # What takes a time in a zone goes by the connection's zone, which is UTC always.
    query = (
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE "
        "function_type = 'aggregate' OR stability = 'VOLATILE' "
        "OR stability <> 'CONSISTENT' AND NOT regexp_matches("
        "parameter_types::VARCHAR, 'WITH TIME ZONE|TIMESTAMPTZ')"
    )
    unsteady = {name for (name,) in connection.execute(query).fetchall()}
    assert {"random", "now", "getvariable"} <= unsteady
    assert FUNCTIONS & unsteady == frozenset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contry = 'IN'", 'there is no column "contry" (did you mean "country"?)'),
        ("country = 'IN", "not SQL: unterminated string literal"),
        ("now() = a", "the condition calls now() (it may look at the columns of one row"),  # noqa: E501
        ("lenght(a) = 1", 'the condition calls lenght() (did you mean "length"?)'),
        ("a", "the condition gives a VARCHAR, not true or false"),
        ("a = 'x' AND a + 1 = 2", "No function matches"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_where_the_condition_stands(folder, text, said):
    folder.write("x/1.csv", "id,a,country\nu1,x,IN\n")
    (finding,) = folder.findings(TABLE.format("x/*.csv", text))
    assert finding.startswith(f"ctsync.yaml:9:5: error CT604 {said[:24]}"), finding
    assert said.split(" (")[0] in finding


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_only_rows_for_which_it_is_true_are_kept(folder, make, kind):
    rows = [("u1", "x", "IN"), ("u2", "y", ""), ("u3", "z", "US"), ("u4", "w", "IN")]
    folder.write(f"a.{kind}", make[kind](["id", "a", "country"], rows))
    found = folder.contributions(TABLE.format(f"a.{kind}", "Country = 'IN'"))
    assert [(c.key.id, c.origin.row) for c in found] == [("u1", 1), ("u4", 4)]
    found = folder.contributions(TABLE.format(f"a.{kind}", "NOT country = 'IN'"))
    assert [c.key.id for c in found] in (["u2", "u3"], ["u3"])  # CSV has NULL for blank


def test_a_row_that_it_fails_on_is_no_reason_to_show_its_value(folder):
    folder.write("x/1.csv", "id,a\nu1,1\n")
    folder.write("x/2.csv", "id,a\nu1,secret\n")
    (finding,) = folder.findings(TABLE.format("x/*.csv", "a::INTEGER > 0"))
    assert finding.startswith("x/2.csv: error CT604 `where` fails on a row")
    assert "secret" not in finding


def test_columns_of_json_are_text(folder):
    folder.write(
        "a.jsonl",
        '{"id":1,"a":1,"n":5}\n{"id":2,"a":1,"n":"5"}\n{"id":3,"a":1,"n":null}\n'
        '{"id":4,"a":1}\n{"id":5,"a":1,"n":true}\n{"id":6,"a":1,"n":[1]}\n',
    )

    def ids(where):
        return [c.key.id for c in folder.contributions(TABLE.format("a.jsonl", where))]

    assert ids("n = '5'") == ["1", "2"]
    assert ids("n IS NULL") == ["3", "4"]
    assert ids("n = 'true' OR n = '[1]'") == ["5", "6"]
