"""Law 7: whatever finds the candidates, a project has the same plan, byte for byte."""

import csv
import json
from dataclasses import replace
from functools import partial
from random import Random

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync import duckdb_connection
from ctsync.diagnostics import Findings
from ctsync.engines import (
    built_in,
    duckdb,
    duckdb_comparison,
    duckdb_decision,
    spark_search,
)
from ctsync.errors import SpecError, UsageError
from ctsync.model.entry import Entry
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.plan.selection import Selection, parse_selector
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1}}
state: state.jsonl
policy: {{undeclared: {undeclared}}}
catalog: {{Plan: {{type: string}}, Interests: {{type: list}}, Score: {{type: number}}}}
"""
TABLES = """\
tables:
  loyalty:
    file: loyalty-*.csv
    key: {{identity: id}}
    columns: {{plan: Plan, tags: {{attribute: Interests, split: ";", as: include}}}}
    missing: {missing}
    invalid: skip
    allow_empty: true
  scores:
    file: scores.{form}
    key: {{identity: id}}
    columns: {{score: Score}}
    duplicates: {duplicates}
    allow_empty: true
  devices:
    file: scores.{form}
    key: {{objectId: id}}
    columns: {{score: Rank}}
    where: "id LIKE 'u%'"
    duplicates: last
    invalid: skip
    allow_empty: true
cohorts:
  listed:
    members: [{members}]
    attributes: {{Interests: {{include: [lounge]}}{blocks}}}
    leave: {{Tier: Standard}}
  read:
    members: {{file: members.csv, key: {{identity: id}}}}
    attributes: {{Interests: {{include: [bar]}}}}
    leave: {{Bar: false}}
"""
IDS = ["u1", "u2", "u3", "u10", "U1", "é", "\U0001f600", "a'b", "~x", "10", "a b"]
TAGS = ["shoes", "bags", "hats", ""]
SELECTORS = [
    (), ("table=loyalty",), ("cohort=*",), ("identity=u*",), ("file=*.csv",),
]  # fmt: skip


class World:
    """A project in a folder, drawn by chance, and drawn again a little otherwise."""

    def __init__(self, folder, chance):
        self.folder, self.chance = folder, chance
        self.undeclared = chance.choice(["keep", "remove"])
        self.missing = chance.choice(["keep", "remove"])
        # Where nothing reaches another profile, words that stand are passed over.
        self.blocks = chance.choice(["", ", MSG-dndEmail: true"])
        self.form = chance.choice(["jsonl", "parquet"])
        self.duplicates = chance.choice(["last", "last", "error"])
        self.people = {key: self.words() for key in self.some(IDS)}
        self.rows = {key: self.row() for key in self.some(IDS)}
        self.scores = [(key, chance.randrange(3)) for key in self.some(IDS)]
        self.members, self.listed = self.some(IDS), self.some(IDS)

    def some(self, words):
        return self.chance.sample(words, self.chance.randrange(len(words)))

    def words(self):
        words = {"Name": self.chance.choice(["Jack", "Jill"])}
        words |= {"Since": self.chance.choice(["2024-02-29", True, " x", "007", 5.5])}
        if self.blocks and self.chance.random() < 0.3:
            words |= {"Email": "same@example.com", "MSG-dndEmail": True}
        return words

    def row(self):
        plan = self.chance.choice(["Gold", "Free", "Free", ""])
        return plan, ";".join(self.some(TAGS))

    def edit(self):
        for part, fresh in (
            (self.people, self.words),
            (self.rows, self.row),
        ):
            for key in self.some(IDS)[:3]:
                if part.pop(key, None) is None or self.chance.random() < 0.6:
                    part[key] = fresh()
        for part in (self.members, self.listed):
            del part[: self.chance.randrange(3)]
        self.scores += [(key, 1) for key in self.some(IDS)[:2]]

    def project(self):
        folder, json_words = self.folder, partial(json.dumps, ensure_ascii=False)
        text = PROJECT.format(undeclared=self.undeclared)
        members = ", ".join(map(json_words, self.listed))
        (folder / "ctsync.yaml").write_text(text)
        words = {**vars(self), "members": members}
        (folder / "tables.yaml").write_text(TABLES.format(**words))
        entries = [
            {"identity": key, "attributes": words} for key, words in self.people.items()
        ]
        (folder / "people.yaml").write_text(json_words({"profiles": entries}))
        rows = [(key, *row) for key, row in self.rows.items()]
        for name, part in (("a", rows[::2]), ("b", [*rows[1::2], ("", "Gold", "")])):
            self.write(f"loyalty-{name}.csv", ["id", "plan", "tags"], part)
        self.write("members.csv", ["id"], [(key,) for key in sorted(set(self.members))])
        lines = [json_words({"id": key, "score": score}) for key, score in self.scores]
        (folder / "scores.jsonl").write_text("".join(f"{line}\n" for line in lines))
        write_parquet(folder / "scores.parquet", ["id", "score"], self.scores)
        project = load_project(folder)
        assert not project.findings.has_errors, [*project.findings]
        return project

    def write(self, name, header, rows):
        with (self.folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])


def write_parquet(path, names, rows):
    columns = zip(*rows, strict=True) if rows else [[] for _ in names]
    parquet.write_table(
        pa.table(dict(zip(names, map(list, columns), strict=True))), path
    )


def plan_of(project, entries, engine, targets=()):
    selection = Selection(map(parse_selector, targets))
    # What the rows of one engine are warned about, those of the other have to be.
    project = replace(project, findings=Findings(project.findings))
    planner = Planner(
        project,
        ProjectSources(project),
        Mask("0"),
        selection,
        project.findings,
        engine=built_in()[engine],
    )
    file = scratch_file()
    return make_plan(planner, HEAD, entries, file), file


def bytes_of(project, entries, engine, targets=()):
    plan, file = plan_of(project, entries, engine, targets)
    with plan:
        file.seek(0)
        return file.read()


@pytest.mark.parametrize("seed", range(16))
def test_engines_give_the_same_plan(seed, tmp_path, monkeypatch):
    chance = Random(seed)
    limits = chance.choice([{}, {"memory_mib": 64, "threads": 1}, {"threads": 2}])
    monkeypatch.setattr(
        duckdb, "open_connection", partial(duckdb_connection.open_connection, **limits)
    )
    monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", [0, 5_000][seed % 2])
    monkeypatch.setattr(spark_search, "EVERY", 1)
    monkeypatch.setattr(spark_search, "RANGE_KEYS", 65_536 if seed % 4 else 6)
    world = World(tmp_path, chance)
    project = world.project()
    first, _ = plan_of(project, (), "duckdb")
    with first:
        assert bytes_of(project, (), "memory") == bytes_of(project, (), "duckdb")
        changes = [c for c in first.changes() if chance.random() < 0.9]
        entries = tuple(entry_as_declared(Entry(c.key), c) for c in changes)
    for _ in range(2):
        world.edit()
        project = world.project()
        targets = chance.choice(SELECTORS)
        plans = {name: told(project, entries, name, targets) for name in built_in()}
        assert plans["duckdb"] == plans["memory"]
        assert plans["spark"] == plans["memory"]


ONE_TABLE = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
tables:
  scores:
    file: scores.parquet
    key: {identity: id}
    columns: {score: Score}
    duplicates: %s
"""
KNOWN = [("u1", "a"), ("u2", "b"), ("u3", "c")]


def entries_before(folder, duplicates, rows):
    """Give what the state has of a table of known rows, which then has others."""
    (folder / "ctsync.yaml").write_text(ONE_TABLE % duplicates)
    path = folder / "scores.parquet"
    write_parquet(path, ["id", "score"], KNOWN)
    plan, _ = plan_of(load_project(folder), (), "memory")
    with plan:
        entries = tuple(entry_as_declared(Entry(c.key), c) for c in plan.changes())
    write_parquet(path, ["id", "score"], rows)
    return entries


@pytest.mark.parametrize("duplicates", ["error", "last"])
@pytest.mark.parametrize(
    "rows",
    [
        [*KNOWN, ("u1", "a")],
        [*KNOWN, ("u1", "z")],
        [("u1", "z"), *KNOWN],
        [*KNOWN[1:], ("u1", "y"), ("u1", "z")],
        [*KNOWN, ("u4", "y"), ("u4", "z")],
        [*KNOWN[1:], ("u2", "b")],
        [*KNOWN, ("", "a"), ("", "a")],
        [*KNOWN, ("u4", "x")],
        KNOWN[1:],
    ],
)
def test_a_key_that_stands_twice_is_never_missed(rows, duplicates, tmp_path):
    """A stream tells by counts that a row was like another; rows are not all kept."""
    entries = entries_before(tmp_path, duplicates, rows)
    one, other = (
        told(load_project(tmp_path), entries, name, ()) for name in ("memory", "duckdb")
    )
    assert one == other
    ids = [key for key, _ in rows if key]
    refused = isinstance(one, tuple)
    assert refused == (
        (len(ids) > len(set(ids)) and duplicates == "error") or "" in dict(rows)
    )


@pytest.mark.parametrize(
    "rows",
    [
        [("u1", "b"), ("u2", "a"), ("u3", "c")],
        [("u4", "a"), ("u2", "b"), ("u3", "c")],
        [*KNOWN, ("u4", "a")],
    ],
)
def test_whoever_says_what_another_said_differs(rows, tmp_path):
    """Rows are held against entries by one number, which tells who they speak of."""
    entries = entries_before(tmp_path, "error", rows)
    plan, _ = plan_of(load_project(tmp_path), entries, "duckdb")
    with plan:
        found = {change.key.id for change in plan.changes()}
    assert found >= {key for key, _ in {*rows} - {*KNOWN}}


@pytest.mark.parametrize(
    ("name", "where", "code"),
    [
        ("x", "note::INTEGER > 0", "CT604"),
        ("x", "note = 'a'", "CT612"),
        ("x", "", "CT612"),
    ],
)
def test_what_is_wrong_with_a_stream_is_told_as_of_rows_that_are_loaded(
    name, where, code, tmp_path
):
    text = ONE_TABLE % "error" + (f'    where: "{where}"\n' if where else "")
    (tmp_path / "ctsync.yaml").write_text(text)
    path = tmp_path / "scores.parquet"
    rows = [(f"u{n}", f"{name}{n}" * 9, "a") for n in range(50)]
    write_parquet(path, ["id", "score", "note"], rows)
    if code == "CT612":
        data = bytearray(path.read_bytes())
        data[20:400] = bytes(380)  # the pages of the first column
        path.write_bytes(data)
    one, other = (
        told(load_project(tmp_path), (), engine, ()) for engine in ("memory", "duckdb")
    )
    assert one == other
    assert [finding.code for finding in one[1]] == [code]


def test_a_file_that_changes_while_its_rows_are_streamed_is_told(tmp_path, monkeypatch):
    (tmp_path / "ctsync.yaml").write_text(ONE_TABLE % "error")
    path = tmp_path / "scores.parquet"
    write_parquet(path, ["id", "score"], KNOWN)
    nobody = duckdb_comparison.Comparison.nobody

    def late(met):
        write_parquet(path, ["id", "score"], [*KNOWN, ("u4", "d")])
        yield from nobody(met)

    monkeypatch.setattr(duckdb_comparison.Comparison, "nobody", late)
    _, findings, _ = told(load_project(tmp_path), (), "duckdb", ())
    assert "CT619" in {finding.code for finding in findings}


def told(project, entries, engine, targets):
    """The bytes of a plan, or what is said in its stead."""
    try:
        return bytes_of(project, entries, engine, targets)
    except SpecError as error:
        return str(error), list(error.findings), error.findings.totals
    except UsageError as error:
        return type(error), str(error)
