"""`import spec` fills a state with the same bytes, whether SQL or Python decides."""

import datetime as dt
import shutil

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.cli.app import run
from ctsync.engines import duckdb
from ctsync.model.entry import entry_line
from ctsync.observe.import_spec import SpecImport
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
    """Give what state a project has after `import spec`, and who was taken as text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ctsync.yaml").write_text(PROJECT.format(state=request.param))
    parquet.write_table(rows(), tmp_path / "people.parquet")
    taken = []
    add_new = SpecImport.add_new

    def noted(self, text):
        taken.append(text.key.id)
        add_new(self, text)

    monkeypatch.setattr(SpecImport, "add_new", noted)

    def fill(least, *, again=False):
        taken.clear()
        monkeypatch.setattr(duckdb, "LEAST_DECIDED", least)
        if not again:
            shutil.rmtree(tmp_path / "state", ignore_errors=True)
            (tmp_path / "state.jsonl").unlink(missing_ok=True)
        assert run(["import", "spec", "--auto-approve"]) == 0
        snapshot = open_store(request.param, folder=tmp_path).read()
        lines = [*map(entry_line, snapshot.entries())]
        return lines, snapshot.header.digest, len(taken)

    return fill


def test_a_state_is_filled_the_same_either_way(filled):
    lines, digest, taken = filled(least=1)
    assert COUNT / 3 < taken < COUNT
    assert filled(least=10**9) == (lines, digest, 0)
    assert len(lines) == COUNT


def test_whoever_is_known_already_is_looked_at(filled, tmp_path):
    filled(least=1)
    changed = rows().set_column(1, "plan", pa.array(["Gold"] * COUNT))
    parquet.write_table(changed, tmp_path / "people.parquet")
    lines, _, taken = filled(least=1, again=True)
    assert taken == 0
    assert all(b'"value":"Gold"' in line for line in lines)
