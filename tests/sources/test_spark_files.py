"""Files that Spark wrote say the same as each other, by both engines."""

import json
import shutil
from pathlib import Path

import pytest

from ctsync.cli.app import run

FILES = Path(__file__).parent / "spark"
PROJECT = """\
version: 1
account: {{id: A1, region: in1}}
state: state.jsonl
timezone: Asia/Kolkata
catalog:
  Points: {{type: counter}}
  Score: {{type: number}}
  Member: {{type: boolean}}
  Joined: {{type: date}}
  Seen: {{type: date}}
  Tags: {{type: list}}
tables:
  people:
    file: "{file}"
    key: {{identity: id}}
    compute:
      Title: "replace(name, chr(10), ' ')"  # no attribute holds line breaks
{compute}
    columns:
      city: City
      points: Points
      score: Score
      member: Member
      joined: Joined
      empty: Empty
{more}
"""
SEEN = "      seen: Seen\n      tags: Tags\n"
AS_MOMENT = "      Seen: \"date_trunc('second', CAST(seen AS TIMESTAMPTZ))\"\n"
BY_FORM = {
    "parquet-micros": ("*.parquet", SEEN, ""),
    "parquet-int96": ("*.parquet", SEEN + "    int96: utc\n", ""),
    "json": ("*.jsonl.gz", "      tags: Tags\n", AS_MOMENT),
    "csv": (
        "*.csv",
        """\
      seen: {attribute: Seen, format: "%Y-%m-%d %H:%M:%S%z"}
      tags: {attribute: Tags, split: ";"}
""",
        "",
    ),
}
# Seen and Joined in seconds since 1970: the days are midnight in Kolkata.
JOINED = {"1189549": 635452200, "1189551": 946665000, "1189552": 1709145000}
SEEN_AT = {"1189549": 1806481800, "1189550": 1806451200, "1189552": 1798761599}


@pytest.fixture(autouse=True)
def _is_no_pipeline(monkeypatch):
    monkeypatch.delenv("CI", raising=False)  # nothing is revealed there


def planned(folder, capsys, engine):
    words = ["plan", "--format", "json", "--all", "--engine", engine, "--reveal"]
    code = run([*words, "-C", str(folder)])
    return code, json.loads(capsys.readouterr().out)


def project(folder, form, pattern, more, compute=""):
    shutil.copytree(FILES / form, folder / form)
    words = PROJECT.format(file=f"{form}/{pattern}", more=more, compute=compute)
    (folder / "ctsync.yaml").write_text(words)


def values_of(document):
    return {
        change["key"]["identity"]: {
            each["attribute"]: each["after"] for each in change["operations"]
        }
        for change in document["changes"]
    }


def seconds_of(found, attribute):
    return {
        key: int(values[attribute].removeprefix("$D_"))
        for key, values in found.items()
        if attribute in values
    }


@pytest.mark.parametrize("form", BY_FORM)
def test_what_spark_wrote_is_read_as_it_was_meant(tmp_path, capsys, form):
    project(tmp_path, form, *BY_FORM[form])
    (code, one), (_, other) = (
        planned(tmp_path, capsys, engine) for engine in ("memory", "duckdb")
    )
    assert (code, one) == (0, other), one["diagnostics"]
    found = values_of(one)
    assert seconds_of(found, "Joined") == JOINED
    assert seconds_of(found, "Seen") == SEEN_AT
    jo, max_, ann, zoe = (found[key] for key in sorted(found))
    assert (jo["Title"], jo["City"]) == ('Jo "the one" Doe', "São Paulo")
    assert (jo["Points"], jo["Score"], jo["Member"]) == (2**53 - 1, 1.5, True)
    assert (max_["Title"], max_["City"], max_["Score"]) == ("two lines", "a,b", -0.25)
    assert (ann["Title"], ann["Points"]) == ("back\\slash", 7)
    assert (zoe["Points"], zoe["Score"]) == (0, 12)
    assert ("Points" in max_, "Score" in ann, "Title" in zoe) == (False,) * 3
    assert "Empty" not in {*jo, *max_, *ann, *zoe}
    assert "City" not in ann


def test_int96_of_spark_is_refused_until_the_table_says_what_it_is(tmp_path, capsys):
    project(tmp_path, "parquet-int96", "*.parquet", SEEN)
    code, document = planned(tmp_path, capsys, "duckdb")
    assert code == 1
    assert {d["code"] for d in document["diagnostics"]} == {"CT625"}
    assert "int96: utc" in document["diagnostics"][0]["hint"]


def test_quotes_behind_backslashes_are_refused(tmp_path, capsys):
    """By default Spark writes no CSV: `"Jo \\"the one\\" Doe"`."""
    project(tmp_path, "csv-default", "*.csv", "")
    code, document = planned(tmp_path, capsys, "duckdb")
    assert code == 1
    (told,) = document["diagnostics"]
    assert (told["code"], told["row"], told["line"]) == ("CT617", 1, 2)
