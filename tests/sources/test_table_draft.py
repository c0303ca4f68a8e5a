"""A draft of a table can be read by the table that it is, whatever was looked at."""

import json
from random import Random

import pandas as pd
import pytest

from ctsync.engines import memory
from ctsync.errors import SpecError
from ctsync.model.masking import Mask
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.sources.export_survey import survey_export, words_in
from ctsync.sources.project_sources import ProjectSources
from ctsync.sources.table_draft import draft_table

HEAD = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"
NAMES = [
    "name", "Full Name", "email", "E-Mail", "mobile", "Telefon", "gender", "sex", "dob",
    "age", "Age", "married", "Employed", "education", "Customer Type", "photo", "tz",
    "timezone", "city", "City", "CITY", "identity", "objectId", "Object ID", "fbid",
    "first seen", "ct_source", "wzrk_x", "msg-kind", "order", "select", "Größe in cm",
    "a:b", "a.b", "100%", "true", "null", "no", "~", "- x", "#", "x y", "x\u00a0y",
    "Straße", "n" * 130, "notes", "tags", "last_visit", "created", "device", "Plan",
]  # fmt: skip
CELLS = [
    ["Jo Doe", 'Max "M" Roe'], ["jo@x.io", "ann@x.io"], ["98765 43210"],
    ["+49 170 123"], ["+4917012345"], ["Female", "male"], ["M", "F"], ["m", "x"],
    ["1990-02-20"], ["31"],
    ["12.5"], ["yes", "no"], ["True", "False"], ["Y", "N"], ["Married"], ["31/12/2026"],
    ["01/02/2026"], ["2026-03-31 08:30:00"], ["2026-03-31 08:30:00.5"], ["a;b", "c"],
    ["2026-03-31T08:30:00.000+05:30"], ["2026-03-31 08:30:00+00"], ["1,5", "2,25"],
    ["1.000,5"], ["0123"], ["123456789012345678"], ["1806481800"], ["20270331"],
    ["nan"],
    ["NULL", "x"], ['["a","b"]', "[]"], ["z" * 600], ["null"], ["~", "- a", "#b"],
    ["\u200bx", "y\u00a0z"], ["1.23456789012345678"], ["1e5"], ["-"], [""], ["x", ""],
]  # fmt: skip


def drawn(chance):
    """A table of text drawn by chance, its ids among the columns."""
    count = chance.randrange(1, 12)
    ids = chance.choice(["{}", "u{}", "{}.0", "1E+{}", "a b{}"])
    columns = {chance.choice(["id", "customer_id", "Kundennummer"]): ids}
    for name in chance.sample(NAMES, chance.randrange(1, 9)):
        columns[name] = chance.choice(CELLS)
    found = {}
    for name, cells in columns.items():
        if isinstance(cells, str):
            found[name] = [cells.format(1000 + n) for n in range(count)]
        else:
            found[name] = [chance.choice(cells) for _ in range(count)]
    return pd.DataFrame(found)


def written(folder, frame, form, chance):
    if form == "csv":
        encoding = chance.choice(["utf-8", "utf-16", "utf-8-sig"])
        text = frame.to_csv(index=False, sep=chance.choice(",;\t"))
        (folder / "x.csv").write_bytes(text.encode(encoding))
    elif form == "jsonl":
        frame.to_json(folder / "x.jsonl", orient="records", lines=True)
    else:
        frame.to_parquet(folder / "x.parquet")
    return folder / f"x.{form}"


def errors_of(folder):
    project = load_project(folder)
    planner = Planner(
        project,
        ProjectSources(project),
        Mask("0", reveal=True),
        findings=project.findings,
        engine=memory.ENGINE,
    )
    try:
        for _ in planner.plan_profiles(()):
            pass
    except SpecError as error:
        planner.findings.absorb(error.findings)
    return [str(f.as_text()) for f in planner.findings if f.severity == "error"]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("seed", range(12))
def test_a_draft_of_any_export_plans_without_an_error(seed, form, tmp_path):
    chance = Random(f"{seed} {form}")
    path = written(tmp_path, drawn(chance), form, chance)
    draft = draft_table(survey_export(path), "t", path.name)
    (tmp_path / "ctsync.yaml").write_text(HEAD + draft.text, "utf-8")
    left_out = draft.left_out == len(survey_export(path).columns) - 1
    wrong = errors_of(tmp_path)
    assert all("columns is missing" in w for w in wrong) if left_out else not wrong, (
        draft.text,
        wrong,
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_draft_keeps_what_the_project_declares(seed, tmp_path):
    chance = Random(seed)
    frame = drawn(chance)
    path = written(tmp_path, frame, "csv", chance)
    kinds = ["string", "number", "counter", "boolean", "date", "list"]
    declared = {
        f"{name} X": {"type": chance.choice(kinds)}
        for name in ("Plan", "notes", "tags")
    }
    renamed = frame.rename(
        columns={"Plan": "planX", "notes": "NotesX", "tags": "Tags x"}
    )
    path = written(tmp_path, renamed, "csv", chance)
    head = HEAD + f"catalog: {json.dumps(declared)}\n"
    (tmp_path / "ctsync.yaml").write_text(head)
    rules = load_project(tmp_path).catalog
    draft = draft_table(survey_export(path), "t", path.name, rule_of=rules.get)
    (tmp_path / "t.yaml").write_text(draft.text, "utf-8")
    wrong = errors_of(tmp_path)
    assert all("columns is missing" in each for each in wrong), (draft.text, wrong)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("last_visit", "last visit"),
        ("LastVisit", "last visit"),
        ("customerID", "customer id"),
        ("GrößeInCm", "größe in cm"),
        ("Straße 2", "straße 2"),
    ],
)
def test_words_of_a_name_are_told_in_any_script(name, words):
    assert " ".join(words_in(name)) == words
