"""From `state:` of a project to the store that it means."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from ctsync.discovery import Member, built_in, installed, require_free
from ctsync.errors import UsageError
from ctsync.state.base import Store

_ROOM = "ctsync.state.stores"


def stores() -> Iterator[type[Store]]:
    """Yield every store, ours first; each is loaded when it is asked for."""
    return (member.value for member in chain(built_in(_ROOM, "STORE"), _added()))


def open_store(
    location: str, *, folder: Path | str = ".", name: str | None = None
) -> Store:
    """Return the store that `location` means; touches nothing yet.

    Relative paths start at `folder`. `name` picks one of several states in a database.

    Raises:
        UsageError: no store takes the location, or it cannot mean anything.
        CtsyncError: two stores take it.
    """
    ours = (each for each in built_in(_ROOM, "STORE") if each.value.takes(location))
    found: Member | None = next(ours, None)
    for other in _added():
        if other.value.takes(location):
            require_free("STORE", other.value.form, found, other)
            found = other
    if found is None:
        raise _refused()
    store: Store = found.value.at(location, folder=Path(folder), name=name)
    return store


def _added() -> Iterator[Member]:
    return installed(_ROOM, "STORE", Store)


def _refused() -> UsageError:
    # The location is not shown: it may hold a secret, or come from a variable.
    forms = " or ".join(store.form for store in stores())
    return UsageError(
        "the state's location is of no form that this version knows",
        hint=f"state: takes {forms}",
    )
