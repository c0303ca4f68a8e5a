"""`tables:` and files of members: what they say, and what is wrong with them."""

from pathlib import PurePosixPath

import pytest

from ctsync.errors import SpecError
from ctsync.formats import is_readable
from ctsync.model.scalar_value import Literal
from ctsync.project.schema.documents import project_schema, spec_schema

CATALOG = """\
catalog:
  Interests: {type: list}
  Renewal Date: {type: date}
  Points: {type: counter}
"""
WHOLE = """\
tables:
  loyalty:
    file: export/*.parquet
    key: {identity: customer_id}
    where: "country = 'IN'"
    columns:
      plan: Plan
      tags:  {attribute: Interests, split: ";"}
      sex:   {attribute: Gender, map: {Male: M, Female: F}, blank: remove}
      renew: {attribute: Renewal Date, format: "%d/%m/%Y"}
    blank: keep
    duplicates: error
    missing: keep
    invalid: error
    allow_empty: false
"""
SMALL = "file: a.csv, key: {identity: id}, columns: {plan: Plan}"


def table_of(folder, words):
    """Give the table `t` of a file `t.yaml`, and the findings."""
    project = folder.write("t.yaml", f"tables:\n  t: {{{words}}}\n").load()
    return project.tables.get("t"), [(f.code, f.column) for f in project.findings]


def found(folder, words):
    """Give what is wrong with a table, each with the text at its place."""
    text = f"tables:\n  t: {{{words}}}\n"
    line = text.splitlines()[1]
    folder.more(CATALOG).write("t.yaml", text)
    return [(f.code, line[f.column - 1 :][:6].strip()) for f in folder.findings()]


def column_found(folder, words):
    """Give what is wrong with one column."""
    return found(folder, f"file: a.csv, key: {{identity: id}}, columns: {{c: {words}}}")


# What they say


def test_a_table_says_what_is_written(folder):
    project = folder.more(CATALOG).write("t.yaml", WHOLE).load()
    assert project.findings.totals == {}
    table = project.tables["loyalty"]
    assert (table.name, table.file, table.line) == ("loyalty", "t.yaml", 2)
    assert table.words.pattern.text == "export/*.parquet"
    assert (table.key_type, table.key_column) == ("identity", "customer_id")
    assert table.where == "country = 'IN'"
    rules = (table.duplicates, table.missing, table.invalid, table.allow_empty)
    assert rules == ("error", "keep", "error", False)
    assert table.attributes == {"gender", "interests", "plan", "renewaldate"}
    sex, tags, plan, renew = table.columns
    assert (plan.column, plan.attribute, plan.how) == ("plan", "Plan", "exactly")
    assert (tags.attribute, tags.split, tags.blank) == ("Interests", ";", "keep")
    assert sex.map == {"Male": Literal("M", "text", "M"),
                       "Female": Literal("F", "text", "F")}  # fmt: skip
    assert sex.blank == "remove"
    assert renew.format == "%d/%m/%Y"


def test_a_table_needs_a_file_a_key_and_columns_and_has_defaults(folder):
    table, wrong = table_of(folder, SMALL)
    assert wrong == []
    assert table.where is None
    rules = (table.duplicates, table.missing, table.invalid, table.allow_empty)
    assert rules == ("error", "keep", "error", False)
    (column,) = table.columns
    assert (column.split, column.map, column.blank, column.format) == (
        None, None, "keep", None,
    )  # fmt: skip


def test_a_column_takes_the_blank_of_its_table(folder):
    words = (
        "file: a.csv, key: {objectId: id}, blank: error, "
        "columns: {a: Plan, b: {attribute: Name, blank: remove}}"
    )
    table, _ = table_of(folder, words)
    assert {c.column: c.blank for c in table.columns} == {"a": "error", "b": "remove"}
    assert table.key_type == "objectId"


def test_a_list_can_be_included_or_excluded(folder):
    columns = "{a: {attribute: A, as: include}, b: {attribute: B, as: exclude}}"
    table, _ = table_of(
        folder, f"file: a.csv, key: {{identity: i}}, columns: {columns}"
    )
    assert [column.how for column in table.columns] == ["include", "exclude"]


def test_tables_may_stand_in_the_project_file_and_be_laid_over(folder):
    folder.more(
        "tables: {t: {" + SMALL + "}}\n"
        "environments:\n"
        "  prod: {tables: {t: {file: big.csv, missing: remove}}}\n"
        "  none: {tables: {t: null}}\n"
        "  more: {tables: {t: {columns: {city: City, plan: null}}}}\n"
        "  bad: {tables: {t: {missing: drop}}}\n"
    )
    assert folder.load().tables["t"].words.pattern.text == "a.csv"
    prod = folder.load(environment="prod").tables["t"]
    assert (prod.words.pattern.text, prod.missing) == ("big.csv", "remove")
    assert folder.load(environment="none").tables == {}
    more = folder.load(environment="more").tables["t"]
    assert [column.attribute for column in more.columns] == ["City"]
    assert folder.found(environment="bad") == [("CT101", 9, 22)]


def test_a_pattern_starts_in_the_folder_of_its_file(folder):
    folder.write("data/people/t.yaml", "tables: {t: {" + SMALL + "}}\n")
    words = folder.load().tables["t"].words
    assert words.folder == PurePosixPath("data/people")
    assert words.resolve({}) == "a.csv"


def test_a_variable_in_a_pattern_is_read_where_it_is_used(folder):
    table, wrong = table_of(folder, SMALL.replace("a.csv", '"${DAY}/a.csv"'))
    assert wrong == []
    assert table.words.resolve({"DAY": "today"}) == "today/a.csv"
    with pytest.raises(SpecError) as caught:
        table.words.resolve({})
    (finding,) = caught.value.findings
    assert (finding.code, finding.file, finding.line, finding.column) == (
        "CT105", "t.yaml", 2, 7,
    )  # fmt: skip
    assert "DAY" in finding.message


def test_what_a_row_means_depends_on_columns_options_and_blanks_alone(folder):
    def meaning(words):
        return table_of(folder, words)[0].meaning

    plain = meaning(SMALL)
    other = "file: b.jsonl, key: {FBID: x}, columns: {p: Plan}, where: 'true'"
    assert meaning(other) == plain
    assert meaning(SMALL + ", missing: remove, invalid: skip") == plain
    assert meaning(SMALL + ", blank: keep") == plain
    assert meaning(SMALL + ", blank: error") != plain
    for option in ("split: x", "as: include", "map: {a: b}", "blank: error"):
        column = f"{{attribute: Plan, {option}}}"
        assert meaning(SMALL.replace("plan: Plan", f"plan: {column}")) != plain
    two = "file: a.csv, key: {identity: i}, columns: {%s}"
    assert meaning(two % "a: A, b: B") == meaning(two % "y: B, x: A")


def test_only_tables_that_keep_shield_their_attributes(folder):
    folder.write("t.yaml", "tables: {t: {" + SMALL + "}}\n")
    keeping = folder.load()
    folder.write("t.yaml", "tables: {t: {" + SMALL + ", missing: remove}}\n")
    removing = folder.load()
    assert (keeping.shielded, removing.shielded) == ({"plan"}, set())
    assert keeping.salt != removing.salt


def test_names_of_columns_count_as_names_of_the_project(folder):
    folder.more("platform: {custom_keys: 1}\n")
    columns = "{a: Plan, b: City}"
    text = SMALL.replace("{plan: Plan}", columns)
    folder.write("t.yaml", "tables: {t: {" + text + "}}\n")
    assert [finding.code for finding in folder.findings()] == ["CT306"]


def test_a_column_may_give_a_subscription_group(folder):
    assert column_found(folder, "subscriptions.email.Weekly News") == []
    assert column_found(folder, "subscriptions.sms.News") == [("CT301", "c: sub")]


# What is wrong with them


def test_names_are_unique_across_files(folder):
    folder.write("a.yaml", "tables: {t: {" + SMALL + "}}\n")
    folder.write("b.yaml", "tables:\n  t: {" + SMALL + "}\n")
    (finding,) = folder.findings()
    assert (finding.code, finding.file, finding.line) == ("CT111", "b.yaml", 2)
    assert "first at a.yaml:1" in finding.message


def test_one_bad_table_spoils_no_other(folder):
    folder.write("t.yaml", "tables: {t: {" + SMALL + "}, bad: {file: 5}}\n")
    assert list(folder.load().tables) == ["t"]


def test_keys_with_x_are_ignored_everywhere(folder):
    text = (
        "x-key: &k {identity: id, x-why: y}\n"
        "tables:\n"
        "  x-t: 5\n"
        "  t:\n"
        "    file: a.csv\n"
        "    key: {<<: *k}\n"
        "    columns:\n"
        "      x-a: yes\n"
        "      c: {attribute: Gender, x-b: no, map: {a: M, x-c: 5}}\n"
        "    x-note: yes\n"
    )
    project = folder.write("t.yaml", text).load()
    assert project.findings.totals == {}
    assert list(project.tables["t"].columns[0].map) == ["a"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("file: a.csv", [("CT104", "t: {fi")]),
        ("file: a.csv, key: {identity: i}", [("CT104", "t: {fi")]),
        (f"{SMALL}, fil: b", [("CT102", "fil: b")]),
        (f"{SMALL}, missing: drop", [("CT101", "missin")]),
        (f"{SMALL}, duplicates: first", [("CT101", "duplic")]),
        (f"{SMALL}, invalid: keep", [("CT101", "invali")]),
        (f"{SMALL}, blank: null", [("CT103", "blank:")]),
        (f"{SMALL}, blank: drop", [("CT101", "blank:")]),
        (f"{SMALL}, allow_empty: 1", [("CT103", "allow_")]),
        (f"{SMALL}, allow_empty: yes", [("CT201", "allow_")]),
        (f"{SMALL}, where: true", [("CT103", "where:")]),
        (f"{SMALL}, where: ''", [("CT103", "where:")]),
        ("file: [a], key: {identity: i}, columns: {a: B}", [("CT103", "file:")]),
        ("file: a.csv, key: id, columns: {a: B}", [("CT103", "key: i")]),
        ("file: a.csv, key: {}, columns: {a: B}", [("CT103", "key: {")]),
        ("file: a.csv, key: {identity: 5}, columns: {a: B}", [("CT103", "identi")]),
        ("file: a.csv, key: {email: e}, columns: {a: B}", [("CT102", "email:")]),
        ("file: a.csv, key: {identity: i, FBID: f}, columns: {a: B}",
         [("CT103", "key: {")]),
        ("file: a.csv, key: {identity: i}, columns: {}", [("CT103", "column")]),
        ("file: a.csv, key: {identity: i}, columns: [a]", [("CT103", "column")]),
        ("file: a.xlsx, key: {identity: i}, columns: {a: B}", [("CT613", "file:")]),
        ("file: '${1}.csv', key: {identity: i}, columns: {a: B}",
         [("CT105", "file:")]),
    ],
)  # fmt: skip
def test_the_shape_of_a_table(folder, words, wrong):
    assert found(folder, words) == wrong


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("5", [("CT103", "c: 5}}")]),
        ("null", [("CT103", "c: nul")]),
        ("[Plan]", [("CT103", "c: [Pl")]),
        ("No", [("CT201", "c: No}")]),
        ("{split: x}", [("CT104", "c: {sp")]),
        ("{attribut: Plan}", [("CT102", "attrib")]),
        ("{attribute: Plan, as: only}", [("CT101", "as: on")]),
        ("{attribute: Plan, split: ''}", [("CT103", "split:")]),
        ("{attribute: Plan, map: {}}", [("CT103", "map: {")]),
        ("{attribute: Plan, map: [a]}", [("CT103", "map: [")]),
        ("{attribute: Plan, blank: yes}", [("CT201", "blank:")]),
        ("{attribute: Plan, format: 5}", [("CT103", "format")]),
    ],
)
def test_the_shape_of_a_column(folder, words, wrong):
    assert column_found(folder, words) == wrong


def test_unknown_keys_name_the_nearest(folder):
    table_of(folder, f"{SMALL}, invald: skip")
    (finding,) = folder.findings()
    assert finding.hint == 'did you mean "invalid"?'
    table_of(folder, SMALL.replace("Plan", "{attribute: Plan, spilt: x}"))
    (finding,) = folder.findings()
    assert finding.hint == 'did you mean "split"?'


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("identity", "CT307"),
        ("email", "CT303"),
        ("wzrk_a", "CT302"),
        ("a.b", "CT301"),
        ("interests", "CT304"),
    ],
)
@pytest.mark.parametrize("form", ["{}", "{{attribute: {}}}"])
def test_attributes_of_columns_are_judged_as_anywhere(folder, name, code, form):
    ((found_code, place),) = column_found(folder, form.format(name))
    assert found_code == code
    assert place.startswith("c:" if form == "{}" else "attrib")


def test_unknown_attributes_are_errors_where_the_policy_says_so(folder):
    folder.more("policy: {unknown_attributes: error}\ncatalog: {Plan: {}}\n")
    _, wrong = table_of(folder, SMALL.replace("Plan", "Plam"))
    assert [code for code, _ in wrong] == ["CT313"]


def test_two_columns_may_not_give_one_attribute(folder):
    words = SMALL.replace("{plan: Plan}", "{a: Plan, b: {attribute: Plan}}")
    assert found(folder, words) == [("CT601", "b: {at")]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("{attribute: Interests, split: ',', as: include}", []),
        ("{attribute: Plan, split: ',', as: exclude}", []),
        ("{attribute: Points, split: ','}", [("CT602", "split:")]),
        ("{attribute: Gender, as: exactly}", [("CT602", "as: ex")]),
        ("{attribute: MSG-sms, as: include}", [("CT602", "as: in")]),
        ("{attribute: Renewal Date, format: '%Y%m%d'}", []),
        ("{attribute: DOB, format: '%d %B %y'}", []),
        ("{attribute: Since, format: '%j/%Y %H:%M:%S.%f %z'}", []),
        ("{attribute: Interests, format: '%Y%m%d'}", [("CT602", "format")]),
        ("{attribute: Name, format: '%Y%m%d'}", [("CT602", "format")]),
        ("{attribute: DOB, format: '%Y-%q-%d'}", [("CT101", "format")]),
        ("{attribute: DOB, format: '%Y-%m'}", [("CT101", "format")]),
        ("{attribute: DOB, format: 'date'}", [("CT101", "format")]),
        ("{attribute: DOB, format: '100%'}", [("CT101", "format")]),
        (
            "{attribute: DOB, format: '%Y%m%d', map: {a: 1990-02-20}}",
            [("CT602", "format")],
        ),
        ("{attribute: Name, blank: remove}", []),
        ("{attribute: Interests, blank: remove}", []),
        ("{attribute: Plan, as: include, blank: remove}", []),
        ("{attribute: Email, blank: remove}", [("CT204", "blank:")]),
        ("{attribute: Plan, blank: remove}", [("CT204", "blank:")]),
        ("{attribute: Points, blank: remove}", [("CT204", "blank:")]),
    ],
)
def test_options_fit_the_attribute(folder, words, wrong):
    assert column_found(folder, words) == wrong


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("{attribute: Gender, map: {Male: M, 'Yes': F, \"no\": null}}", []),
        ("{attribute: Gender, map: {Yes: M}}", [("CT201", "Yes: M")]),
        ("{attribute: Gender, map: {OFF: M, True: F}}",
         [("CT201", "OFF: M"), ("CT201", "True:")]),
        ("{attribute: Gender, map: {true: M, 1: F}}", []),
        ("{attribute: Gender, map: {a: No}}", [("CT201", "a: No}")]),
        ("{attribute: Gender, map: {'': M}}", [("CT101", "'': M}")]),
        ("{attribute: Gender, map: {a: Man}}", [("CT514", "a: Man")]),
        ("{attribute: Gender, map: {a: }}", [("CT202", "a: }}}")]),
        ("{attribute: Plan, map: {a: 5, b: true, c: text}}", []),
        ("{attribute: Plan, map: {a: null}}", [("CT204", "a: nul")]),
        ("{attribute: Points, map: {a: 5}}", []),
        ("{attribute: Points, map: {a: '5'}}", [("CT203", "a: '5'")]),
        ("{attribute: MSG-sms, map: {Y: true, N: false}}", []),
        ("{attribute: MSG-sms, map: {Y: M}}", [("CT203", "Y: M}}")]),
        ("{attribute: DOB, map: {never: 1900-01-01}}", []),
        ("{attribute: DOB, map: {never: 1900-02-30}}", [("CT207", "never:")]),
        ("{attribute: Interests, split: ',', map: {a: alpha, b: null}}", []),
        ("{attribute: Interests, map: {a: [x, y], b: z, c: null}}", []),
        ("{attribute: Interests, map: {a: 5}}", [("CT203", "a: 5}}")]),
        ("{attribute: Flags, as: include, map: {a: beta, b: null}}", []),
    ],
)  # fmt: skip
def test_words_of_a_map_are_values_as_anywhere(folder, words, wrong):
    assert column_found(folder, words) == wrong


def test_a_value_of_a_sensitive_attribute_is_not_shown(folder):
    column_found(folder, "{attribute: Email, map: {a: nobody}}")
    (finding,) = folder.findings()
    assert finding.message == "not an e-mail address: (sensitive)"


def test_only_a_list_that_is_declared_can_be_removed(folder):
    words = "{{attribute: Flags, split: ',', {}}}"
    assert column_found(folder, words.format("map: {a: null}")) == []
    assert column_found(folder, words.format("blank: remove")) == [("CT204", "blank:")]


def test_a_trap_behind_an_anchor_is_found(folder):
    folder.write(
        "t.yaml",
        "x-map: &m {Yes: M, 'No': F}\n"
        "tables: {t: {file: a.csv, key: {identity: i}, columns: "
        "{c: {attribute: Gender, map: {<<: *m}}}}}\n",
    )
    assert folder.found() == [("CT201", 1, 12)]


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("a.csv", True),
        ("a.csv.gz", True),
        ("a.jsonl.zst", True),
        ("x/*.parquet", True),
        ("a.json", False),
        ("a.csv.zip", False),
        ("a", False),
        ("csv", False),
        ("dir.csv/a", False),
    ],
)
def test_rows_come_from_files_that_are_named_so(name, readable):
    assert is_readable(name) is readable


# Members


def test_members_may_stand_in_a_file(folder):
    folder.write(
        "c.yaml",
        "cohorts:\n"
        "  vip:\n"
        "    members: {file: '${DAY}.csv', key: {objectId: id}}\n"
        "    attributes: {Tier: VIP}\n",
    )
    cohort = folder.load().cohorts["vip"]
    assert folder.findings() == []
    assert (cohort.members, cohort.keys) == ([], ())
    members = cohort.member_file
    assert (members.key_type, members.key_column) == ("objectId", "id")
    assert (members.file, members.line) == ("c.yaml", 3)
    assert members.words.resolve({"DAY": "today"}) == "today.csv"
    assert members.finding("CT615", "no column", None, "key").line == 3


def test_listed_members_have_no_file(folder):
    folder.write("c.yaml", "cohorts: {vip: {members: [u1]}}\n")
    assert folder.load().cohorts["vip"].member_file is None


@pytest.mark.parametrize(
    ("members", "codes"),
    [
        ("{file: a.csv}", ["CT104"]),
        ("{key: {identity: i}}", ["CT104"]),
        ("{file: a.csv, key: {identity: i}, where: x}", ["CT102"]),
        ("{file: a.csv, key: {mail: i}}", ["CT102"]),
        ("{file: a.txt, key: {identity: i}}", ["CT613"]),
        ("{file: '${', key: {identity: i}}", ["CT105"]),
    ],
)
def test_the_shape_of_a_file_of_members(folder, members, codes):
    folder.write("c.yaml", f"cohorts: {{vip: {{members: {members}}}}}\n")
    assert [finding.code for finding in folder.findings()] == codes


def test_where_the_members_stand_is_not_what_a_member_gets(folder):
    def digest(members):
        text = f"cohorts: {{vip: {{members: {members}, attributes: {{A: b}}}}}}\n"
        return folder.write("c.yaml", text).load().cohorts["vip"].digest

    one = digest("{file: a.csv, key: {identity: i}}")
    assert digest("{file: b.csv, key: {FBID: j}}") == one == digest("[u1]")


# Published schemas


@pytest.mark.parametrize("schema", [project_schema, spec_schema])
def test_the_schemas_describe_every_key_of_a_table(schema):
    tables = schema()["properties"]["tables"]
    table = tables["additionalProperties"]["properties"]
    assert list(table) == [
        "file", "key", "where", "columns", "compute", "csv", "nulls", "int96", "blank",
        "duplicates", "missing", "invalid", "allow_empty",
    ]  # fmt: skip
    column = table["columns"]["additionalProperties"]["anyOf"][1]["properties"]
    assert list(column) == ["attribute", "as", "split", "map", "blank", "format"]
    for part in (*table.values(), *column.values()):
        assert part["description"].endswith(".")


def test_the_schema_takes_what_is_read(folder):
    from jsonschema import Draft202012Validator

    from ctsync.yaml.reader import read_document
    from ctsync.yaml.scalars import json_of

    folder.write("t.yaml", WHOLE)
    tree = json_of(read_document(folder.root / "t.yaml").tree)
    assert list(Draft202012Validator(spec_schema()).iter_errors(tree)) == []


def test_the_schema_of_an_environment_takes_parts_of_a_table():
    from jsonschema import Draft202012Validator

    parts = [
        {"t": {"missing": "remove", "where": None}},
        {"t": {"columns": {"plan": None, "sex": {"map": {"X": "F"}}}}},
        {"t": None},
    ]
    check = Draft202012Validator(project_schema()).iter_errors
    head = {"version": 1, "account": {"id": "A", "region": "in1"}, "state": "s.jsonl"}
    for tables in parts:
        assert not list(check({**head, "environments": {"e": {"tables": tables}}}))
    wrong = {"environments": {"e": {"tables": {"t": {"missing": "drop"}}}}}
    assert list(check({**head, **wrong}))


def test_a_table_can_report_at_each_of_its_parts(folder):
    table = folder.more(CATALOG).write("t.yaml", WHOLE).load().tables["loyalty"]
    where = table.finding("CT604", "no such column", "correct it", "where")
    assert (where.severity, where.file, where.line) == ("error", "t.yaml", 5)
    assert table.finding("CT615", "x", None, "columns", "sex").line == 9
    assert table.finding("CT615", "x", None, "key").line == 4
    assert table.words.finding("CT611", "x").line == 3
