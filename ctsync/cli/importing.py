"""What `ctsync import spec` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsync.cli.options import Settings
from ctsync.cli.planning import Wish, selection_of, weigher_for
from ctsync.cli.session import Session, open_session
from ctsync.cli.writing import Permission, Rewrite, rewrite_state

if TYPE_CHECKING:
    from ctsync.apply.recover import Present
    from ctsync.observe.adopt import Adoption


def import_spec(
    settings: Settings, targets: tuple[str, ...], permission: Permission
) -> int:
    """Show what is taken in, ask, write, give the exit code."""
    from ctsync.observe.adopt import Adoption
    from ctsync.plan.document import scratch_file
    from ctsync.render.sentences import counted

    session = open_session(settings)
    wish = Wish(targets)
    with scratch_file() as file:

        def rewrite(present: Present) -> Rewrite:
            adoption = Adoption(file)
            _adopt(session, present, wish, adoption)
            return Rewrite(
                count=adoption.profiles,
                words=f"take {counted(adoption.attributes, 'attribute')} of "
                f"{counted(adoption.profiles, 'profile')} from the spec, as if they "
                "were so already",
                edits=adoption.edits,
            )

        return rewrite_state(session, rewrite, permission)


def _adopt(session: Session, present: Present, wish: Wish, adoption: Adoption) -> None:
    weigher = weigher_for(session, present, selection_of(wish))
    columns = present.columns.sql if present.columns is not None else None
    for candidate, built in weigher.weigh(present.entries(), columns):
        change = built.change
        if change is not None and candidate.contributions:
            trimmed = weigher.selection.trim(change, candidate.entry)
            if trimmed is not None:
                adoption.add(candidate.entry, trimmed)
    weigher.refuse_errors()
    weigher.selection.check(weigher.mask)
