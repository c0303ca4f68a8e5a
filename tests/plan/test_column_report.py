"""What an honest first mapping gets wrong is told by column, with YAML to paste."""

import csv

import pytest

from ctsync.diagnostics import Findings
from ctsync.engines import built_in
from ctsync.errors import SpecError
from ctsync.model.masking import Mask
from ctsync.plan.among import address_groups
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.render.diagnostics_text import findings_text
from ctsync.sources.project_sources import ProjectSources

HEAD = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"


def found(
    folder, cells, column="{attribute: ATTRIBUTE}", catalog="{}", ids=None, **how
):
    """The findings of a table with one column, `a`, which both engines agree on."""
    (folder / "ctsync.yaml").write_text(
        f"{HEAD}catalog: {catalog}\ntables:\n  t:\n    file: x.csv\n"
        f"    key: {{identity: id}}\n    columns: {{a: {column}}}\n"
    )
    with (folder / "x.csv").open("w", newline="") as file:
        rows = [(f"u{n}" if ids is None else ids[n], c) for n, c in enumerate(cells)]
        csv.writer(file).writerows([("id", "a"), *rows])
    told = []
    for engine in built_in().values():
        project = load_project(folder)
        planner = Planner(
            project,
            ProjectSources(project),
            Mask("0"),
            findings=project.findings,
            engine=engine,
        )
        try:
            for _ in planner.plan_profiles(()):
                pass
        except SpecError as error:
            planner.findings.absorb(error.findings)
        told.append(planner.findings.sorted())
    assert told[0] == told[1]
    return told[0]


def column_of(findings):
    (summed,) = [finding for finding in findings if finding.rows is not None]
    return summed


GENDERS = ["Female"] * 8 + ["male"] * 7 + ["M"] * 3 + ["robot"] * 4 + ["Jo Doe"]


def test_words_that_no_value_is_are_told_with_a_map(tmp_path):
    summed = column_of(found(tmp_path, GENDERS, "Gender"))
    assert (summed.file, summed.line, summed.rows) == ("ctsync.yaml", 9, 20)
    assert summed.message == (
        "Gender: 20 rows have 4 words outside M, F: Female 8, male 7, robot 4 and "
        "1 word more, the first in x.csv row 1 (line 2)"
    )
    assert summed.hint == "map: {Female: F, male: M}"


def test_the_rows_stay_in_json_and_leave_the_text(tmp_path):
    findings = found(tmp_path, GENDERS, "Gender")
    assert len([f for f in findings if f.row is not None]) == 20
    text = "".join(findings_text(Findings(findings)))
    assert "row 2" not in text
    assert "Jo Doe" not in text
    assert len(text.splitlines()) == 3


def test_a_few_rows_are_told_one_by_one(tmp_path):
    findings = found(tmp_path, ["Female"] * 3, "Gender")
    assert [f.row for f in findings] == [1, 2, 3]


@pytest.mark.parametrize(
    ("kind", "cells", "cure"),
    [
        ("boolean", ["True", "False"] * 4, 'map: {"False": false, "True": true}'),
        ("boolean", ["1", "0"] * 4, 'map: {"0": false, "1": true}'),
        ("number", ["1,5", "2,25", "1.000,5", "7,1"], 'csv: {decimal: ","}'),
        ("date", ["31/03/2027", "01/04/2027"] * 2, 'format: "%d/%m/%Y"'),
        ("date", ["03/04/2027"] * 4, 'format: "%d/%m/%Y" or format: "%m/%d/%Y"'),
        ("date", ["2027-03-31 08:30:00+00"] * 4, 'format: "%Y-%m-%d %H:%M:%S%z"'),
        ("date", ["1806481800"] * 4, 'compute: {A: "to_timestamp(CAST(a AS BIGINT))"}'),
        ("date", ["1806481800000"] * 4, 'compute: {A: "epoch_ms(CAST(a AS BIGINT))"}'),
        (
            "date",
            ["2027-03-31 08:30:00.5"] * 4,
            "compute: {A: \"date_trunc('second', CAST(a AS TIMESTAMP))\"}",
        ),
        ("list", ["x;y", "z", "x;z", "y"], 'split: ";"'),
        ("number", ["NULL"] * 4, 'nulls: ["NULL"]'),
    ],
)
def test_a_cure_is_ready_to_paste_and_cures(tmp_path, kind, cells, cure):
    catalog = f"{{A: {{type: {kind}}}}}"
    summed = column_of(found(tmp_path, cells, "A", catalog))
    assert summed.hint == cure
    if cure.startswith(("map", "format: ", "split")):
        option = cure.split(" or ")[0]
        column = f"{{attribute: A, {option}}}"
        assert found(tmp_path, cells, column, catalog) == ()


def test_no_word_of_a_sensitive_attribute_is_shown(tmp_path):
    summed = column_of(found(tmp_path, ["98765 43210"] * 5, "Phone"))
    assert "98765" not in str(summed)
    assert summed.message.startswith("Phone: 5 rows have 1 word that cannot be taken")
    assert "regexp_replace(a, " in summed.hint


def test_no_advice_for_yaml_is_given_for_a_cell(tmp_path):
    (one,) = found(tmp_path, ["True"], "A", "{A: {type: boolean}}")
    assert one.message == "A takes true or false, not text (not shown)"
    assert "map:" in one.hint


@pytest.mark.parametrize(
    "identifier",
    [
        "1.23E+11",
        "1,23E+11",
        "1189549.0",
        "#N/A",
        "#REF!",
        "nan",
        "NULL",
        "x\u200b",
        "\ufeffx",
    ],
)
def test_doubtful_ids_are_warned_about(tmp_path, identifier):
    (one,) = found(tmp_path, ["x"], "A", ids=[identifier])
    assert (one.severity, one.code, one.row) == ("warning", "CT630", 1)
    assert identifier not in one.message


def test_doubtful_ids_are_counted(tmp_path):
    ids = [f"{n}.0" for n in range(2000, 2009)]
    summed = column_of(found(tmp_path, ["x"] * 9, "A", ids=ids))
    assert (summed.code, summed.rows) == ("CT630", 9)
    assert summed.message.startswith("the key: 9 rows: ")


def test_each_sort_of_doubt_is_told_by_itself(tmp_path):
    ids = ["1.5E+11", "2.5E+11", "nan", "77.0"]
    told = [f for f in found(tmp_path, ["x"] * 4, "A", ids=ids) if f.rows is not None]
    assert sorted(f.message.partition(",")[0] for f in told) == [
        "the key: 1 row: the id is a number with a fraction of nothing",
        "the key: 1 row: the id is a word for nothing",
        "the key: 2 rows: the id is a number or error of a spreadsheet",
    ]


@pytest.mark.parametrize("word", ["NULL", "None", "\\N", "nan", '["a","b"]'])
def test_doubtful_words_are_warned_about_with_their_rows(tmp_path, word):
    summed = column_of(found(tmp_path, [word] * 5, "A"))
    assert (summed.severity, summed.code, summed.rows) == ("warning", "CT631", 5)


@pytest.mark.parametrize("word", ["nullable", "Nan", "Nantes", "x", "a [b]"])
def test_plain_words_and_ids_are_no_doubt(tmp_path, word):
    assert found(tmp_path, [word] * 5, "A") == ()
    assert found(tmp_path, ["x"], "A", ids=["nanette"]) == ()


def test_a_doubtful_word_is_told_though_a_spec_said_it_before(tmp_path):
    """In a spec it is plain text; and words that were met before are read at a look."""
    text = "profiles: [{identity: a, attributes: {A: 'nan'}}]\n"
    (tmp_path / "people.yaml").write_text(text)
    told = found(tmp_path, ["nan"] * 5, "A")
    assert [(each.code, each.rows) for each in told if each.rows] == [("CT631", 5)]


@pytest.mark.parametrize("word", ["0.1234567890123456", "123456789012.12345"])
def test_a_spec_too_is_told_of_digits_that_are_lost(tmp_path, word):
    text = (
        f"profiles: [{{identity: a, attributes: {{A: {word}, B: 12345678901234.5}}}}]"
    )
    (tmp_path / "people.yaml").write_text(text)
    told = found(tmp_path, ["x"], "C")
    assert [(f.code, f.file, f.line) for f in told] == [("CT633", "people.yaml", 1)]


@pytest.mark.parametrize("held", [1, address_groups.REMEMBERED])
def test_one_address_on_two_profiles_is_warned_about(tmp_path, monkeypatch, held):
    monkeypatch.setattr(address_groups, "REMEMBERED", held)
    cells = ["jo@x.io", "jill@x.io", "jo@x.io", "jo@x.io"]
    (one,) = found(tmp_path, cells, "Email")
    assert (one.severity, one.code, one.row) == ("warning", "CT632", 3)
    assert (
        one.message
        == "2 profiles have the Email of another, this one of x.csv row 1 (line 2)"
    )


def test_rows_that_give_way_are_counted_and_named(tmp_path):
    ids = ["u1", "u2", "u1", "u1"]
    (tmp_path / "x.csv").write_text("id,a\n" + "".join(f"{i},x\n" for i in ids))
    text = (
        f"{HEAD}tables:\n  t: {{file: x.csv, key: {{identity: id}}, columns: {{a: A}},"
    )
    (tmp_path / "ctsync.yaml").write_text(f"{text} duplicates: last}}\n")
    for engine in built_in().values():
        project = load_project(tmp_path)
        planner = Planner(
            project,
            ProjectSources(project),
            Mask("0"),
            findings=project.findings,
            engine=engine,
        )
        for _ in planner.plan_profiles(()):
            pass
        (note,) = planner.findings
        assert (note.severity, note.code) == ("info", "CT629")
        assert note.message == (
            "2 rows give way to a later one of the same key, as row 1 (line 2) does"
        )
