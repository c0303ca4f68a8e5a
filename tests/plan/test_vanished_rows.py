"""Rows that a table had at the last apply and has no more."""

import csv
import json
from collections import Counter

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.engines import built_in
from ctsync.engines.base import Candidate
from ctsync.model.entry import Entry, cohorts_in, membership_in, tables_in
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.among import address_groups
from ctsync.plan.among.counted_rows import CountedRows
from ctsync.plan.among.vanished_rows import VanishedRows
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
tables:
  crm:
    file: "crm.*"
    key: {identity: id}
    columns: {plan: Plan}
    allow_empty: true
    invalid: skip
"""


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def world(request, tmp_path):
    """A project of one table, planned with both engines, which agree."""
    return World(tmp_path, request.param)


class World:
    def __init__(self, folder, form):
        self.folder, self.form = folder, form
        self.entries = ()

    def plan(self, ids, extra="", project=PROJECT):
        (self.folder / "ctsync.yaml").write_text(project + extra)
        self.write([(each, "Gold") for each in ids])
        found = {name: self.planned(name) for name in ("memory", "duckdb")}
        assert found["memory"] == found["duckdb"]
        return found["memory"]

    def write(self, rows):
        path = self.folder / f"crm.{self.form}"
        if self.form == "csv":
            with path.open("w", newline="") as file:
                csv.writer(file).writerows([("id", "plan"), *rows])
        elif self.form == "jsonl":
            lines = (json.dumps({"id": i, "plan": p}) + "\n" for i, p in rows)
            path.write_text("".join(lines))
        else:
            ids, plans = zip(*rows, strict=True) if rows else ((), ())
            text = pa.string()
            names = {"id": pa.array(ids, text), "plan": pa.array(plans, text)}
            parquet.write_table(pa.table(names), path)

    def planned(self, engine):
        project = load_project(self.folder)
        sources, chosen = ProjectSources(project), built_in()[engine]
        planner = Planner(project, sources, Mask("0"), engine=chosen)
        with make_plan(planner, HEAD, self.entries, scratch_file()) as plan:
            blocked = {rule.rule: rule.actual for rule in plan.foot.blocked}
            vanished = {t: tuple(n) for t, n in plan.foot.vanished.items()}
            return vanished, blocked, tuple(plan.changes())

    def apply(self, ids, **how):
        *_, changes = self.plan(ids, **how)
        known = {entry.key: entry for entry in self.entries}
        for change in changes:
            known[change.key] = entry_as_declared(
                known.get(change.key, Entry(change.key)), change
            )
        self.entries = tuple(known[key] for key in sorted(known))


def people(count, start=0):
    return [f"u{n:03}" for n in range(start, start + count)]


def test_a_row_is_remembered_beside_the_cohorts(world):
    world.apply(["u1"], extra="cohorts: {vip: {members: [u1], attributes: {T: V}}}\n")
    (entry,) = world.entries
    assert tables_in(entry.cohorts) == ["crm"]
    assert cohorts_in(entry.cohorts) == ("vip",)


def test_rows_that_went_are_counted_of_those_that_there_were(world):
    world.apply(people(20))
    vanished, blocked, changes = world.plan(people(18))
    assert vanished == {"crm": (2, 20)}
    assert blocked == {}
    assert changes == ()


def test_a_table_that_lost_many_rows_is_blocked_though_they_are_kept(world):
    world.apply(people(20))
    vanished, blocked, _ = world.plan(people(15))
    assert vanished == {"crm": (5, 20)}
    assert blocked == {"limits.vanish": 5}
    assert world.plan([])[1] == {"limits.vanish": 20}


def test_rows_that_came_are_none_that_there_were(world):
    world.apply(people(20))
    vanished, _, changes = world.plan([*people(18), *people(30, 100), ""])
    assert vanished == {"crm": (2, 20)}
    assert len(changes) == 30


def test_what_another_place_declares_has_lost_its_row_all_the_same(world):
    world.apply(people(10))
    extra = "profiles: [{identity: u009, attributes: {Plan: Gold}}]\n"
    vanished, _, changes = world.plan(people(9), extra=extra)
    assert (vanished, changes) == ({"crm": (1, 10)}, ())


def test_a_handful_of_rows_blocks_nothing(world):
    world.apply(people(9))
    assert world.plan(people(1))[:2] == ({"crm": (8, 9)}, {})


def test_a_number_blocks_from_the_first_row_on(world):
    world.apply(people(9))
    limits = "policy: {limits: {vanish: 0}}\n"
    assert world.plan(people(8), extra=limits)[1] == {"limits.vanish": 1}
    accept = "policy: {limits: {vanish: 0}, accept: {vanish: 1}}\n"
    assert world.plan(people(8), extra=accept)[1] == {}


def test_tables_that_lost_rows_are_told_in_the_order_of_their_names():
    vanished, key = VanishedRows(), ProfileKey("identity", "u1")
    entry = Entry(key, cohorts=tuple(map(membership_in, "ab")))
    vanished.record_seen(Candidate(key, (), entry))
    found = vanished.by_table(["c", "b", "a"], CountedRows(Counter(a=3)))
    assert [*found.items()] == [("a", (1, 4)), ("b", (1, 1))]


def test_a_table_that_left_the_spec_lost_nothing(world):
    world.apply(people(20))
    project = PROJECT[: PROJECT.index("tables:")]
    assert world.plan([], project=project)[:2] == ({}, {})


def test_a_row_that_is_skipped_has_not_gone(world):
    world.apply(people(20))
    world.folder.joinpath("ctsync.yaml").write_text(PROJECT)
    extra = "catalog: {Plan: {enum: [Gold]}}\npolicy: {limits: {skip: 100%}}\n"
    (world.folder / "ctsync.yaml").write_text(PROJECT + extra)
    world.write(
        [(each, "Gold" if n else "Silver") for n, each in enumerate(people(20))]
    )
    assert world.planned("memory")[0] == world.planned("duckdb")[0] == {}


@pytest.mark.parametrize("held", [1, address_groups.REMEMBERED])
def test_who_leaves_while_another_comes_with_the_same_address_may_be_renamed(
    world, monkeypatch, held
):
    monkeypatch.setattr(address_groups, "REMEMBERED", held)
    project = PROJECT.replace("plan: Plan", "plan: Email")
    world.plan([], project=project)
    rows = [(each, f"{each}@x.io") for each in people(12)]
    world.write(rows)
    *_, changes = world.planned("memory")
    world.entries = tuple(entry_as_declared(Entry(c.key), c) for c in changes)
    world.write([*rows[1:], ("new", "u000@x.io"), ("other", "other@x.io")])
    for engine in ("memory", "duckdb"):
        project = load_project(world.folder)
        sources, chosen = ProjectSources(project), built_in()[engine]
        planner = Planner(project, sources, Mask("0"), engine=chosen)
        with make_plan(planner, HEAD, world.entries, scratch_file()):
            pass
        (note,) = (f for f in planner.findings if f.code == "CT409")
        assert note.row == 12
        assert note.message == (
            "u000 leaves, and this profile is new with the same Email"
        )
        assert "state rename" in note.hint
