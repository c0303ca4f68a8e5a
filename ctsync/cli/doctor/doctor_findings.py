"""What doctor looks with, and what one of its checks comes to."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ctsync.cli.project_session import ProjectSession

if TYPE_CHECKING:
    from ctsync.state import Store
    from ctsync.transport.upload_result import UploadResult

Status = Literal["ok", "warning", "error", "skipped"]

# Checked by the platform and not stored (founding document on dryRun=1).
_HARMLESS = (
    b'{"d":[{"identity":"ctsync-doctor","profileData":{"Name":"ctsync doctor"},'
    b'"type":"profile"}]}'
)


class Checked(Struct, frozen=True):
    """What one check found. `hint` says what to do, or why it was skipped."""

    check: str
    status: Status
    message: str
    hint: str | None = None


class Doctor:
    """The project to look at; `now` is in epoch seconds."""

    def __init__(self, session: ProjectSession, now: float, *, offline: bool) -> None:
        self.session = session
        self.now = now
        self.offline = offline

    def store(self) -> Store:
        """Return the store of the state."""
        return self.session.store()

    @cached_property
    def answer(self) -> UploadResult:
        """What the platform says to a harmless call, which is sent once.

        Raises:
            SpecError, TransportError: the passcode or the address cannot be used.
        """
        from ctsync.cli.send_plan import connect_to

        with ExitStack() as stack:
            transport = connect_to(self.session, stack)
            stack.callback(transport.close)
            return transport.upload(_HARMLESS, dry_run=True)
