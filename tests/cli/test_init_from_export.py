"""`ctsync init --from FILE`: from an export to a valid plan."""

import csv
import io
import json

import pandas as pd
import pytest

from ctsync.cli.app import run

PEOPLE = pd.DataFrame(
    {
        "customer_id": [str(1000 + n) for n in range(40)],
        "name": ["Jo Doe"] * 40,
        "email": [f"jo{n}@x.io" for n in range(40)],
        "mobile": [f"98765 432{n:02}" for n in range(40)],
        "gender": ["Female", "male"] * 20,
        "birth_date": [f"1990-02-{n % 28 + 1:02}" for n in range(40)],
        "city": ["Zürich", "Pune", "NULL", "Köln"] * 10,
        "score": [f"1.0{n:02},5" for n in range(40)],
        "tags": ["a;b", "c"] * 20,
        "member": ["yes", "no"] * 20,
        "last_visit": [f"{n % 28 + 1:02}/{n % 12 + 1:02}/2026" for n in range(40)],
        "zip": [f"0{1067 + n}" for n in range(40)],
        "notes": [None] * 40,
        "home_address": ["Main St 1"] * 40,
    }
)
EXPECTED = [
    "customer_id", "Gender, map: {Female: F, male: M}", "birth_date: DOB",
    'Tags, split: ";"', 'map: {"no": false, "yes": true}', 'format: "%d/%m/%Y"',
    "Last Visit: {type: date}", "# notes: Notes  # no values",
    "Home Address: {type: string, sensitive: true}",
    'nulls: ["NULL"]', "# Phone: \"'+00' || ltrim(",
]  # fmt: skip


def made(folder, form):
    if form == "csv":
        text = PEOPLE.to_csv(index=False)
        (folder / "crm.csv").write_text(text, encoding="utf-8")
    elif form == "excel":
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter="\t")
        writer.writerows([PEOPLE.columns, *PEOPLE.fillna("").values.tolist()])
        (folder / "crm.csv").write_bytes(text.getvalue().encode("utf-16"))
    elif form == "jsonl":
        PEOPLE.to_json(folder / "crm.jsonl", orient="records", lines=True)
    else:
        PEOPLE.to_parquet(folder / "crm.parquet")
    return {"excel": "crm.csv"}.get(form, f"crm.{form}")


@pytest.mark.parametrize("form", ["csv", "excel", "jsonl", "parquet"])
def test_an_export_becomes_a_valid_plan(tmp_path, capsys, form):
    name = made(tmp_path, form)
    where = ["-C", str(tmp_path)]
    answers = ["--account-id", "A1", "--region", "in1", "--ci", "none"]
    assert run(["init", ".", *answers, "--from", name, *where]) == 0
    text = (tmp_path / "people" / "crm.yaml").read_text()
    for words in EXPECTED:
        assert words in text, words
    if form in {"csv", "excel"}:
        assert 'decimal: ","' in text
    assert "Jo Doe" not in text
    capsys.readouterr()
    assert run(["validate", *where]) == 0, capsys.readouterr().out
    capsys.readouterr()
    assert run(["plan", "--format", "json", *where]) in {0, 6}
    plan = json.loads(capsys.readouterr().out)
    assert plan["summary"]["profiles"]["create"] == 40


@pytest.mark.parametrize(
    ("name", "data"), [("crm.xlsx", b"x"), ("crm.csv", b""), ("crm.csv", b"id,a\n")]
)
def test_what_is_no_export_is_refused(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    answers = ["--account-id", "A1", "--region", "in1", "--ci", "none"]
    where = ["-C", str(tmp_path)]
    assert run(["init", ".", *answers, "--from", name, *where]) == 64


def test_an_export_outside_of_the_project_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("id,a\nu1,x\n")
    (tmp_path / "project").mkdir()
    answers = ["--account-id", "A1", "--region", "in1", "--ci", "none"]
    where = ["-C", str(tmp_path / "project")]
    assert run(["init", ".", *answers, "--from", "../x.csv", *where]) == 64
