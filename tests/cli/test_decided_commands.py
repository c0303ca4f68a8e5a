"""What commands say and do is the same, whether SQL or Python decides rows.

Laws hold plans to it byte by byte; here whole commands are, with what stands around a
plan: environments, masks, reads of the platform, reports, and the state afterwards.
"""

import csv
import re
import shutil

import pytest

from ctsync.engines import duckdb_decision
from ctsync.model.entry import entry_line
from ctsync.state import open_store

MORE = """\
  Note: {{type: string, sensitive: {sensitive}}}
  First: {{type: string, write: once}}
  Tier: {{type: string, write: locked}}
  Score: {{type: number}}
upload: {{concurrency: 1}}
policy: {{limits: {{update: 100%, vanish: 100%, remove: 100%}}}}
environments:
  staging:
    timezone: Asia/Kolkata
    state: state.staging.jsonl
    policy: {{undeclared: remove}}
tables:
  people:
    file: people.csv
    key: {{identity: id}}
    missing: keep
    columns:
      plan: Plan
      name: Name
      note: Note
      first: First
      tier: Tier
      points: Points
      tags: {{attribute: Tags, split: "|"}}
      {columns}
"""
NAMES = ("id", "plan", "name", "note", "first", "tier", "points", "tags", "score")
PLAIN = ("Gold", "Ada Lovelace", "a note", "one", "high", "5", "a|b", "1.5")
EDITS = {
    "plan": "Free",
    "note": "another note",
    "points": "12",
    "tags": "a|c",
    "name": "Bob",
}


def people(*, edited):
    """Rows of forty people; once edited, some differ, are new, or are gone."""
    keys = range(3, 45) if edited else range(40)
    rows = {n: dict(zip(NAMES, (f"u{n:02}", *PLAIN), strict=True)) for n in keys}
    for n, row in rows.items():
        # Whoever has what is written once, locked, or of no place is for Python.
        row["first"] = "one" if n % 5 == 0 else ""
        row["tier"] = row["tier"] if n % 4 == 2 else ""
        row["score"] = row["score"] if n % 4 == 1 else ""
        changed = [*EDITS][n % 7 :] if edited and n % 3 else []
        row.update((name, EDITS[name]) for name in changed)
    return rows.values()


@pytest.fixture
def begun(desk, monkeypatch):
    """A project of which all was applied, and then was edited."""
    monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", 0)

    def declare(*, sensitive, columns, edited):
        words = {"sensitive": sensitive, "columns": columns}
        desk.project(MORE.format(**words))
        with (desk.folder / "people.csv").open("w", newline="") as file:
            lines = csv.DictWriter(file, NAMES)
            lines.writeheader()
            lines.writerows(people(edited=edited))

    declare(sensitive="true", columns="score: Score", edited=False)
    ended = desk.apply()
    assert ended.code == 0, ended.said
    # A column and a mark as sensitive leave, too.
    declare(sensitive="false", columns="", edited=True)
    return desk


def decided_in(err):
    """How many profiles were decided in columns, by what `-v` says."""
    found = re.search(r"([0-9]+) profiles were decided in columns", err)
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    ("words", "least"),
    [
        ((), 12),
        (("--all",), 12),
        (("--summary",), 12),
        (("--format", "json"), 12),
        (("--format", "jsonl"), 12),
        (("--format", "markdown"), 12),
        (("--format", "html"), 12),
        (("--reveal", "--all"), 12),
        (("--accept", "reveal=1", "--format", "json"), 12),
        (("--accept", "reveal=1", "--all"), 12),
        (("--env", "staging", "--format", "json"), 15),
        (("--env", "staging", "--all"), 15),
        (("--target", "identity=u1*", "--format", "json"), 3),
        (("--exclude", "attribute=Points", "--all"), 12),
        (("--exclude", "attribute=Note", "--format", "json"), 12),
        (("--target", "attribute=Tags", "--detailed-exitcode"), 12),
        (("--refresh", "--format", "json"), 0),
    ],
    ids=str,
)
def test_a_plan_says_the_same_whoever_decides(begun, words, least):
    told = []
    for engine in ("memory", "duckdb"):
        ended = begun.run("plan", "-v", "--engine", engine, "--out", "p.plan", *words)
        assert ended.code in {0, 2, 6}, ended.said
        told.append((ended.code, ended.out, (begun.folder / "p.plan").read_bytes()))
        count = decided_in(ended.err)
        assert count >= least if engine == "duckdb" else count == 0
        (begun.folder / "p.plan").unlink()
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ((), None),
        ((), "empty"),
        (("--accept", "reveal=1"), None),
        (("--canary", "5"), "empty"),
        (("--dry-run",), "empty"),
        (("--target", "identity=u1*"), None),
        (("--env", "staging", "--first-run"), None),
    ],
    ids=str,
)
def test_an_apply_ends_the_same_whoever_decides(begun, tmp_path, words, fault):
    told = []
    for engine in ("memory", "duckdb"):
        folder = tmp_path / engine
        shutil.copytree(begun.folder, folder)
        begun.sandbox.script(*[fault] * bool(fault))
        command = ("-C", folder, "apply", "-v", "--auto-approve", "--engine", engine)
        report = ("--report", "r.jsonl", "--format", "json")
        ended = begun.run(*command, *report, *words)
        count = decided_in(ended.err)
        assert count >= 3 if engine == "duckdb" else count == 0, ended.said
        document = ended.document
        assert document["error"] is None, document["error"]
        for name in ("run", "seconds", "next"):  # which no two have in common
            document.pop(name)
        told.append((document, (folder / "r.jsonl").read_text(), *kept(folder)))
    assert told[0] == told[1]


def kept(folder):
    """What the states of a project know, and what they remember as sensitive."""
    for name in ("state.jsonl", "state.staging.jsonl"):
        snapshot = open_store(name, folder=folder).read()
        if snapshot.header is None:
            yield None
            continue
        marks = tuple(snapshot.header.marks)
        yield marks, [_without_run(entry_line(each)) for each in snapshot.entries()]


def _without_run(line):
    return re.sub(rb'"since":"[^"]*"', b'"since":"run"', line)
