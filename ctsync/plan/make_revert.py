"""Making the plan that undoes a run: its record and the snapshot in, document out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import BinaryIO

from msgspec import Struct

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import ProfileCounts
from ctsync.model.entry import Entry
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.run import RunChange
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.plan.make_plan import Seen, plan_foot
from ctsync.plan.planner import Planner
from ctsync.plan.revert_profile import Revert, revert_profile
from ctsync.state.base import Snapshot
from ctsync.state.entry_edits import beside


class RevertSource(Struct, frozen=True):
    """What a run changed, by key, and the snapshot as it is now."""

    changes: Iterable[RunChange]
    snapshot: Snapshot


def make_revert(
    planner: Planner, head: PlanHead, source: RevertSource, file: BinaryIO
) -> SavedPlan:
    """Write the plan that undoes a run to an empty file, which is closed with it.

    What stays as it is comes as findings, with the reasons.

    Raises:
        SpecError: the project has errors.
        UsageError: a selector matches nothing.
    """
    planner.refuse_errors()
    header = source.snapshot.header
    planner.tally = ProfileCounts(entries=0 if header is None else header.entries)
    with ExitStack() as stack:
        stack.callback(file.close)  # a plan that is not finished is not kept
        writer, seen = PlanWriter(file, head), Seen()
        for entry, done, undoing in _reverts(planner, source):
            planner.findings.extend(_stays(done.key, undoing, planner.mask))
            _write(writer, planner, seen, entry, undoing)
        planner.selection.check(planner.mask)
        sums = writer.sums()
        planner.tally.unchanged = planner.tally.entries - sums.changes
        written = writer.close(plan_foot(planner, head, seen, sums))
        plan = SavedPlan(file, "this plan", written)
        stack.pop_all()
    return plan


def _reverts(
    planner: Planner, source: RevertSource
) -> Iterator[tuple[Entry | None, RunChange, Revert]]:
    view = planner.project_view
    keyed = ((each.key, each) for each in source.changes)
    for key, done, entry in beside(source.snapshot.pick, keyed):
        planner.selection.profile_seen(key, entry)
        undoing = revert_profile(
            done, entry, view.rule_for, view.frame, planner.waits.names
        )
        yield entry, done, undoing


def _write(
    writer: PlanWriter,
    planner: Planner,
    seen: Seen,
    entry: Entry | None,
    undoing: Revert,
) -> None:
    if undoing.change is None:
        return
    seen.all_changes += 1
    change = planner.selection.trim(undoing.change, entry)
    if change is not None:
        writer.add_change(change)


def _stays(key: ProfileKey, undoing: Revert, mask: Mask) -> Iterator[Diagnostic]:
    for attribute, why in undoing.stays:
        what = "the profile" if attribute is None else attribute
        yield Diagnostic(
            "warning",
            "CT408",
            f"{what} is not set back: {why}",
            "what is meant to change has to be declared",
            key=mask.key_json(key),
            attribute=attribute,
        )
