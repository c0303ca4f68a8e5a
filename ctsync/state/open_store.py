"""From `state:` of a project to the store that it means."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ctsync.discovery import discover
from ctsync.errors import UsageError
from ctsync.state.base import Store


def stores() -> tuple[type[Store], ...]:
    """Return every store of this version."""
    return tuple(cast("type[Store]", store) for store in discover(__package__, "STORE"))


def open_store(
    location: str, *, folder: Path | str = ".", name: str | None = None
) -> Store:
    """Return the store that `location` means; touches nothing yet.

    Relative paths start at `folder`. `name` picks one of several states in a database.

    Raises:
        UsageError: no store of this version takes the location.
    """
    for store in stores():
        if store.takes(location):
            return store.at(location, folder=Path(folder), name=name)
    raise _refused(location)


def _refused(location: str) -> UsageError:
    forms = " or ".join(store.form for store in stores())
    shown = _without_secrets(location)
    return UsageError(
        f'state "{shown}" is of no form that this version knows',
        hint=f"state: takes {forms}",
    )


def _without_secrets(location: str) -> str:
    scheme, separator, _ = location.partition("://")
    return f"{scheme}://..." if separator else location
