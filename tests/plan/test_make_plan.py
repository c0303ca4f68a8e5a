"""The plan as a whole: what it counts, what it tells, and what is left of a bad one."""

import tempfile

import pytest

from ctsync.diagnostics import Findings
from ctsync.errors import SpecError
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.plan.make_plan import check_project, make_plan
from ctsync.plan.planner import Planner

BAD = {"Gender": "Q"}


def test_a_project_is_checked_without_a_state(project_view):
    project = project_view().says("u1", BAD)
    findings = check_project(project, project, Mask(None), Findings())
    assert [each.severity for each in findings.sorted()] == ["error"]
    good = project_view().says("u1", {"Gender": "F"})
    assert check_project(good, good, Mask(None), Findings()).sorted() == ()


def test_of_a_project_with_errors_no_plan_is_left(project_view):
    project = project_view().says("u1", BAD)
    planner = Planner(project, project, Mask(None))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is to be closed already
    with pytest.raises(SpecError):
        make_plan(planner, PlanHead(Account("A", "in1"), Base()), (), file)
    assert file.closed


def test_unchanged_is_who_is_named_known_and_as_declared(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"}).says("new", {"Tags": []})
    project.says("u2", {"Plan": "Gold"})
    known = [
        entry("u1", attributes={"Plan": "Gold"}),
        entry("u2", attributes={"Plan": "Free"}),
        entry("u9", attributes={"Plan": "Gold"}),
    ]
    planned = plan(project, *known)
    assert planned.sent("u2") == [("Plan", "set", "Gold")]
    assert planned.sent("new") == []
    counts = {"entries": 3, "unchanged": 1, "update": 1, "create": 0, "undeclared": 1}
    assert {name: planned.profiles[name] for name in counts} == counts


def test_all_that_is_locked_is_named_in_one_order(project_view, plan, entry):
    names = [f"N{number}" for number in range(8)]
    rules = {name: {"write": "locked"} for name in names}
    project = project_view(catalog=rules).says("u1", dict.fromkeys(names[::-1], "b"))
    known = entry(attributes=dict.fromkeys(names, "a"))
    assert plan(project, known).change().locked == tuple(names)


def test_an_exception_that_is_not_about_this_plan_is_told(project_view, plan):
    project = project_view().says("u1", {"Plan": "Gold"})
    project.policy.accept["update"] = 7
    assert plan(project).codes == {"CT407": 1}
