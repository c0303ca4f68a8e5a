"""What `ctsync import spec` does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ctsync.canonical_json import fold_name
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.plan_options import PlanOptions, planner_for, selection_of
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.model.decided_rows import DecidedRows

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.observe.import_spec import SpecImport
    from ctsync.plan.planner import PlannedRows, Planner


def import_spec(
    settings: GlobalOptions, targets: tuple[str, ...], permission: WriteOptions
) -> int:
    """Show what is taken in, ask, write, give the exit code."""
    from ctsync.observe.import_spec import SpecImport
    from ctsync.plan.plan_file import scratch_file
    from ctsync.render.summary_text import counted

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
    for planned in _planned(planner, present):
        if isinstance(planned, DecidedRows):
            _adopt_decided(planned, adoption)
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


def _planned(planner: Planner, present: CurrentSnapshot) -> Iterator[PlannedRows]:
    """Yield what comes of each profile; of rows in columns where all are new."""
    entries, columns = present.entries(), present.columns
    if present.header is None or not present.header.entries:
        return planner.plan_rows(entries, columns)
    return planner.plan_profiles(entries, columns)


def _adopt_decided(decided: DecidedRows, adoption: SpecImport) -> None:
    """Take in rows that were decided in columns, each of a new profile."""
    from ctsync.plan.change_codec import change_rows
    from ctsync.plan.plain_entry import Taking, entry_after

    for row, read in change_rows(decided.text("line")):
        text = entry_after(row, Taking.DECLARED)
        if text is not None:
            adoption.add_new(text)
        else:
            change = read()
            lists = (op.attribute for op in change.operations if op.is_set)
            # Columns are sure of lists that are declared whole, and of no others.
            adoption.add(None, change, {*map(fold_name, lists)})
