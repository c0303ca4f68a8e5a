"""The high-water mark: how far the state had come, kept apart from the state.

A state that is restored from a copy goes back, and a counter would be raised again that
was raised already. The mark does not go back with it, so that this is noticed first.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from ctsync.canonical_json import canonical, parse
from ctsync.cli.output import print_message
from ctsync.cli.project_session import ProjectSession
from ctsync.errors import StateError, UsageError
from ctsync.model.snapshot import Header

VARIABLE = "CTSYNC_HIGH_WATER"


class HighWater(Struct, frozen=True):
    """The last version of a state that was written, as a mark beside it says."""

    lineage: str
    serial: int
    digest: str


def read_high_water(session: ProjectSession) -> HighWater | None:
    """Return the mark; None where none is asked for, or nothing was written yet.

    Raises:
        UsageError: the variable names no file.
        StateError: the mark cannot be read.
    """
    path = _path(session)
    if path is None:
        return None
    try:
        return HighWater(**parse(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StateError(
            "the high-water mark cannot be read",
            hint=f"restore the file that {VARIABLE} names",
            code="high_water_unreadable",
        ) from error


def check_high_water(session: ProjectSession, header: Header | None) -> None:
    """Refuse a state that is not the one written last, or a later one.

    Raises:
        StateError: it went back, or is another one (code `state_went_back`).
    """
    mark = read_high_water(session)
    if mark is None:
        return
    if header is None or header.lineage != mark.lineage:
        found = "there is no state" if header is None else "this is another state"
        raise _went_back(f"{found}, and serial {mark.serial} of one was written before")
    if header.serial < mark.serial:
        raise _went_back(f"it is at serial {header.serial}, and was at {mark.serial}")
    if header.serial == mark.serial and header.digest != mark.digest:
        raise _went_back(f"serial {mark.serial} is not the one that was written")


def keep_high_water(session: ProjectSession, header: Header | None) -> None:
    """Write the mark; trouble with it is told, and is not that of the command."""
    from ctsync.state.atomic_files import write_private

    path = _path(session)
    if path is None or header is None:
        return
    mark = HighWater(header.lineage, header.serial, header.digest)
    try:
        write_private(path, canonical(asdict(mark)) + b"\n")
    except OSError as error:
        print_message(f"warning: the high-water mark was not written: {error.strerror}")


def _path(session: ProjectSession) -> Path | None:
    written = os.environ.get("CTSYNC_HIGH_WATER")
    if not written or session.settings.sandbox:
        return None
    if "://" in written:
        raise UsageError(
            f"{VARIABLE} is an address, and this version keeps the mark in a file",
            hint="name a file that outlives the job, apart from the state",
        )
    return session.settings.directory / written


def _went_back(what: str) -> StateError:
    return StateError(
        f"the state went back: {what}",
        hint="restore the last copy; or let nothing be counted from what may be wrong: "
        '"ctsync state doubt --all", or "ctsync import spec" where there is none',
        code="state_went_back",
    )
