"""Who is looked at for a plan, and what is told of all of them."""

import pytest
from msgspec.structs import replace

from ctsync.diagnostics import Diagnostic
from ctsync.engines import built_in, memory
from ctsync.engines.base import Engine
from ctsync.errors import SpecError
from ctsync.model.masking import Mask
from ctsync.plan.planner import Planner
from ctsync.plan.selection import Selection, parse_selector
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

MAIL = "family@example.com"


def planner_of(project, sources=None, **more):
    return Planner(project, sources or project, Mask("0" * 32), **more)


def planned(planner, entries=()):
    """The ids of all who are looked at."""
    by_key = sorted(entries, key=lambda each: each.key)
    return [found.key.id for found, _ in planner.plan_profiles(by_key)]


def codes(planner):
    return [each.code for each in planner.findings.sorted()]


@pytest.mark.parametrize(("count", "words"), [(1, "1 error"), (2, "2 errors")])
def test_a_project_with_errors_is_refused_with_their_number(project_view, count, words):
    project = project_view()
    for number in range(count):
        project.says(f"u{number}", {"Gender": "Q"})
    planner = planner_of(project)
    planned(planner)
    with pytest.raises(SpecError) as caught:
        planner.refuse_errors()
    assert caught.value.message == f"the project has {words}"


def test_whoever_no_place_names_is_looked_at_only_where_that_can_matter(
    project_view, entry
):
    loose = entry("u9", attributes={"Plan": "Gold", "Seat": 1})
    for more, policy, is_seen in (
        ({}, "keep", False),
        ({}, "remove", True),
        ({"sees_undeclared": True}, "keep", True),
        ({"selection": Selection([parse_selector("identity=u*")])}, "keep", True),
    ):
        project = project_view(undeclared=policy).says("u1", {"Plan": "Gold"})
        planner = planner_of(project, **more)
        assert planned(planner, [loose]) == (["u1", "u9"] if is_seen else ["u1"])
        assert planner.one_by_one == 1 + is_seen
    project = project_view().table("a", ["Plan"]).table("b", ["Seat"], missing="remove")
    assert planned(planner_of(project), [loose]) == ["u9"]


def test_blocks_that_no_place_names_contradict_nobody(project_view, plan, fold):
    """Two profiles that are as they were, and hold what was read of them."""
    project = project_view().says("u1", {"Email": MAIL}).says("u2", {"Email": MAIL})
    blocked = project_view().says("u1", {"Email": MAIL, "MSG-dndEmail": True})
    free = project_view(limits={"opt_in": "9"})
    free = free.says("u2", {"Email": MAIL, "MSG-dndEmail": False})
    held = [each for of in (blocked, free) for each in fold(plan(of))]
    settled = {each.key: each for each in fold(plan(project))}
    known = [replace(e, fingerprint=settled[e.key].fingerprint) for e in held]
    planner = planner_of(project)
    assert planned(planner, known) == []
    assert codes(planner) == []


def test_what_was_told_before_a_file_broke_is_told_beside_it(project_view):
    project = project_view(limits={"opt_in": "9"})
    project.says("u1", {"Email": MAIL, "MSG-dndEmail": True})
    project.says("u2", {"Email": MAIL, "MSG-dndEmail": False})

    def find(search, tally):
        yield from memory.find_candidates(search, tally)
        raise SpecError("x", [Diagnostic("error", "CT610", "no such file", None)])

    planner = planner_of(project, engine=Engine("breaks", find))
    planned(planner)
    assert codes(planner).count("CT316") == 1
    assert "CT610" in codes(planner)


PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
tables:
  a: {file: a.csv, key: {identity: id}, columns: {plan: Plan}}
  b: {file: b.csv, key: {identity: id}, columns: {seat: Seat}}
  c: {file: c.csv, key: {identity: id}, columns: {hat: Hat}}
profiles:
  - {identity: u1, attributes: {Gender: Q}}
"""


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_every_broken_file_is_told_and_what_others_say_of_nobody(tmp_path, engine):
    """Each once, and what places in YAML say is judged as well."""
    (tmp_path / "ctsync.yaml").write_text(PROJECT)
    (tmp_path / "c.csv").write_text("id,hat\n,red\nu3,blue\n")
    project = load_project(tmp_path)
    planner = planner_of(project, ProjectSources(project), engine=built_in()[engine])
    planned(planner)
    assert sorted(codes(planner)) == ["CT314", "CT514", "CT611", "CT611"]


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_what_is_odd_about_a_file_of_rows_is_told_once(tmp_path, engine):
    text = PROJECT.replace("columns: {plan", "duplicates: last, columns: {plan")
    (tmp_path / "ctsync.yaml").write_text(text.replace("Gender: Q", "Gender: F"))
    (tmp_path / "a.csv").write_text("id,plan\nu3,x\nu3,y\n")
    (tmp_path / "b.csv").write_text("id,seat\nu3,1\n")
    (tmp_path / "c.csv").write_text("id,hat\nu3,red\n")
    project = load_project(tmp_path)
    planner = planner_of(
        project,
        ProjectSources(project),
        findings=project.findings,
        engine=built_in()[engine],
    )
    assert planned(planner) == ["u1", "u3"]
    assert codes(planner) == ["CT629"]


class Asking:
    """An engine that may let candidates be weighed elsewhere, and asks for that."""

    def __init__(self):
        self.may = []

    def find_candidates(self, search, tally):
        self.may.append(search.weigher() is not None)
        yield from memory.find_candidates(search, tally)

    def find_decided(self, search, tally, decider):
        del decider
        yield from self.find_candidates(search, tally)


@pytest.mark.parametrize(
    ("targets", "project", "lets_weigh", "may"),
    [
        ((), "plan: Plan", True, True),
        ((), "plan: Plan", False, False),
        (("identity=u*",), "plan: Plan", True, False),
        ((), "plan: Age", True, False),
    ],
)
def test_only_whole_plans_are_weighed_elsewhere_and_none_that_needs_all_at_once(
    tmp_path, targets, project, lets_weigh, may
):
    (tmp_path / "ctsync.yaml").write_text(PROJECT.replace("plan: Plan", project))
    for name, column in (("a", "plan"), ("b", "seat"), ("c", "hat")):
        (tmp_path / f"{name}.csv").write_text(f"id,{column}\nu3,1\n")
    found, asking = load_project(tmp_path), Asking()
    engine = Engine("asks", asking.find_candidates, asking.find_decided)
    selection = Selection(map(parse_selector, targets))
    planner = planner_of(
        found, ProjectSources(found), selection=selection, engine=engine
    )
    assert len([*planner.plan_rows((), lets_weigh=lets_weigh)]) == 2
    assert asking.may == [may]
    bare = planner_of(found, ProjectSources(found))
    assert bare._elsewhere() is None
