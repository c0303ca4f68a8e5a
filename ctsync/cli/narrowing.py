"""Showing part of a saved plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctsync.cli.planning import Wish, selection_of

if TYPE_CHECKING:
    from ctsync.model.change import Change
    from ctsync.plan.select import Selection
    from ctsync.render.view import PlanView


def narrow(view: PlanView, targets: tuple[str, ...]) -> PlanView:
    """Give the view of a plan with only the changes that are chosen.

    Raises:
        UsageError: a selector matches nothing.
    """
    if not targets:
        return view
    from ctsync.model.survey import Survey

    selection = selection_of(Wish(targets))
    survey = Survey.of(_chosen(view, selection))
    selection.check(view.mask)
    return replace(
        view,
        targets=tuple(dict.fromkeys((*view.targets, *targets))),
        hidden=view.changed - survey.changes,
        changes=lambda: _chosen(view, selection),
        unread=None,
        survey=survey,
    )


def _chosen(view: PlanView, selection: Selection) -> Iterator[Change]:
    for change in view.changes():
        _meet(change, selection)
        trimmed = selection.trim(change, None)
        if trimmed is not None:
            yield trimmed


def _meet(change: Change, selection: Selection) -> None:
    selection.meet_profile(change.key, None)
    names = (*(op.attribute for op in change.operations), *change.released)
    selection.meet("attribute", names)
    for origin in change.origins:
        selection.meet("file", (origin.file,))
        selection.meet("cohort", filter(None, (origin.cohort,)))
        selection.meet("table", filter(None, (origin.table,)))
