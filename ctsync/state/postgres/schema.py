"""The tables of a database, made and brought up to date by whoever writes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsync.errors import StateError

if TYPE_CHECKING:
    from ctsync.state.postgres.session import Session

# Each is run once, in order. What was released is never edited: append another.
MIGRATIONS = (
    """
    CREATE TABLE ctsync.states (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE,
        epoch bigint NOT NULL DEFAULT 0,
        holder bytea,
        header bytea
    );
    CREATE TABLE ctsync.entries (
        state integer NOT NULL REFERENCES ctsync.states ON DELETE CASCADE,
        key bytea NOT NULL,
        body bytea NOT NULL,
        PRIMARY KEY (state, key)
    );
    CREATE TABLE ctsync.journal (
        state integer NOT NULL REFERENCES ctsync.states ON DELETE CASCADE,
        number bigint NOT NULL,
        lines bytea NOT NULL,
        PRIMARY KEY (state, number)
    );
    CREATE TABLE ctsync.runs (
        state integer NOT NULL REFERENCES ctsync.states ON DELETE CASCADE,
        number bigint NOT NULL,
        run text NOT NULL,
        record bytea NOT NULL,
        PRIMARY KEY (state, number)
    );
    CREATE TABLE ctsync.changes (
        state integer NOT NULL,
        number bigint NOT NULL,
        part integer NOT NULL,
        lines bytea NOT NULL,
        PRIMARY KEY (state, number, part),
        FOREIGN KEY (state, number) REFERENCES ctsync.runs ON DELETE CASCADE
    );
    """,
)
# Looked up as rows: what to_regclass knows may be from before a lock was waited for.
_TABLE = """
    SELECT FROM pg_catalog.pg_tables
    WHERE schemaname = 'ctsync' AND tablename = 'version'
"""
_SCHEMA = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'ctsync'"
CLASS = 0x6374  # of advisory locks, so that no other program's are met
MIGRATING = 0


def version_of(session: Session) -> int:
    """Return the number of migrations that a database has seen; 0 without any table.

    Raises:
        StateError: a newer ctsync made them (code `state_newer`).
    """
    if not session.rows(_TABLE):
        return 0
    (number,) = session.one("SELECT number FROM ctsync.version")
    if number > len(MIGRATIONS):
        raise StateError(
            f"{session.location} was made by a newer ctsync: its tables have version "
            f"{number}, this version knows {len(MIGRATIONS)}",
            hint="install the version of ctsync that made them",
            code="state_newer",
        )
    return int(number)


def migrate(session: Session) -> None:
    """Make the tables, or bring them up to date; does nothing where they are.

    Raises:
        StateError: the role may not, or a newer ctsync made them.
    """
    if version_of(session) == len(MIGRATIONS):
        return
    with session.transaction():
        session.run("SELECT pg_advisory_xact_lock(%s, %s)", CLASS, MIGRATING)
        number = version_of(session)
        if number == 0:
            _begin(session)
        for migration in MIGRATIONS[number:]:
            session.run(migration)
        session.run("UPDATE ctsync.version SET number = %s", len(MIGRATIONS))


def _begin(session: Session) -> None:
    if not session.rows(_SCHEMA):  # who may use one need not be allowed to make one
        session.run("CREATE SCHEMA ctsync")
    session.run("CREATE TABLE ctsync.version (number integer NOT NULL)")
    session.run("INSERT INTO ctsync.version VALUES (0)")
