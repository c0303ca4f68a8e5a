"""Ids, names and words that nobody can have meant: warnings, and errors if asked."""

import csv
import json

import pytest

from ctsync.cli.app import run

HEAD = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"
TABLE = """\
catalog: {Score: {type: number}}
tables:
  t: {file: x.csv, key: {identity: id}, columns: {a: City, b: Email, c: Score}}
"""
SOUND = ["1", "Pune", "a@x.io", "1.5"]


def rows(*, id_="2", a="Köln", b="b@x.io", c="2.5"):
    return [["id", "a", "b", "c"], SOUND, [id_, a, b, c]]


DOUBTS = [
    *[("CT630", rows(id_=each)) for each in ("1.23E+11", "1189549.0", "#N/A", "nan")],
    *[("CT630", rows(id_=each)) for each in ("77\u200b", "\ufeff77")],
    *[("CT631", rows(a=each)) for each in ("NULL", "None", "\\N", "nan", '["a","b"]')],
    ("CT632", rows(b="a@x.io")),
    ("CT633", rows(c="1.12345678901234567")),
]


def said(capsys, *words):
    code = run([*words])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(("code", "cells"), DOUBTS)
def test_a_doubt_about_a_row_is_a_warning_and_an_error_if_asked(
    tmp_path, capsys, code, cells
):
    (tmp_path / "ctsync.yaml").write_text(HEAD + TABLE)
    with (tmp_path / "x.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(cells)
    where = ("-C", str(tmp_path))
    for engine in ("memory", "duckdb"):
        words = ("plan", "--engine", engine, "--format", "json", *where)
        ended, out = said(capsys, *words)
        document = json.loads(out)
        (told,) = document["diagnostics"]
        assert (ended, told["severity"], told["code"]) == (0, "warning", code)
        assert (told["file"], told["row"], told["line"]) == ("x.csv", 2, 3)
        (odd,) = {*cells[2]} - {*rows()[2]}
        assert odd not in told["message"]
        assert document["diagnostic_totals"] == {code: 1}
    assert said(capsys, "validate", *where)[0] == 0
    ended, out = said(capsys, "validate", "--strict", *where)
    assert (ended, code in out) == (1, True)


JO = "profiles:\n  - identity: u1\n"
NAMES = [
    ("profiles:\n  - {identity: u1, attributes: {'My\u00a0City': Pune}}\n", 5),
    ("catalog: {'My\u202fCity': {type: string}}\n", 4),
    (f"{JO}    subscriptions: {{email: {{'My\u00a0News': true}}}}\n", 6),
    (TABLE.replace("a: City", "'my\u00a0city': City"), 6),
    (TABLE.replace("identity: id", "identity: 'my\u00a0id'"), 6),
    (TABLE.replace("a: City", "a: 'My\u2007City'"), 6),
]


@pytest.mark.parametrize(("words", "line"), NAMES)
def test_a_no_break_space_in_a_name_is_pointed_out(tmp_path, capsys, words, line):
    (tmp_path / "ctsync.yaml").write_text(HEAD + words, "utf-8")
    names = ["my\u00a0id" if "my\u00a0id" in words else "id"]
    names += ["my\u00a0city" if "my\u00a0city" in words else "a", "b", "c"]
    with (tmp_path / "x.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, SOUND])
    where = ("-C", str(tmp_path))
    ended, out = said(capsys, "validate", "--format", "json", *where)
    told = [
        (d["severity"], d["code"], d["line"]) for d in json.loads(out)["diagnostics"]
    ]
    assert (ended, told) == (0, [("warning", "CT319", line)])
    assert said(capsys, "validate", "--strict", *where)[0] == 1


def test_plan_tells_of_rows_that_may_change_and_validate_of_all(tmp_path, capsys):
    (tmp_path / "ctsync.yaml").write_text(HEAD + TABLE)
    with (tmp_path / "x.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows(a="NULL"))
    where = ("--format", "json", "-C", str(tmp_path))
    assert said(capsys, "import", "spec", "--auto-approve", *where)[0] == 0
    for command, codes in [("plan", {}), ("validate", {"CT631": 1})]:
        _, out = said(capsys, command, *where)
        assert json.loads(out)["diagnostic_totals"] == codes
