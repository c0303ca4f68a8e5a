"""Showing part of a saved plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctsync.cli.plan_options import PlanOptions, selection_of

if TYPE_CHECKING:
    from ctsync.model.change import Change
    from ctsync.plan.selection import Selection
    from ctsync.render.plan_view import PlanView


def select_changes(view: PlanView, targets: tuple[str, ...]) -> PlanView:
    """Return the view of a plan with only the changes that are chosen.

    Raises:
        UsageError: a selector matches nothing.
    """
    if not targets:
        return view
    from ctsync.model.change_statistics import ChangeStatistics

    selection = selection_of(PlanOptions(targets))
    survey = ChangeStatistics.of(_chosen(view, selection))
    selection.check(view.mask)
    chosen = tuple(dict.fromkeys((*view.head.targets, *targets)))
    return replace(
        view,
        head=replace(view.head, targets=chosen),
        hidden=view.changed - survey.changes,
        changes=lambda: _chosen(view, selection),
        unread=None,
        foot=replace(view.foot, survey=survey),
    )


def _chosen(view: PlanView, selection: Selection) -> Iterator[Change]:
    for change in view.changes():
        _meet(change, selection)
        trimmed = selection.trim(change, None)
        if trimmed is not None:
            yield trimmed


def _meet(change: Change, selection: Selection) -> None:
    selection.profile_seen(change.key, None)
    names = (*(op.attribute for op in change.operations), *change.released)
    selection.record_seen("attribute", names)
    selection.record_seen("cohort", change.left)
    for origin in change.origins:
        selection.record_seen("file", (origin.file,))
        selection.record_seen("cohort", filter(None, (origin.cohort,)))
        selection.record_seen("table", filter(None, (origin.table,)))
