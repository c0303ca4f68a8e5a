"""Law: an export is taken in the same with a spec of it, whoever decides its rows."""

import contextlib
import io
import json
import tempfile
from pathlib import Path
from unittest import mock

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.cli.app import run
from ctsync.engines import duckdb_decision
from ctsync.model.entry import entry_line
from ctsync.state import open_store

PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
catalog: {Points: {type: counter}, Plan: {type: string, enum: [Free, Gold]}}
"""
BESIDE = """\
profiles:
  - {identity: u1, attributes: {Hat: red}}
  - {identity: u2, attributes: {Name: Ada}}
cohorts:
  some: {members: [u3, u5], attributes: {Tier: VIP}}
"""
# Of each column the first cells are clean.
CELLS = {
    "Plan": ["Free", "Gold", "gold"],
    "Name": ["Ada", "Jürgen", 'say "hi"', "[a]", "$D_5", "a\\b", "007"],
    "Points": [5, 0, -1, 2**60],
    "Score": [0.5, 7.25, 1e22, 5.0],
    "Vip": [True, False],
    "Since": ["2024-02-29", "1969-12-31", "odd"],
    "Tags": [["b", "a"], ["a"], ["a", "A"], []],
}
IDS = [*(f"u{n}" for n in range(8)), "U7", "é", " u9", "a@b.c"]


@st.composite
def people(draw):
    """Rows of some, most of them with clean cells in all columns."""
    columns = draw(st.lists(st.sampled_from([*CELLS]), min_size=1, unique=True))
    most = draw(st.sampled_from([2, 2, 9]))
    cells = {n: st.sampled_from([*CELLS[n][:most], None]) for n in columns}
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=9, unique=True))
    ids += draw(st.sampled_from([[], [], [], ids[:1]]))
    return [{"identity": key, **draw(st.fixed_dictionaries(cells))} for key in ids]


def write(folder, rows, form):
    lines = folder / "rows.json"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if form == "jsonl":
        lines.replace(folder / "crm.jsonl")
        return
    query = f"SELECT * FROM read_json_auto('{lines}')"
    duckdb.sql(f"COPY ({query}) TO '{folder / f'crm.{form}'}'")


def told(folder, words, least):
    """What an import ends with and says, and what it leaves of state and spec."""
    out, err, spec = io.StringIO(), io.StringIO(), folder / "crm.yaml"
    with (
        mock.patch.object(duckdb_decision, "LEAST_DECIDED", least),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run(["import", *words, "--auto-approve", "--format", "json"])
    snapshot = open_store("state.jsonl", folder=folder).read()
    lines = [entry_line(each) for each in snapshot.entries()]
    text = spec.read_text() if spec.exists() else None
    spec.unlink(missing_ok=True)
    return code, out.getvalue(), err.getvalue(), lines, text


@settings(max_examples=15, deadline=None)
@given(
    st.lists(people(), min_size=1, max_size=2),
    st.sampled_from(["jsonl", "csv", "parquet"]),
    st.sampled_from(["", BESIDE]),
    st.booleans(),
)
def test_an_export_is_adopted_the_same_whoever_decides(
    versions, form, beside, is_known
):
    """And so is another version of it, of profiles that are known by then."""
    name, found = f"crm.{form}", []
    for least in (0, 10**9):
        with tempfile.TemporaryDirectory() as path:
            folder = Path(path)
            (folder / "ctsync.yaml").write_text(PROJECT + beside)
            for rows in versions:
                write(folder, rows, form)
                if is_known:  # as others know them, whom no spec told
                    told(folder, [name], least)
                words = [name, "--write-spec", "crm.yaml"]
                found.append(told(folder, words, least))
    assert found[: len(versions)] == found[len(versions) :]
