"""What `ctsync import spec` does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ctsync.cli.options import Settings
from ctsync.cli.planning import Wish, selection_of, weigher_for
from ctsync.cli.session import Session, open_session
from ctsync.cli.writing import Permission, Rewrite, rewrite_state

if TYPE_CHECKING:
    from ctsync.apply.recover import Present
    from ctsync.model.change import Change
    from ctsync.model.entry import Entry


def import_spec(
    settings: Settings, targets: tuple[str, ...], permission: Permission
) -> int:
    """Show what is taken in, ask, write, give the exit code."""
    session = open_session(settings)
    wish = Wish(targets)

    def rewrite(present: Present) -> Rewrite:
        from ctsync.observe.adopt import adopt_changes
        from ctsync.render.sentences import counted

        changes = tuple(_changes(session, present, wish))
        attributes = sum(len(change.targets) for change in changes)
        return Rewrite(
            count=len(changes),
            words=f"take {counted(attributes, 'attribute')} of "
            f"{counted(len(changes), 'profile')} from the spec, as if they were so "
            "already",
            entries=lambda: adopt_changes(present.entries(), iter(changes)),
        )

    return rewrite_state(session, rewrite, permission)


def _changes(session: Session, present: Present, wish: Wish) -> Iterator[Change]:
    weigher = weigher_for(session, present, selection_of(wish))
    chosen = []
    for candidate, built in weigher.weigh(present.entries()):
        change = built.change
        if change is not None and candidate.contributions:
            trimmed = weigher.selection.trim(change, candidate.entry)
            if trimmed is not None and _is_news(trimmed, candidate.entry):
                chosen.append(trimmed)
    weigher.refuse_errors()
    weigher.selection.check(weigher.mask)
    yield from chosen


def _is_news(change: Change, entry: Entry | None) -> bool:
    from ctsync.model.entry import Entry
    from ctsync.observe.adopt import adopted

    return adopted(entry or Entry(change.key), change) != entry
