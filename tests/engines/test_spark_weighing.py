"""Executors weigh what SQL leaves open, and part rows of one key: the same plan."""

import pickle
from dataclasses import replace
from random import Random

import pytest

from ctsync.diagnostics import Findings
from ctsync.engines import built_in, spark_search
from ctsync.engines.spark_weighing import opened_weighing, packed_weighing
from ctsync.errors import SpecError
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry import Entry, entry_from_line, entry_line
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.model.weighed_run import WeighedRun, run_from_text
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document.change_codec import START, change_from_line
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.plan.weigh_elsewhere import elsewhere
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1, passcode: "${CLEVERTAP_PASSCODE}"}
state: state.jsonl
timezone: Asia/Kolkata
policy: {undeclared: remove}
catalog:
  Points: {type: counter}
  Since: {type: date}
  Tags: {type: list}
  Note: {type: string, sensitive: true}
tables:
  people:
    file: people-*.csv
    key: {identity: id}
    duplicates: DUPLICATES
    invalid: skip
    columns:
      name: Name
      email: Email
      points: Points
      since: Since
      note: Note
      tags: {attribute: Tags, split: "|", as: include}
  seats:
    file: seats.csv
    key: {identity: id}
    columns: {seat: Seat}
cohorts:
  some:
    members: {file: some.csv, key: {identity: id}}
    attributes: {Tier: VIP}
    leave: {Tier: Standard}
  few: {members: [member3, member5], attributes: {Club: A}}
"""
IDS = [*(f"u{n}" for n in range(28)), "member3", "member5", "U7", "é", "a b", "A@B.C"]
CELLS = {
    "name": ["Ada", "Bob", "", "$x", "007"],
    "email": ["ada@example.com", "bob@example.com", "", "no address"],
    "points": ["5", "12", "", "1e3"],
    "since": ["2024-02-29", "2024-03-31T02:30", ""],
    "note": ["x", "y", ""],
    "tags": ["a|b", "a", "", "c|c"],
}


def row(chance, key):
    return ",".join([key, *map(chance.choice, CELLS.values())])


def write_rows(path, head, rows):
    path.write_text("\n".join([head, *rows, ""]))


def write_files(folder, chance, twins=0):
    """Write people in two files, some of them twice, and who has a seat."""
    people = [row(chance, key) for key in chance.sample(IDS, 25)]
    people += [row(chance, chance.choice(IDS)) for _ in range(twins)]
    head = ",".join(["id", *CELLS])
    write_rows(folder / "people-a.csv", head, people[::2])
    write_rows(folder / "people-b.csv", head, people[1::2])
    seats = [f"{key},{n}" for n, key in enumerate(chance.sample(IDS, 15))]
    write_rows(folder / "seats.csv", "id,seat", seats)
    some = [chance.choice(IDS) for _ in range(12 + twins)]
    write_rows(folder / "some.csv", "id", some)


def project_in(folder, duplicates="last"):
    text = PROJECT.replace("DUPLICATES", duplicates)
    (folder / "ctsync.yaml").write_text(text)
    project = load_project(folder)
    assert not project.findings.has_errors
    return project


def planner_of(project, engine):
    project = replace(project, findings=Findings(project.findings))
    sources, by = ProjectSources(project), built_in()[engine]
    return Planner(project, sources, Mask("0"), findings=project.findings, engine=by)


def planned(project, entries, engine):
    """The bytes of a plan, or what is wrong with the project."""
    file = scratch_file()
    try:
        plan = make_plan(planner_of(project, engine), HEAD, entries, file)
    except SpecError as error:
        return str(error), [*error.findings], error.findings.totals
    plan._file.seek(0)
    return plan._file.read()


def known_from(plan):
    """Entries as the changes of a plan leave them."""
    lines = [each for each in plan.splitlines(keepends=True) if START in each]
    changes = map(change_from_line, lines)
    entries = (entry_as_declared(Entry(each.key), each) for each in changes)
    return [entry_from_line(entry_line(entry)) for entry in entries]


@pytest.fixture
def small_ranges(monkeypatch):
    monkeypatch.setattr(spark_search, "EVERY", 1)
    monkeypatch.setattr(spark_search, "RANGE_KEYS", 20)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_several_places_have_the_same_plan(seed, tmp_path, small_ranges):
    chance = Random(seed)
    write_files(tmp_path, chance)
    project = project_in(tmp_path)
    first = planned(project, (), "memory")
    assert planned(project, (), "spark") == first
    entries = known_from(first)
    write_files(tmp_path, chance)
    project = project_in(tmp_path)
    assert planned(project, entries, "spark") == planned(project, entries, "memory")


@pytest.mark.parametrize("duplicates", ["last", "error"])
def test_rows_of_one_key_have_the_same_plan(duplicates, tmp_path, small_ranges, caplog):
    caplog.set_level("INFO", "ctsync")
    write_files(tmp_path, Random(1), twins=30)
    project = project_in(tmp_path, duplicates)
    found = planned(project, (), "spark")
    assert "so one machine looks at all of them" not in caplog.text
    assert found == planned(project, (), "memory")
    assert isinstance(found, bytes) == (duplicates == "last")


def test_whoever_is_as_most_are_is_weighed_by_executors(tmp_path, small_ranges):
    """In two tables and a cohort; who is odd, or stands in YAML, is not."""
    write_files(tmp_path, Random(0))
    for name in ("a", "b"):
        rows = [f"{name}{n},Ada,,5,2024-02-29,x,a" for n in range(20)]
        rows += ["member3,Ada,,5,,x,a"] if name == "a" else []
        write_rows(tmp_path / f"people-{name}.csv", ",".join(["id", *CELLS]), rows)
    ids = [f"{name}{n}" for n in range(20) for name in "ab"]
    write_rows(tmp_path / "seats.csv", "id,seat", [f"{i},1" for i in [*ids, "null"]])
    write_rows(tmp_path / "some.csv", "id", [f"a{n}" for n in range(20)])
    planner = planner_of(project_in(tmp_path), "spark")
    found = [*planner.plan_rows((), lets_weigh=True)]
    runs = [each for each in found if isinstance(each, WeighedRun)]
    others = [each for each in found if isinstance(each, tuple)]
    assert not any(isinstance(each, DecidedRows) for each in found)
    assert sorted(key.id for run in runs for key in run.keys) == sorted(ids)
    assert {candidate.key.id for candidate, _ in others} == {
        "member3",
        "member5",
        "null",
    }
    assert [run_from_text(run.as_text()) for run in runs] == runs


def test_nothing_of_the_account_travels(tmp_path, monkeypatch):
    """Neither its passcode nor where it is, nor people who stand in YAML."""
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "hunter2")
    write_files(tmp_path, Random(0))
    project = project_in(tmp_path)
    data = pickle.dumps(elsewhere(project, planner_of(project, "spark").waits))
    for word in (b"hunter2", b"PASSCODE", b"TEST-1", b"state.jsonl", b"member3"):
        assert word not in data
    assert str(tmp_path).encode() not in data


def test_what_cannot_travel_is_weighed_where_the_plan_is_written(tmp_path):
    write_files(tmp_path, Random(0))
    project = project_in(tmp_path)
    weigher = elsewhere(project, planner_of(project, "spark").waits)
    assert opened_weighing(packed_weighing(weigher, ())) is not None
    assert packed_weighing(weigher, (lambda: None,)) == b""
    assert opened_weighing(b"") is None
    strange = packed_weighing(weigher, ()).replace(b"ctsync.plan", b"ctsync.flan")
    assert opened_weighing(strange) is None
    other = type(weigher)(weigher.project_view, "UTC", weigher.waits, frozenset({"x"}))
    assert opened_weighing(packed_weighing(other, ())) is None
