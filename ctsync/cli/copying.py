"""What `ctsync state copy` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsync.cli.asking import ask, require_someone
from ctsync.cli.holding import holder
from ctsync.cli.options import Settings
from ctsync.cli.output import require_format, say, write_after
from ctsync.cli.session import open_session
from ctsync.cli.writing import Permission
from ctsync.errors import StateError

if TYPE_CHECKING:
    from ctsync.model.snapshot import Header
    from ctsync.state import Store


def copy_state(settings: Settings, to: str, permission: Permission) -> int:
    """Copy the state to a place that holds none yet, after asking."""
    from ctsync.apply.recover import folded_view
    from ctsync.render.sentences import counted
    from ctsync.state import open_store

    require_format(settings, "text", "json")
    if permission.asks:
        require_someone("--auto-approve", "--dry-run")
    session = open_session(settings)
    target = open_store(to, folder=settings.directory.resolve())
    present = folded_view(session.store())
    header = present.header
    if header is None:
        raise StateError("there is no state to copy", hint="apply or import first")
    what = f"{counted(header.entries, 'profile')} at serial {header.serial}"
    if permission.asks:
        ask(f"Copy {what} to {target.location}?")
    if not permission.dry_run:
        with target.lock(holder()):
            _refuse_occupied(target)
            target.replace(header, present.entries())
    _report(settings, header, what, written=not permission.dry_run)
    return 0


def _refuse_occupied(target: Store) -> None:
    if target.read().header is not None or target.journal() is not None:
        raise StateError(
            f"there is a state at {target.location} already",
            hint="name another place, or move that one away",
        )


def _report(settings: Settings, header: Header, what: str, *, written: bool) -> None:
    if settings.format == "json":
        from ctsync.render.errors import document
        from ctsync.render.json_text import document_text

        said = document(
            "ctsync.state.copy/1",
            0,
            written=written,
            profiles=header.entries,
            serial=header.serial,
        )
        write_after([document_text(said)])
    else:
        write_after([f"{'Copied' if written else 'Would copy'} {what}.\n"])
    if written:
        say("Use one of the two from now on: a copy is another truth.")
