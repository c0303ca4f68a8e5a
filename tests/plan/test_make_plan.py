"""The plan as a whole: what it counts, what it tells, and what is left of a bad one."""

import tempfile

import pytest

from ctsync.diagnostics import Diagnostic, Findings
from ctsync.errors import PlanRefused, SpecError
from ctsync.model.due_import import DueImport, ImportFile, Waits
from ctsync.model.entry import DueValue, KnownValue
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.plan import PendingFile, PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document import plan_file
from ctsync.plan.document.plan_file import SavedPlan, scratch_file
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


def test_a_plan_that_was_just_made_is_not_read_again(project_view, plan, monkeypatch):
    """Whoever wrote it has its checksum; another's is no checksum of it."""
    project = project_view().says("u1", {"Plan": "Gold"})
    monkeypatch.setattr(plan_file, "checksum_of", None)
    made = plan(project).document
    with pytest.raises(PlanRefused):
        SavedPlan(made._file, "this plan", "0" * 64)


def test_of_a_plan_without_a_change_nothing_is_left_out_or_held(project_view, plan):
    foot = plan(project_view()).document.foot
    assert (foot.changes, foot.left_out, foot.summary["once_held"]) == (0, 0, 0)
    assert foot.profiles["unchanged"] == 0


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


LATE = ImportFile("late.csv", "late.manifest", (), 1, 1, "0" * 64)
DUE = DueImport(LATE, "r", at=5.0, wait_seconds=60.0)
WAITS = Waits((DUE,), frozenset({LATE.name}))


def test_what_a_file_still_brings_is_left_alone_and_counted(project_view, entry):
    """By operations and by profiles; who waits is not unchanged."""
    sent = Operation("Plan", "string", "set", "Gold", "known", None, "Gold")
    held = KnownValue("Plan", "string", "Free", due=DueValue(LATE.name, sent))
    words = {"Plan": "Gold", "Team": "a"}
    project = project_view().says("u1", words).says("u2", words).says("u3", words)
    known = [
        entry("u1", attributes={"Plan": held, "Team": held}),
        entry("u2", attributes={"Plan": held, "Team": "a"}),
        entry("u3", attributes={"Plan": "Gold", "Team": "a"}),
    ]
    with planned(project, known, waits=WAITS) as plan:
        foot = plan.foot
    assert foot.pending == (PendingFile(LATE.name, 5.0, DUE.until, "put", 3, 2),)
    assert foot.profiles["unchanged"] == 1


@pytest.mark.parametrize("decided", [0, 3])
def test_it_is_said_how_many_profiles_were_decided_in_columns_if_any_were(
    project_view, decided, caplog
):
    caplog.set_level("INFO", "ctsync")
    project = project_view().says("u1", {"Plan": "Gold"})
    planned(project, (), decided=decided).close()
    assert caplog.messages == (
        ["3 profiles were decided in columns, 1 one by one"] if decided else []
    )


def test_what_a_profile_that_was_found_gone_had_is_sent_again(
    project_view, plan, entry
):
    project = project_view().says("u1", {"Plan": "Gold"})
    gone = entry("u1", attributes={"Plan": "Gold"}, gone=True)
    change = plan(project, gone).change()
    assert (change.action, len(change.operations)) == ("create", 1)


def broken(project, error):
    """Let a file of a project not be read to its end."""

    def unbatched():
        yield from project.places[:1]
        raise error

    project.unbatched = unbatched
    return project


def test_of_a_project_with_a_broken_file_all_the_rest_is_judged_all_the_same(
    project_view,
):
    """What was judged before the file broke is told once."""
    error = SpecError("x", [Diagnostic("error", "CT610", "no such file", None)])
    project = project_view().says("u1", BAD).says("u2", {"Gender": "F"})
    project = broken(project.says("u3", BAD), error)
    found = check_project(project, project, Mask(None), Findings()).sorted()
    assert sorted(each.code for each in found) == ["CT514", "CT514", "CT610"]
    assert {each.key and each.key["identity"] for each in found} == {None, "u1", "u3"}


def test_a_broken_file_of_which_nothing_is_told_ends_the_run(project_view):
    project = broken(project_view().says("u1", BAD), SpecError("cannot go on", []))
    with pytest.raises(SpecError, match="cannot go on"):
        check_project(project, project, Mask(None), Findings())


def planned(project, entries, **more):
    planner = Planner(project, project, Mask(None), **more)
    return make_plan(
        planner, PlanHead(Account("A", "in1"), Base()), entries, scratch_file()
    )
