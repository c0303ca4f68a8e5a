"""Who holds a state: what a refused run is told about the one that is at work."""

from __future__ import annotations

from msgspec import Struct, json, to_builtins

from ctsync.canonical_json import canonical
from ctsync.errors import StateError, StateLocked


class Holder(Struct, frozen=True, forbid_unknown_fields=True):
    """One run, as it names itself when it takes the lock.

    `since` is a time in UTC, `pipeline` the page of the job that runs it, if any.
    """

    user: str
    host: str
    pid: int
    command: str
    since: str
    pipeline: str | None = None

    def __str__(self) -> str:
        whence = "" if self.pipeline is None else f", in {self.pipeline}"
        return (
            f"{self.user}@{self.host}, process {self.pid}, "
            f'"{self.command}", since {self.since}{whence}'
        )

    def as_line(self) -> bytes:
        """Return the form that is kept beside a lock."""
        return canonical(to_builtins(self)) + b"\n"


def holder_from_line(line: bytes) -> Holder | None:
    """Read what `Holder.as_line` wrote; None where it is torn or strange."""
    try:
        return json.decode(line, type=Holder)
    except ValueError:
        return None


def locked(location: str, holder: Holder | None) -> StateLocked:
    """Return the refusal for a state that `holder` (None: not known) is writing."""
    who = "another run that has not named itself" if holder is None else str(holder)
    return StateLocked(
        f"state {location} is locked by {who}",
        hint="wait for that run to end, or give --lock-timeout SECONDS; "
        "a lock ends with its process, so there is nothing to remove",
    )


def lock_lost(location: str) -> StateError:
    """Return the refusal to go on without the lock."""
    return StateError(
        f"the lock on {location} was lost: another run holds it, or may by now",
        hint='nothing more is sent; run "ctsync apply" again: what was is noted',
        code="lock_lost",
    )


def journal_exists(location: str) -> StateError:
    """Return the refusal to begin a journal where one is left to be folded."""
    return StateError(
        f"{location} is there already: a run was cut off before it ended",
        hint='run "ctsync apply" again: it takes up what that run left',
        code="journal_exists",
    )
