"""How the files of a plan travel from this project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsync.canonical_json import sha256
from ctsync.cli.due_imports import waits_of
from ctsync.cli.project_session import ProjectSession
from ctsync.errors import CtsyncError

if TYPE_CHECKING:
    from ctsync.apply.file_wave import FileTerms
    from ctsync.model.snapshot import Header
    from ctsync.plan.document.plan_file import SavedPlan


def file_terms(
    session: ProjectSession, plan: SavedPlan, header: Header | None
) -> FileTerms | None:
    """Return how files are put; None where none are, or no server is named.

    Raises:
        SpecError: a variable is not set, or what it gives cannot be used.
        CtsyncError: nobody is named who hears of an import (code CT807).
        PutFailed: the server cannot be used (code CT811 to CT814).
        UsageError: the package asyncssh is missing.
    """
    is_unfinished = any(each.standing != "put" for each in waits_of(header).imports)
    if not (plan.foot.by_file or is_unfinished):
        return None
    door = session.sftp_door()
    if door is None:
        return None
    from ctsync.apply.file_wave import FileTerms
    from ctsync.channels import CHANNELS
    from ctsync.channels.base import ChannelSettings
    from ctsync.transport.sftp_put import look_at, put_parts

    email = session.project.channels.email
    if email is None and plan.foot.by_file:
        raise _nobody_hears()
    if plan.foot.by_file:
        # Before a call leaves: half of a plan is nobody's wish.
        look_at(door)
    said = ChannelSettings(plan.head.timezone, email)
    return FileTerms(
        session.project.root / ".ctsync" / "imports",
        lambda: CHANNELS["sftp"](said),
        lambda order, events: put_parts(door, order, events),
        session.project.wait_seconds,
        # A digest: what a variable gave is not to be read in a state.
        sha256((session.import_door or "").encode()),
    )


def _nobody_hears() -> CtsyncError:
    return CtsyncError(
        "nobody is named who hears what becomes of an import; the platform takes no "
        "manifest without an address, and nothing was sent",
        hint="write channels: {sftp: {email: ADDRESS}} in the project file",
        code="CT807",
    )
