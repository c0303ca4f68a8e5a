"""A state in a PostgreSQL database, beside the states of other projects.

The tables are in the schema `ctsync`. Whoever reads does so in one transaction that
sees one moment; whoever writes holds an advisory lock of the server, which ends with
the session.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header
from ctsync.state.base import Journal, JournalWriter, Line, RunRecord, Snapshot, Store
from ctsync.state.changed_lines import changed_lines
from ctsync.state.entry_edits import Edit
from ctsync.state.journal_file import journal_in
from ctsync.state.journal_groups import called
from ctsync.state.lineage_checks import check_next
from ctsync.state.lock_holder import Holder, journal_exists
from ctsync.state.postgres.entry_rows import (
    RowChanges,
    RowSum,
    key_bytes,
    lines_of,
)
from ctsync.state.postgres.journal_rows import open_journal, spooled_journal
from ctsync.state.postgres.options import shown
from ctsync.state.postgres.run_rows import append_run, runs_of
from ctsync.state.postgres.session import Session
from ctsync.state.postgres.tenure import Tenure, tenure, unlocked
from ctsync.state.postgres.view import ROWS, View, edited_snapshot, open_view
from ctsync.state.snapshot_codec import EntryDigest, header_from_line, header_line

SCHEMES = ("postgresql://", "postgres://")
DEFAULT_NAME = "default"


class PostgresStore(Store):
    """Keeps a state in a database that several machines reach."""

    name = "postgres"
    form = "postgresql://..."

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._tenure: Tenure | None = None
        self.location = shown(url)

    @classmethod
    def takes(cls, location: str) -> bool:
        """Take addresses of PostgreSQL."""
        return location.startswith(SCHEMES)

    @classmethod
    def at(cls, location: str, *, folder: Path, name: str | None) -> PostgresStore:  # noqa: ARG003 - an address is the same from everywhere
        """Return the store of a database; `name` picks one of its states."""
        return cls(location, name or DEFAULT_NAME)

    def read(self) -> Snapshot:
        """Return the snapshot after letting the server add up its rows."""
        view = self._view()
        if view is None:
            return Snapshot()
        view.check()
        return Snapshot(view.header, view.entries, None, view.pick)

    def read_unverified(self) -> Snapshot:
        """Return the snapshot as it stands; what is out of order goes to memory."""
        view = self._view(is_verified=False)
        return Snapshot() if view is None else edited_snapshot(view)

    def replace(self, header: Header, entries: Iterable[Entry | EntryText]) -> Header:
        """Write all rows anew in one transaction."""
        digest, rows = EntryDigest(), RowSum()
        with self._writing() as (session, state):
            session.run("DELETE FROM ctsync.entries WHERE state = %s", state)
            with session.copy(_COPY, "int4", "bytea", "bytea") as copy:
                for entry in entries:
                    key, body = key_bytes(entry.key), digest.add(entry)
                    rows.exchange(key, after=body)
                    copy.write_row((state, key, body))
            return _publish(session, state, digest.seal(header), rows)

    def amend(self, header: Header, edits: Iterable[tuple[ProfileKey, Edit]]) -> Header:
        """Write the rows that change in one transaction."""
        with self._writing() as (session, state):
            before, rows = _header(session, state)
            check_next(before, header, location=self.location)
            digest = EntryDigest(before)
            changes = RowChanges(session, state)

            def pick(
                keys: Iterable[ProfileKey],
            ) -> Iterator[tuple[ProfileKey, bytes]]:
                return lines_of(session, state, keys)

            for each in changed_lines(pick, edits, digest):
                key = key_bytes(each.key)
                rows.exchange(key, each.before, each.line)
                changes.add(key, each.line)
            changes.write()
            return _publish(session, state, digest.seal(header), rows)

    def journal(self) -> Journal | None:
        """Return a copy of the journal, taken now."""
        with closing(Session(self._url)) as session:
            file = spooled_journal(session, self._name)
        return None if file is None else journal_in(file, called(self.location))

    def open_journal(self, head: Line) -> JournalWriter:
        """Write the head; lines follow in groups, each of them a row."""
        held = self._held()
        if self.journal() is not None:
            with held.writing():  # who lost the lock is told that instead
                raise journal_exists(called(self.location))
        return open_journal(held, head)

    def discard_journal(self) -> None:
        """Remove the rows of the journal."""
        with self._writing() as (session, state):
            session.run("DELETE FROM ctsync.journal WHERE state = %s", state)

    @contextmanager
    def lock(self, holder: Holder, *, timeout_seconds: float = 0) -> Generator[None]:
        """Hold an advisory lock by a session of its own."""
        try:
            with tenure(self._url, self._name, holder, timeout_seconds) as held:
                self._tenure = held
                yield
        finally:
            self._tenure = None

    def append_run(
        self, record: Line, changes: Iterable[Line] = (), *, keep: int
    ) -> None:
        """Write a row for the run, and others for what it changed."""
        with self._writing() as (session, state):
            append_run(session, state, record, changes, keep=keep)

    def runs(self) -> Iterator[RunRecord]:
        """Yield the runs, each read when its turn comes."""
        return runs_of(Session(self._url), self._name)

    def _held(self) -> Tenure:
        return self._tenure or unlocked(self._url, self._name)

    @contextmanager
    def _writing(self) -> Generator[tuple[Session, int]]:
        held = self._held()
        with held.writing() as session:
            yield session, held.state

    def _view(self, *, is_verified: bool = True) -> View | None:
        return open_view(self._url, self._name, is_verified=is_verified)


def _header(session: Session, state: int) -> tuple[Header | None, RowSum]:
    (line,) = session.one("SELECT header FROM ctsync.states WHERE id = %s", state)
    if line is None:
        return None, RowSum()
    header, beside = header_from_line(line, location=session.location)
    return header, RowSum(beside[ROWS])


def _publish(session: Session, state: int, header: Header, rows: RowSum) -> Header:
    line = header_line(header, **{ROWS: rows.text})
    session.run("UPDATE ctsync.states SET header = %s WHERE id = %s", line, state)
    return header


_COPY = "COPY ctsync.entries (state, key, body) FROM STDIN (FORMAT BINARY)"
