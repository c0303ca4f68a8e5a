"""Imports fill a state with the same bytes, whether SQL or Python decides rows."""

import datetime as dt
import json
import shutil

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.cli.app import run
from ctsync.engines import duckdb_decision
from ctsync.model.entry import entry_line
from ctsync.observe import declared_rows
from ctsync.observe.declared_row import DeclaredRow
from ctsync.state import open_store

COUNT = 400
PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1}}
state: {state}
catalog:
  Plan: {{type: string, enum: [Free, Gold]}}
  Points: {{type: counter}}
  Tags: {{type: list}}
policy: {{limits: {{create: 100000, update: 100%}}}}
tables:
  people:
    file: people.parquet
    key: {{identity: id}}
    columns: {{plan: Plan, name: Name, points: Points, since: Since, tags: Tags}}
"""
NAMES = ("Ada", "Jürgen", 'say "hi"', "a\\b", None)


def rows():
    numbers = range(COUNT)
    return pa.table(
        {
            "id": [f"u{n:04d}" if n % 50 else f"ü{n:04d}" for n in numbers],
            "plan": ["Free" if n % 3 else "Gold" for n in numbers],
            "name": [NAMES[n % len(NAMES)] for n in numbers],
            "points": [n if n % 7 == 0 else None for n in numbers],
            "since": [dt.date(2024, 1, 1 + n % 28) for n in numbers],
            "tags": [["b", "a"] if n % 2 else [f"t{n}"] for n in numbers],
        }
    )


@pytest.fixture(params=["state.jsonl", "state/"])
def filled(request, tmp_path, monkeypatch):
    """Give what state a project has after an import, and how many came as columns."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ctsync.yaml").write_text(PROJECT.format(state=request.param))
    parquet.write_table(rows(), tmp_path / "people.parquet")
    taken = []

    class Noted(declared_rows.NewProfiles):
        def __init__(self, columns):
            taken.extend(columns.ids)
            super().__init__(columns)

    monkeypatch.setattr(declared_rows, "NewProfiles", Noted)

    def fill(least, *, again=False, what="spec", more=()):
        taken.clear()
        monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", least)
        if not again:
            shutil.rmtree(tmp_path / "state", ignore_errors=True)
            (tmp_path / "state.jsonl").unlink(missing_ok=True)
        assert run(["import", what, "--auto-approve", *more]) == 0
        snapshot = open_store(request.param, folder=tmp_path).read()
        lines = [*map(entry_line, snapshot.entries())]
        return lines, snapshot.header.digest, len(taken)

    return fill


def test_a_state_is_filled_the_same_either_way(filled):
    lines, digest, taken = filled(least=1)
    assert COUNT / 3 < taken < COUNT
    assert filled(least=10**9) == (lines, digest, 0)
    assert len(lines) == COUNT


@pytest.fixture
def changed(monkeypatch):
    """The changes that were decided in columns, of profiles that are known."""
    taken = []

    def noted(row, taking):
        taken.extend([row] if row[0] == "update" else [])
        return DeclaredRow(row, taking)

    monkeypatch.setattr(declared_rows, "DeclaredRow", noted)
    return taken


@pytest.fixture
def filled_again(filled, tmp_path, changed):
    """Fill a state, and again once rows have changed; give what rows were taken."""

    def fill(least):
        parquet.write_table(rows(), tmp_path / "people.parquet")
        filled(least)
        changed.clear()
        table = rows().set_column(1, "plan", pa.array(["Gold"] * COUNT))
        new = table.slice(0, 9).set_column(
            0, "id", pa.array([f"v{n}" for n in range(9)])
        )
        parquet.write_table(pa.concat_tables([table, new]), tmp_path / "people.parquet")
        lines, digest, _ = filled(least, again=True)
        return lines, digest, len(changed)

    return fill


def test_a_filled_state_takes_in_the_same_either_way(filled_again):
    lines, digest, taken = filled_again(least=1)
    assert COUNT / 4 < taken < COUNT
    assert filled_again(least=10**9) == (lines, digest, 0)
    assert len(lines) == COUNT + 9
    assert all(b'"value":"Gold"' in line for line in lines)


def test_only_whoever_is_chosen_is_taken_in(filled):
    lines, _, _ = filled(least=1, more=["--target", "identity=u0001"])
    assert len(lines) == 1


def test_a_file_is_taken_in_beside_the_same_words_either_way(filled, tmp_path):
    other = rows().slice(0, COUNT // 2).rename_columns(["identity", *"abcd", "Tags"])
    parquet.write_table(other.select(["identity", "Tags"]), tmp_path / "read.parquet")
    *told, taken = filled(least=1, what="read.parquet")
    assert taken > COUNT / 3
    assert filled(least=10**9, what="read.parquet") == (*told, 0)
    assert len(told[0]) == COUNT // 2


def crm(city):
    """What a CRM knows of everybody; every tenth has a number that takes a look."""
    for number, key in enumerate(rows()["id"].to_pylist()):
        row = {"identity": key, "Points": number, "Groups": ["a", "b"]}
        row |= {"City": city if number % 2 else "Ulm", "Seen": "2026-07-01"}
        yield json.dumps(row | {"Score": 1e22 if number % 10 == 0 else 1.5}) + "\n"


@pytest.fixture
def adopted(filled, tmp_path, changed):
    """Fill a state from lines of JSON, and again when some have changed.

    Of a tenth of the profiles a table of the project speaks, too.
    """
    parquet.write_table(rows().slice(0, COUNT // 10), tmp_path / "people.parquet")

    def fill(least):
        changed.clear()
        for city in ("Ulm", "Bonn"):
            (tmp_path / "crm.yaml").unlink(missing_ok=True)
            (tmp_path / "crm.jsonl").write_text("".join(crm(city)))
            more = ["--write-spec", "crm.yaml"]
            words = {"what": "crm.jsonl", "more": more, "again": city == "Bonn"}
            yield filled(least, **words)

    return fill


def test_an_export_is_adopted_the_same_either_way(adopted, changed, capsys):
    told = [*adopted(least=1)]
    (first, *_, taken), (second, *_) = told
    assert COUNT / 2 < taken < COUNT
    assert COUNT / 4 < len(changed) < COUNT / 2
    assert not any(b'"certain"' in line for line in (*first, *second))
    said = capsys.readouterr()
    alone = [*adopted(least=10**9)]
    assert changed == []
    assert [each[:2] for each in alone] == [each[:2] for each in told]
    assert capsys.readouterr() == said
