"""One version of a state in a database, as long as its transaction lasts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import LiteralString, TypeAlias

from ctsync.errors import StateError
from ctsync.model.entry import Entry, entry_from_line, entry_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.stored_entries import StoredEntries
from ctsync.state.base import Snapshot
from ctsync.state.postgres.entry_rows import (
    entries_of,
    entry_lines,
    key_bytes,
    keyed_bodies,
    row_sum,
)
from ctsync.state.postgres.schema import version_of
from ctsync.state.postgres.session import (
    RECONNECT_SECONDS,
    Row,
    Session,
    connected_again,
)
from ctsync.state.snapshot_codec import (
    edited,
    entry_from_edited_line,
    header_from_line,
    with_digest,
)

ROWS = "rows_sha256"


class View:
    """What a session sees since it began to look; the session is this object's own.

    After a cut another one looks, if the version is still the same.
    """

    def __init__(
        self, url: str, session: Session, state: int, line: bytes, *, is_verified: bool
    ) -> None:
        """Look with a session at a state of which this is the header.

        Raises:
            StateError: it is of a newer format, or (if verified) was edited.
        """
        self.session, self.state = session, state
        self._url, self._line = url, line
        self.header, beside = header_from_line(
            line, location=session.location, is_verified=is_verified
        )
        self._rows = beside.get(ROWS)

    def rows(self, statement: LiteralString, *values: object) -> list[Row]:
        """Return the rows of a query.

        Raises:
            StateError: the state has another version since a cut, or cannot be read.
        """
        try:
            return self.session.rows(statement, *values)
        except StateError:
            if not self.session.is_cut:
                raise
            self._look_again()
            return self.session.rows(statement, *values)

    def _look_again(self) -> None:
        until = time.monotonic() + RECONNECT_SECONDS
        session = connected_again(self._url, until)
        session.look()
        if session.one(_HEADER, self.state) != (self._line,):
            raise StateError(
                f"{session.location} changed while it was read, after a cut",
                hint="run the command again",
                code="state_moved",
            )
        self.session = session

    def check(self) -> None:
        """Refuse rows that are not those that ctsync wrote.

        Raises:
            StateError: they were changed (code `state_edited`).
        """
        found = row_sum(self.session, self.state)
        if found != self._rows:
            raise edited(
                self.session.location,
                f"it wrote rows with checksum {str(self._rows)[:12]}, there are rows "
                f"with {found[:12]}",
            )

    def entries(self) -> Iterator[Entry]:
        """Yield the entries, sorted by key."""
        return StoredEntries(entry_lines(self.session, self.state))

    def pick(self, keys: Iterable[ProfileKey]) -> Iterator[Entry]:
        """Yield the entries of sorted keys."""
        return entries_of(self, self.state, keys)


_HEADER = "SELECT header FROM ctsync.states WHERE id = %s"


def open_view(url: str, name: str, *, is_verified: bool) -> View | None:
    """Begin to look at a state; None where nothing was written yet.

    Raises:
        StateError: it is of a newer format, or (if verified) its header was edited.
    """
    session = Session(url)
    session.look()
    state = existing_state(session, name)
    if state is None:
        return None
    (line,) = session.one(_HEADER, state)
    if line is None:
        return None
    return View(url, session, state, line, is_verified=is_verified)


def existing_state(session: Session, name: str) -> int | None:
    """Return the number of a state; None where there is none of this name."""
    if version_of(session) == 0:
        return None
    found = session.rows("SELECT id FROM ctsync.states WHERE name = %s", name)
    return int(found[0][0]) if found else None


def edited_snapshot(view: View) -> Snapshot:
    """Return the snapshot with edits included, sorted anew.

    Raises:
        StateError: a row is no entry, or two are about the same profile.
    """

    def entries() -> Iterator[Entry]:
        # Read twice: what stands in its place comes in order as it is, and only what a
        # hand moved is kept and sorted.
        rows = merge(_rows(view), sorted(_rows(view, astray=True)))
        last: _EditedRow | None = None
        for row in rows:
            if last is not None and last[0] == row[0]:
                raise _twice(view.session.location, row[1], last[1])
            last = row
            yield entry_from_line(row[2])

    return Snapshot(with_digest(view.header, entries()), entries)


_EditedRow: TypeAlias = "tuple[ProfileKey, int, bytes]"


def _rows(view: View, *, astray: bool = False) -> Iterator[_EditedRow]:
    """Yield key, number and line of rows that stand in their place, or do not."""
    for number, (key, body) in enumerate(keyed_bodies(view.session, view.state), 1):
        try:
            entry = entry_from_edited_line(body)
        except ValueError as error:
            raise _no_entry(view.session.location, number) from error
        if (key != key_bytes(entry.key)) is astray:
            yield entry.key, number, entry_line(entry)


def _no_entry(location: str, number: int) -> StateError:
    return StateError(
        f"row {number} of {location} is no entry",
        hint="take the row out or put it right, or restore a copy",
        code="state_unreadable",
    )


def _twice(location: str, number: int, first: int) -> StateError:
    return StateError(
        f"row {number} of {location} is about the same profile as row {first}",
        hint="take one of them out, or restore a copy",
        code="state_unreadable",
    )
