"""What belongs together: a state and its account, a journal and its snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ctsync.errors import StateError
from ctsync.model.snapshot import Account, Header

Relation = Literal["extends", "folded"]


def check_account(
    header: Header | None, account: Account, *, location: str = "the state"
) -> None:
    """Refuse a state that was made for another target; no snapshot fits any.

    Raises:
        StateError: id, region or endpoint differ (code `state_other_account`).
    """
    if header is None or header.account == account:
        return
    # What a variable gave is not told, neither now nor when the state was written.
    known = _named(header.account) if account.is_named else "another account"
    raise StateError(
        f"{location} belongs to {known}, but the project names {_named(account.shown)}",
        hint="choose the environment that this state belongs to, "
        "or give the project a state of its own",
        code="state_other_account",
    )


def _named(account: Account) -> str:
    endpoint = f" at {account.endpoint}" if account.endpoint else ""
    return f"account {account.id} in {account.region}{endpoint}"


def relation(
    header: Header | None,
    journal_head: Mapping[str, Any],
    *,
    location: str = "the state",
) -> Relation:
    """Return whether a journal extends the snapshot or is folded into it already.

    `extends`: fold it. `folded`: a run ended between writing the snapshot and
    discarding its journal, so discard it.

    Raises:
        StateError: it belongs to another snapshot (code `journal_mismatch`).
    """
    lineage, serial = journal_head.get("lineage"), journal_head.get("serial")
    # A first run draws the lineage for its journal, before there is a snapshot.
    if header is None and serial == 0:
        return "extends"
    if header is not None and header.lineage == lineage:
        if header.serial == serial:
            return "extends"
        if isinstance(serial, int) and header.serial == serial + 1:
            return "folded"
    raise _mismatch(header, lineage, serial, location)


def check_next(before: Header | None, after: Header, *, location: str) -> None:
    """Refuse a header that is not of the version that comes next.

    Raises:
        StateError: another lineage, or not the serial after (code `state_moved`).
    """
    serial = 0 if before is None else before.serial
    if after.serial == serial + 1 and (
        before is None or before.lineage == after.lineage
    ):
        return
    raise StateError(
        f"{location} is at serial {serial}, and serial {after.serial} does not "
        "follow it: it was replaced or restored in the meantime",
        hint="restore the copy that was there before, and run the command again",
        code="state_moved",
    )


def _mismatch(
    header: Header | None, lineage: object, serial: object, location: str
) -> StateError:
    held = (
        "there is no snapshot"
        if header is None
        else f"the snapshot is serial {header.serial} of lineage {header.lineage}"
    )
    return StateError(
        f"the journal of {location} extends serial {serial} of lineage {lineage}, "
        f"but {held}",
        hint="one of the two was restored or copied without the other: put the "
        "snapshot back that the journal extends; or move the journal away and run "
        '"ctsync state doubt --all", since what it sent is then not known',
        code="journal_mismatch",
    )
