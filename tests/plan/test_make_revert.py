"""The plan that undoes a run: what is in it, what it counts, and what it tells."""

import tempfile

import pytest

from ctsync.diagnostics import Diagnostic, Findings
from ctsync.errors import SpecError, UsageError
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome
from ctsync.model.run import RunChange, RunOperation
from ctsync.model.snapshot import Account, Base, Header
from ctsync.plan.make_revert import RevertSource, make_revert
from ctsync.plan.planner import Planner
from ctsync.plan.selection import Selection, parse_selector
from ctsync.state.base import Snapshot

ACCOUNT = Account("TEST-4Z5", "in1")
GOLD = RunOperation(
    Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold"),
    Outcome.ACKNOWLEDGED,
)


@pytest.fixture
def run(entry):
    """What a run did to three profiles, and the snapshot that it left."""
    free = entry(attributes={"Plan": "Free"}).attributes
    changes = [
        RunChange(key("u1"), "update", (GOLD,), known=free),
        RunChange(key("u2"), "create", (GOLD,), is_new=True),
        RunChange(key("u3"), "update", (GOLD,), known=free, released=("City",)),
    ]
    entries = [entry(f"u{n}", attributes={"Plan": "Gold"}) for n in range(1, 6)]
    return RevertSource(changes, snapshot_of(entries))


def key(identity):
    return ProfileKey("identity", identity)


def snapshot_of(entries):
    header = Header("0" * 32, 3, ACCOUNT, entries=len(entries))
    return Snapshot(header, lambda: iter(entries))


@pytest.fixture
def undone(project_view):
    """Give the plan that undoes a run."""
    plans = []

    def make(source, *targets, project=None, file=None):
        project = project or project_view()
        selection = Selection(map(parse_selector, targets))
        planner = Planner(project, project, Mask("0" * 32), selection)
        head = PlanHead(ACCOUNT, Base("0" * 32, 3, "d" * 64))
        file = file or tempfile.TemporaryFile()  # noqa: SIM115 - closed with the plan
        plans.append(make_revert(planner, head, source, file))
        return plans[-1]

    yield make
    for plan in plans:
        plan.close()


def test_what_can_be_undone_is_and_the_rest_is_told_with_the_reason(undone, run):
    plan = undone(run)
    sent = [
        (each.key.id, op.operand) for each in plan.changes() for op in each.operations
    ]
    assert sent == [("u1", "Free"), ("u3", "Free")]
    told = [(each.severity, each.attribute) for each in plan.foot.diagnostics]
    assert sorted(told, key=str) == [("warning", "City"), ("warning", None)]
    messages = " ".join(each.message for each in plan.foot.diagnostics)
    assert "the profile is not set back" in messages
    assert "City is not set back" in messages


def test_profiles_are_counted_as_the_snapshot_has_them(undone, run):
    profiles = undone(run).foot.profiles
    assert (profiles["entries"], profiles["update"], profiles["unchanged"]) == (5, 2, 3)
    empty = undone(RevertSource([], Snapshot())).foot.profiles
    assert (empty["entries"], empty["unchanged"]) == (0, 0)


def test_what_was_not_selected_is_left_out_and_counted(undone, run):
    plan = undone(run, "identity=u1")
    assert [each.key.id for each in plan.changes()] == ["u1"]
    assert plan.foot.left_out == 1
    assert undone(run).foot.left_out == 0
    # A profile of the run that is not undone was met all the same.
    assert list(undone(run, "identity=u2").changes()) == []


def test_a_selector_that_matches_nothing_is_refused_and_no_plan_is_kept(undone, run):
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is to be closed already
    with pytest.raises(UsageError, match="nothing matches identity=u7"):
        undone(run, "identity=u7", file=file)
    assert file.closed


def test_a_project_with_errors_undoes_nothing(run, project_view):
    findings = Findings()
    findings.add(Diagnostic("error", "CT207", "no such value", "write another"))
    project = project_view()
    planner = Planner(project, project, Mask("0" * 32), findings=findings)
    with tempfile.TemporaryFile() as file, pytest.raises(SpecError):
        make_revert(planner, PlanHead(ACCOUNT, Base()), run, file)
