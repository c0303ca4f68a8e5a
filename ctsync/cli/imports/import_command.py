"""What `ctsync import spec` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.plan_options import PlanOptions, planner_for, selection_of
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.model.decided_rows import DecidedRows

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.observe.import_spec import SpecImport


def import_spec(
    settings: GlobalOptions, targets: tuple[str, ...], permission: WriteOptions
) -> int:
    """Show what is taken in, ask, write, give the exit code."""
    from ctsync.counted import counted
    from ctsync.observe.import_spec import SpecImport
    from ctsync.plan.document.plan_file import scratch_file

    session = open_session(settings)
    wish = PlanOptions(targets)
    with scratch_file() as file:

        def rewrite(present: CurrentSnapshot) -> StateRewrite:
            adoption = SpecImport(file)
            _adopt(session, present, wish, adoption)
            return StateRewrite(
                count=adoption.profiles,
                words=f"take {counted(adoption.attributes, 'attribute')} of "
                f"{counted(adoption.profiles, 'profile')} from the spec, as if they "
                "were so already",
                edits=adoption.edits,
            )

        return rewrite_state(session, rewrite, permission)


def _adopt(
    session: ProjectSession,
    present: CurrentSnapshot,
    wish: PlanOptions,
    adoption: SpecImport,
) -> None:
    planner = planner_for(session, present, selection_of(wish))
    for planned in planner.plan_rows(present.entries(), present.columns):
        if isinstance(planned, DecidedRows):
            adoption.add_decided(planner.selection.trim_decided(planned))
        if not isinstance(planned, tuple):
            continue
        candidate, built = planned
        change = built.change
        if change is not None and candidate.contributions:
            trimmed = planner.selection.trim(change, candidate.entry)
            if trimmed is not None:
                adoption.add(candidate.entry, trimmed, built.whole_lists)
    planner.refuse_errors()
    planner.selection.check(planner.mask)
