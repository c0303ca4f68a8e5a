"""Making a plan: project and snapshot in, document out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO

from msgspec import Struct, field

from ctsync.diagnostics import Findings
from ctsync.engines.base import Candidate
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.due_import import DueImport
from ctsync.model.entry import Entry
from ctsync.model.masking import Mask
from ctsync.model.plan import PendingFile, PlanFoot, PlanHead
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.model.weighed_run import WeighedRun
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.plan_header import counts_of
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.plan.planner import Planner
from ctsync.plan.policy import check_limits, exception_notes
from ctsync.plan.profile.planned_profile import PlannedProfile
from ctsync.plan.selection import Selection
from ctsync.project.project import Project
from ctsync.sources.project_sources import ProjectSources


class Seen(Struct):
    """What was seen on the way that no change says."""

    once_held: int = 0
    all_changes: int = 0
    still: int = 0
    operations_in: Counter[str] = field(default_factory=Counter)  # by file waited for
    profiles_in: Counter[str] = field(default_factory=Counter)

    def wait(self, files: Sequence[str]) -> None:
        """Take in the files of what is left alone of a profile, one an attribute."""
        self.operations_in.update(files)
        self.profiles_in.update({*files})


def make_plan(
    planner: Planner,
    head: PlanHead,
    entries: Iterable[Entry],
    file: BinaryIO,
    columns: SnapshotColumns | None = None,
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
        seen = Seen()
        for planned in planner.plan_rows(entries, columns, lets_weigh=True):
            if isinstance(planned, DecidedRows):
                _write_decided(writer, planner.selection, seen, planned)
            elif isinstance(planned, WeighedRun):
                _write_weighed(writer, seen, planned)
            else:
                _write(writer, planner, seen, *planned)
        # Not sooner: all that is wrong is found first, and told at once.
        planner.refuse_errors()
        planner.selection.check(planner.mask)
        _log_decided(planner)
        written = writer.close(plan_foot(planner, head, seen, writer.sums()))
        plan = SavedPlan(file, "this plan", written)
        stack.pop_all()
    return plan


def check_project(
    project_view: Project,
    sources: ProjectSources,
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
    seen: Seen,
    candidate: Candidate,
    built: PlannedProfile,
) -> None:
    seen.once_held += len(built.held)
    seen.wait([file for _, file in built.waiting])
    if built.settled is not None and planner.selection.is_whole:
        writer.add_settled(candidate.key, built.settled)
    change = None
    if built.change is not None:
        seen.all_changes += 1
        change = planner.selection.trim(built.change, candidate.entry)
    if change is not None:
        writer.add_change(change)
    elif built.change is None and candidate.contributions and candidate.is_known:
        seen.still += not built.waiting


def _write_decided(
    writer: PlanWriter, selection: Selection, seen: Seen, decided: DecidedRows
) -> None:
    seen.all_changes += decided.counts("traits").total()
    seen.still += decided.settled()
    if len(chosen := selection.trim_decided(decided)):
        writer.add_decided(chosen)


def _write_weighed(writer: PlanWriter, seen: Seen, run: WeighedRun) -> None:
    seen.all_changes += run.changes
    seen.still += run.still
    writer.add_weighed(run)


def _log_decided(planner: Planner) -> None:
    """Say how many were decided in columns; `logging` is slow to import."""
    if not planner.decided:
        return
    from logging import getLogger

    words = "%d profiles were decided in columns, %d one by one"
    getLogger(__name__).info(words, planner.decided, planner.one_by_one)


def plan_foot(planner: Planner, head: PlanHead, seen: Seen, sums: PlanFoot) -> PlanFoot:
    """Return the end of a plan whose changes come to `sums`, judged by the policy."""
    among, findings = planner.among, planner.findings
    skips = among.skips.by_table(among.rows)
    vanished = among.vanished.by_table(planner.project_view.tables, among.rows)
    counts = counts_of(
        sums,
        entries=planner.tally.entries,
        skips=skips,
        vanished=vanished,
        first_run=head.first_run,
    )
    policy = planner.project_view.policy
    findings.extend(exception_notes(counts, policy))
    return PlanFoot(
        summary=_summary(planner, seen),
        blocked=check_limits(counts, policy, head.accepted),
        left_out=seen.all_changes - sums.changes,
        skips=skips,
        vanished=vanished,
        pending=tuple(_pending(due, seen) for due in planner.waits.imports),
        diagnostics=findings.sorted(),
        diagnostic_totals=findings.totals,
    )


def _pending(due: DueImport, seen: Seen) -> PendingFile:
    name = due.file.name
    return PendingFile(
        name,
        due.at,
        due.until,
        due.standing,
        seen.operations_in[name],
        seen.profiles_in[name],
    )


def _summary(planner: Planner, seen: Seen) -> dict[str, Any]:
    tally = planner.tally
    profiles = {
        "entries": tally.entries,
        "undeclared": tally.undeclared,
        "unchanged": tally.unchanged + seen.still,
        "skipped": planner.among.skips.total,
    }
    return {"profiles": profiles, "once_held": seen.once_held}
