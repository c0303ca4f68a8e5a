"""Making a plan: project and snapshot in, document out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, BinaryIO

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.diagnostics import Findings
from ctsync.engines.base import Candidate, Tally
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.mask import Mask
from ctsync.model.operation import OPERATORS
from ctsync.plan.build import Built
from ctsync.plan.document import SavedPlan
from ctsync.plan.ends import PlanFoot, PlanHead
from ctsync.plan.ground import Ground
from ctsync.plan.policy import Counts, exception_notes, judge
from ctsync.plan.schedule import CallCounter
from ctsync.plan.weigh import Weigher
from ctsync.plan.writer import PlanWriter


class Sums(Struct):
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

    def counts(self, head: PlanHead, weigher: Weigher) -> Counts:
        """Give what the limits are held against."""
        return Counts(
            entries=weigher.tally.entries,
            create=self.actions["create"],
            update=self.actions["update"],
            remove=self.remove,
            opt_in=self.opt_in,
            locked=self.locked,
            first_run=head.first_run,
            skips=weigher.skips.by_table(),
        )

    def summary(self, tally: Tally, skipped: int, calls: CallCounter) -> dict[str, Any]:
        """Give the summary that every rendering shows."""
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
    weigher: Weigher,
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
        sums = Sums()
        for candidate, built in weigher.weigh(entries, columns):
            _write(writer, weigher, sums, candidate, built)
        weigher.refuse_errors()
        weigher.selection.check(weigher.mask)
        writer.close(_foot(weigher, head, sums, writer.close_loads()))
        plan = SavedPlan(file, "this plan")
        stack.pop_all()
    return plan


def check_project(ground: Ground, mask: Mask, findings: Findings) -> Findings:
    """Give everything that is wrong with a project, looking at no state."""
    weigher = Weigher(ground, mask, findings=findings)
    for _ in weigher.weigh(()):
        pass
    return weigher.findings


def _write(
    writer: PlanWriter,
    weigher: Weigher,
    sums: Sums,
    candidate: Candidate,
    built: Built,
) -> None:
    sums.once_held += len(built.held)
    if built.settled is not None and weigher.selection.is_whole:
        writer.add_settled(candidate.key, built.settled)
    change = None
    if built.change is not None:
        sums.all_changes += 1
        change = weigher.selection.trim(built.change, candidate.entry)
    if change is not None:
        change = _with_locked(change, built)
        sums.add(change)
        writer.add_change(change)
    elif built.change is None and candidate.contributions and candidate.is_known:
        sums.still += 1


def _with_locked(change: Change, built: Built) -> Change:
    """Give a change with what is locked of the part that was chosen."""
    if not built.locked:
        return change
    names = {op.attribute for op in change.operations}
    return replace(change, locked=tuple(sorted(names.intersection(built.locked))))


def _foot(weigher: Weigher, head: PlanHead, sums: Sums, calls: CallCounter) -> PlanFoot:
    counts, policy = sums.counts(head, weigher), weigher.ground.policy
    findings = weigher.findings
    findings.extend(exception_notes(counts, policy))
    chosen = sum(sums.actions.values())
    return PlanFoot(
        summary=sums.summary(weigher.tally, weigher.skips.total, calls),
        blocked=judge(counts, policy, head.accepted),
        left_out=sums.all_changes - chosen,
        locked=sums.locked,
        skips=weigher.skips.by_table(),
        diagnostics=tuple(finding.as_json() for finding in findings.sorted()),
        diagnostic_totals=findings.totals,
    )
