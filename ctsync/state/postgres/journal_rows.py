"""A journal as rows of a table, each of them a group of its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.errors import StateError
from ctsync.state.atomic_files import PinnedFile
from ctsync.state.base import JournalWriter, Line
from ctsync.state.journal_groups import GroupedJournalWriter, called, spooled
from ctsync.state.journal_lines import head_line
from ctsync.state.lock_holder import lock_lost
from ctsync.state.postgres.session import Session
from ctsync.state.postgres.tenure import Tenure
from ctsync.state.postgres.view import existing_state

# Of 4 MB each, at most.
GROUPS_AT_ONCE = 4


def open_journal(held: Tenure, head: Line) -> JournalWriter:
    """Write the first row; the lines that follow are written group by group."""

    def put(number: int, group: bytes) -> None:
        held.insist(lambda session: _put(session, held.state, number, group))

    first = head_line(head)
    with held.writing() as session:
        session.run("DELETE FROM ctsync.journal WHERE state = %s", held.state)
        session.run(_PUT, held.state, 0, first)
    location = called(held.location)
    return GroupedJournalWriter(put, held.check, after=first, location=location)


def _put(session: Session, state: int, number: int, group: bytes) -> None:
    """Write a row, unless it was written by a try whose answer was cut off."""
    if session.run(f"{_PUT} ON CONFLICT DO NOTHING", state, number, group) == 0:
        found = session.one(_ROW, state, number)
        if found != (group,):
            raise lock_lost(session.location)


_PUT = "INSERT INTO ctsync.journal (state, number, lines) VALUES (%s, %s, %s)"
_ROW = "SELECT lines FROM ctsync.journal WHERE state = %s AND number = %s"


def spooled_journal(session: Session, name: str) -> PinnedFile | None:
    """Return a copy of the journal in a file; None where there is none."""
    session.look()
    state = existing_state(session, name)
    if state is None or not session.rows(_ANY, state):
        return None
    return spooled(_groups(session, state), called(session.location))


_ANY = "SELECT 1 FROM ctsync.journal WHERE state = %s LIMIT 1"


def _groups(session: Session, state: int) -> Iterator[bytes]:
    rows = session.stream(_ALL, state, size=GROUPS_AT_ONCE)
    for expected, (number, group) in enumerate(rows):
        if number != expected:
            raise StateError(
                f"part {expected} of {called(session.location)} is missing",
                hint="restore a backup of the database that has it",
                code="journal_damaged",
            )
        yield group


_ALL = "SELECT number, lines FROM ctsync.journal WHERE state = %s ORDER BY number"
