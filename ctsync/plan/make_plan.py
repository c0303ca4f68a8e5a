"""Making a plan: project and snapshot in, document out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, BinaryIO

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.diagnostics import Findings
from ctsync.engines.base import Candidate, ProfileCounts
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.masking import Mask
from ctsync.model.operation import OPERATORS
from ctsync.plan.diff_profile import PlannedProfile
from ctsync.plan.plan_file import SavedPlan
from ctsync.plan.plan_header import PlanFoot, PlanHead
from ctsync.plan.plan_writer import PlanWriter
from ctsync.plan.planner import Planner
from ctsync.plan.policy import Counts, check_limits, exception_notes
from ctsync.plan.project_view import ContributionSources, ProjectView
from ctsync.plan.schedule import CallCounter


class PlanCounts(Struct):
    """What the changes of a plan add up to."""

    actions: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    remove: int = 0
    opt_in: int = 0
    once_held: int = 0
    locked: int = 0
    all_changes: int = 0
    still: int = 0

    def add(self, change: Change) -> None:
        """Take a chosen change in."""
        self.actions[change.action] += 1
        for operation in change.operations:
            self.operators[operation.operator] += 1
        self.remove += change.removes
        self.opt_in += change.opt_in
        self.locked += len(change.locked)

    def counts(self, head: PlanHead, planner: Planner) -> Counts:
        """Return what the limits are held against."""
        return Counts(
            entries=planner.tally.entries,
            create=self.actions["create"],
            update=self.actions["update"],
            remove=self.remove,
            opt_in=self.opt_in,
            locked=self.locked,
            first_run=head.first_run,
            skips=planner.skips.by_table(),
        )

    def summary(
        self, tally: ProfileCounts, skipped: int, calls: CallCounter
    ) -> dict[str, Any]:
        """Return the summary that every rendering shows."""
        return {
            "profiles": {
                "entries": tally.entries,
                "create": self.actions["create"],
                "update": self.actions["update"],
                "release": self.actions["release"],
                "remove": self.remove,
                "undeclared": tally.undeclared,
                "unchanged": tally.unchanged + self.still,
                "skipped": skipped,
            },
            "operations": {op: self.operators[op] for op in OPERATORS},
            "opt_in": self.opt_in,
            "once_held": self.once_held,
            "records": calls.records,
            "calls": calls.calls,
        }


def make_plan(
    planner: Planner,
    head: PlanHead,
    entries: Iterable[Entry],
    file: BinaryIO,
    columns: str | None = None,
) -> SavedPlan:
    """Write the plan of a project against a snapshot's entries to an empty file.

    The file is closed with the plan, or at once where there is none. `columns` are the
    entries as SQL, for engines that read them so.

    Raises:
        SpecError: the project has errors; all of them are found first.
        UsageError: a selector matches nothing.
    """
    with ExitStack() as stack:
        stack.callback(file.close)  # a plan that is not finished is not kept
        writer = PlanWriter(file, head)
        sums = PlanCounts()
        for candidate, built in planner.plan_profiles(entries, columns):
            _write(writer, planner, sums, candidate, built)
        planner.refuse_errors()
        planner.selection.check(planner.mask)
        writer.close(_foot(planner, head, sums, writer.close_loads()))
        plan = SavedPlan(file, "this plan")
        stack.pop_all()
    return plan


def check_project(
    project_view: ProjectView,
    sources: ContributionSources,
    mask: Mask,
    findings: Findings,
) -> Findings:
    """Return everything that is wrong with a project, looking at no state."""
    planner = Planner(project_view, sources, mask, findings=findings)
    for _ in planner.plan_profiles(()):
        pass
    return planner.findings


def _write(
    writer: PlanWriter,
    planner: Planner,
    sums: PlanCounts,
    candidate: Candidate,
    built: PlannedProfile,
) -> None:
    sums.once_held += len(built.held)
    if built.settled is not None and planner.selection.is_whole:
        writer.add_settled(candidate.key, built.settled)
    change = None
    if built.change is not None:
        sums.all_changes += 1
        change = planner.selection.trim(built.change, candidate.entry)
    if change is not None:
        change = _with_locked(change, built)
        sums.add(change)
        writer.add_change(change)
    elif built.change is None and candidate.contributions and candidate.is_known:
        sums.still += 1


def _with_locked(change: Change, built: PlannedProfile) -> Change:
    """Return a change with what is locked of the part that was chosen."""
    if not built.locked:
        return change
    names = {op.attribute for op in change.operations}
    return replace(change, locked=tuple(sorted(names.intersection(built.locked))))


def _foot(
    planner: Planner, head: PlanHead, sums: PlanCounts, calls: CallCounter
) -> PlanFoot:
    counts, policy = sums.counts(head, planner), planner.project_view.policy
    findings = planner.findings
    findings.extend(exception_notes(counts, policy))
    chosen = sum(sums.actions.values())
    return PlanFoot(
        summary=sums.summary(planner.tally, planner.skips.total, calls),
        blocked=check_limits(counts, policy, head.accepted),
        left_out=sums.all_changes - chosen,
        locked=sums.locked,
        skips=planner.skips.by_table(),
        diagnostics=tuple(finding.as_json() for finding in findings.sorted()),
        diagnostic_totals=findings.totals,
    )
