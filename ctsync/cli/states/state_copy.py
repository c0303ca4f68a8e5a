"""What `ctsync state copy` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.run_identity import run_identity
from ctsync.cli.state_writes import WriteOptions
from ctsync.cli.terminal.confirm import SEE_FIRST, ask_for_yes, require_someone
from ctsync.cli.terminal.output import print_message, require_format, write_after
from ctsync.errors import StateError

if TYPE_CHECKING:
    from ctsync.model.snapshot import Header
    from ctsync.state import Store


def copy_state(settings: GlobalOptions, to: str, permission: WriteOptions) -> int:
    """Copy the state to a place that holds none yet, after asking."""
    from ctsync.apply.recover import folded_view
    from ctsync.counted import counted
    from ctsync.state import open_store

    require_format(settings, "text", "json")
    if permission.asks:
        require_someone(SEE_FIRST)
    session = open_session(settings)
    target = open_store(to, folder=settings.directory.resolve())
    present = folded_view(session.store())
    header = present.header
    if header is None:
        raise StateError("there is no state to copy", hint="apply or import first")
    what = f"{counted(header.entries, 'profile')} at serial {header.serial}"
    if permission.asks:
        ask_for_yes(f"Copy {what} to {target.location}?")
    if not permission.dry_run:
        with target.lock(run_identity()):
            # Under the lock of the target: somebody else may be about to begin a state
            # there.
            _refuse_occupied(target)
            target.replace(header, present.entries())
            _copy_runs(session, target)
    _report(settings, header, what, written=not permission.dry_run)
    return 0


def _copy_runs(session: ProjectSession, target: Store) -> None:
    from ctsync.apply.folding.history import past_runs

    kept = session.project.history_runs
    # They come the last one first, and are kept as they come.
    for past in reversed([*past_runs(session.store())]):
        target.append_run(past.record, past.changes(), keep=kept)


def _refuse_occupied(target: Store) -> None:
    if target.read().header is not None or target.journal() is not None:
        raise StateError(
            f"there is a state at {target.location} already",
            hint="name another place, or move that one away",
        )


def _report(
    settings: GlobalOptions, header: Header, what: str, *, written: bool
) -> None:
    if settings.format == "json":
        from ctsync.render.error_document import document
        from ctsync.render.safe_json import document_text

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
        print_message("Use one of the two from now on: a copy is another truth.")
