"""What a plan makes of one profile, told with every place that speaks of it."""

import pytest

from ctsync.diagnostics import Findings
from ctsync.model.change import Origin
from ctsync.model.due_import import Waits
from ctsync.model.explanation import Past
from ctsync.model.masking import Mask
from ctsync.model.profile_key import parse_key
from ctsync.plan.document.schedule import records_of
from ctsync.plan.explain import explain_key
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
catalog:
  First: {type: string, write: once}
cohorts:
  vip: {members: [u1], attributes: {Tier: VIP}, leave: {Tier: Standard}}
  old: {members: [], attributes: {Rank: high}, leave: {Rank: low}}
tables:
  crm: {file: crm.csv, key: {identity: id}, columns: {plan: Plan}, invalid: skip}
  more: {file: more.csv, key: {identity: id}, columns: {zip: {attribute: Zip}}}
profiles:
  - identity: u1
    attributes:
      City: Pune
      First: b
  - {identity: u2, attributes: {City: Pune}}
"""


@pytest.fixture
def planner(tmp_path):
    """A planner of a project with profiles, a cohort and two tables."""
    (tmp_path / "ctsync.yaml").write_text(PROJECT)
    (tmp_path / "crm.csv").write_text("id,plan\nu1,Gold\nu2,\nu1x,Free\n")
    (tmp_path / "more.csv").write_text("id,zip\nu2,411\nu1,\n")
    project = load_project(tmp_path)
    return Planner(
        project, ProjectSources(project), Mask("0"), findings=project.findings
    )


@pytest.fixture
def told(planner, entry):
    """Explain a profile beside entries that know others, too."""
    known = [
        entry("u0", attributes={"City": "Oslo"}),
        entry(
            "u1",
            attributes={"City": "Pune", "First": "a", "Rank": "high", "Zip": "1"},
            cohorts=("old", "vip"),
            once=("first",),
        ),
    ]
    return lambda key, **how: explain_key(planner, parse_key(key), known, **how)


def places(found):
    return [(each.origin.file, each.origin.row) for each in found.declarations]


def test_every_place_that_names_the_profile_is_told_in_order(told):
    assert places(told("u1")) == [
        ("crm.csv", 1),
        ("ctsync.yaml", None),
        ("ctsync.yaml", None),
        ("more.csv", 2),
    ]
    assert places(told("u0")) == []


def test_a_word_of_yaml_has_its_line_and_one_of_a_table_its_row(told):
    origins = {
        each.target.attribute: each.origin
        for place in told("u1").declarations
        for each in place.wanted
    }
    lines = PROJECT.splitlines()
    row = origins.pop("Plan")
    assert (row.file, row.row, row.table) == ("crm.csv", 1, "crm")
    assert {
        name: lines[origin.line - 1].strip() for name, origin in origins.items()
    } == {
        "City": "City: Pune",
        "First": "First: b",
        "Tier": lines[6].strip(),
    }


def test_a_row_that_is_left_alone_is_told_as_such(told):
    skipped = {
        each.origin.file: each.is_skipped
        for key in ("u2", "u1")
        for each in told(key).declarations
    }
    assert skipped == {"crm.csv": False, "ctsync.yaml": False, "more.csv": False}


def test_a_faulty_row_is_told_as_skipped(planner, entry):
    (planner.project_view.root / "crm.csv").write_text("id,plan\nu2,\x00\n")
    found = explain_key(planner, parse_key("u2"), ())
    assert [each.is_skipped for each in found.declarations] == [True, False, False]


def test_wants_of_all_places_are_told_by_name_with_those_at_parting(told):
    found = [(each.target.attribute, each.target.value) for each in told("u1").wanted]
    assert found == [
        ("City", "Pune"),
        ("First", "b"),
        ("Plan", "Gold"),
        ("Rank", "low"),
        ("Tier", "VIP"),
    ]
    rank = told("u1").wanted[3]
    assert rank.origin == Origin("ctsync.yaml", 8, cohort="old")


def test_what_is_known_held_and_sent_is_told(told):
    found = told("u1")
    assert found.key == parse_key("u1")
    assert found.entry.key == parse_key("u1")
    assert found.held == ("First",)
    assert found.records == records_of(found.change) != ()
    assert {each.attribute: each.reason for each in found.verdicts} == {
        "City": "equal",
        "First": "once",
        "Plan": "sent",
        "Rank": "left",
        "Tier": "sent",
        "Zip": "shielded",
    }
    (zip_,) = [each for each in found.verdicts if each.attribute == "Zip"]
    assert zip_.tables == ("more",)


def test_what_the_only_place_of_a_profile_says_is_told_though_it_is_so(planner, entry):
    known = [entry("u1x", attributes={"Plan": "Free"})]
    found = explain_key(planner, parse_key("u1x"), known)
    said = {each.attribute: each.reason for each in found.verdicts}
    assert said == {"Plan": "equal"}


def test_what_is_told_to_be_sent_is_what_a_plan_sends(planner, told):
    found = told("u1")
    changes = {
        candidate.key: built.change
        for candidate, built in planner.plan_profiles([found.entry])
    }
    assert found.change == changes[found.key]
    assert told("u2").change == changes[parse_key("u2")]
    assert found.change.settled.cohorts == ("table=crm", "table=more", "vip")


def test_a_profile_with_nothing_to_do_has_no_records(planner, entry):
    known = entry("u3", attributes={"City": "Oslo"})
    found = explain_key(planner, known.key, [known])
    assert (found.change, found.records, found.declarations) == (None, (), ())
    assert [each.reason for each in found.verdicts] == ["undeclared"]


def test_nobody_is_explained_whom_nobody_knows(told):
    assert told("u9") is None
    assert told("u0").entry is not None
    assert told("u2").entry is None


def test_what_was_done_before_and_what_is_waited_for_is_handed_on(planner, told):
    assert told("u1").past == Past()
    past = Past(unread=3)
    planner.waits = Waits(names=frozenset({"a.csv"}))
    found = told("u1", past=past)
    assert (found.past, found.waits) == (past, planner.waits)


def test_explaining_keeps_findings_of_single_places_to_itself(planner):
    planner.findings = Findings()
    explain_key(planner, parse_key("u1"), ())
    assert list(planner.findings) == []
