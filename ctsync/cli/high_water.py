"""Holding a state against its high-water mark, and moving the mark on.

A state that is restored from a copy goes back, and a counter would be raised again that
was raised already. The mark does not go back with it, so that this is noticed first.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctsync.cli.project_session import ProjectSession
from ctsync.cli.terminal.output import print_message
from ctsync.errors import StateError
from ctsync.model.snapshot import Header

if TYPE_CHECKING:
    from ctsync.state.high_water import HighWater, MarkPlace


def high_water_place(session: ProjectSession) -> MarkPlace | None:
    """Return where the mark is kept; None where none is asked for.

    Raises:
        UsageError: the variable names no place.
    """
    written = os.environ.get("CTSYNC_HIGH_WATER")
    if not written or session.settings.sandbox:
        return None
    from ctsync.state.high_water import mark_place

    return mark_place(written, session.settings.directory)


def read_high_water(session: ProjectSession) -> HighWater | None:
    """Return the mark; None where none is asked for, or nothing was written yet.

    Raises:
        UsageError: the variable names no place.
        StateError: the mark cannot be read.
    """
    place = high_water_place(session)
    return None if place is None else place.read()


def check_high_water(session: ProjectSession, header: Header | None) -> None:
    """Refuse a state that is not the one written last, or a later one.

    Raises:
        StateError: it went back, or is another one (code `state_went_back`).
    """
    mark = read_high_water(session)
    if mark is not None:
        check_mark(mark, header)


def check_mark(mark: HighWater, header: Header | None) -> None:
    """Hold a state against a mark, as `check_high_water` does."""
    if header is None or mark.lineage not in {None, header.lineage}:
        found = "there is no state" if header is None else "this is another state"
        raise _went_back(f"{found}, and serial {mark.serial} of one was written before")
    if header.serial < mark.serial:
        raise _went_back(f"it is at serial {header.serial}, and was at {mark.serial}")
    if header.serial == mark.serial and header.digest != mark.digest:
        raise _went_back(f"serial {mark.serial} is not the one that was written")


def keep_high_water(session: ProjectSession, header: Header | None) -> None:
    """Move the mark up; trouble with it is told, and is not that of the command."""
    place = high_water_place(session)
    if place is None or header is None:
        return
    from ctsync.state.high_water import VARIABLE, HighWater

    mark = HighWater(header.lineage, header.serial, header.digest)
    try:
        if not place.keep(mark):
            print_message(f"for the next run, set {VARIABLE}={mark.value}")
    except StateError as error:
        print_message(f"warning: the high-water mark was not written: {error.message}")


def _went_back(what: str) -> StateError:
    return StateError(
        f"the state went back: {what}",
        hint="restore the last copy; or let nothing be counted from what may be wrong: "
        '"ctsync state doubt --all", or "ctsync import spec" where there is none',
        code="state_went_back",
    )
