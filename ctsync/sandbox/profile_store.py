"""Where profiles are kept: one SQLite table, in a private file or in memory.

A call is one transaction, so a process that is killed leaves a whole call or none.
"""

import errno
import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ctsync.sandbox.keys import SandboxKey
from ctsync.sandbox.profile import Draft, Profile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS profiles (
    kind TEXT NOT NULL, value TEXT NOT NULL, email TEXT, body TEXT NOT NULL,
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS profiles_by_email ON profiles (email)
    WHERE email IS NOT NULL;
CREATE TABLE IF NOT EXISTS events (
    name TEXT NOT NULL, day INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (name, day, kind, value)
) WITHOUT ROWID;
"""
_PAGE = 500


class Store:
    """Profiles by key. The caller sees to it that one thread at a time is inside."""

    def __init__(self, path: Path | None = None, *, folds_lists: bool = False) -> None:
        """Open the file, creating it and its folders for the owner alone."""
        self._path = path
        self._folds_lists = folds_lists
        self._connection: sqlite3.Connection | None = None
        self._open()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self._path)
            self._finalizer = weakref.finalize(self, self._connection.close)
        return self._connection

    def release(self) -> None:
        """Close the file until it is next used; what is in memory stays."""
        if self._path is not None and self._connection is not None:
            self._finalizer()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """Yield a transaction that is committed at the end, or undone on an error."""
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(connection, folds_lists=self._folds_lists)
            yield transaction
            transaction.write()
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def find(self, key: SandboxKey) -> Profile | None:
        """Return the profile of a key, or None."""
        row = self._open().execute(
            "SELECT body FROM profiles WHERE kind = ? AND value = ?", key
        )
        found = row.fetchone()
        return None if found is None else Draft(found[0]).freeze(key)

    def find_by_email(self, email: str) -> Profile | None:
        """Return the first profile, by key, that carries an e-mail address."""
        row = self._open().execute(
            "SELECT kind, value, body FROM profiles WHERE email = ?"
            " ORDER BY kind, value LIMIT 1",
            (email,),
        )
        found = row.fetchone()
        return None if found is None else _thaw(found)

    def page(self, after: SandboxKey) -> list[Profile]:
        """Return some profiles that follow a key, in order of kind and value."""
        rows = self._open().execute(
            "SELECT kind, value, body FROM profiles WHERE (kind, value) > (?, ?)"
            " ORDER BY kind, value LIMIT ?",
            (*after, _PAGE),
        )
        return [_thaw(row) for row in rows.fetchall()]

    def record_event(self, name: str, day: int, keys: Iterable[SandboxKey]) -> None:
        """Note that profiles had an event on a day, written YYYYMMDD."""
        self._open().executemany(
            "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)",
            ((name, day, key.kind, key.value) for key in keys),
        )

    def keys_with_event(self, name: str, since: int, until: int) -> list[SandboxKey]:
        """Return whoever had an event in a range of days, both included."""
        rows = self._open().execute(
            "SELECT DISTINCT kind, value FROM events JOIN profiles USING (kind, value)"
            " WHERE name = ? AND day BETWEEN ? AND ?",
            (name, since, until),
        )
        return [SandboxKey(kind, value) for kind, value in rows.fetchall()]

    def forget(self, key: SandboxKey) -> bool:
        """Remove a profile, as somebody else would; say whether it was there."""
        done = self._open().execute(
            "DELETE FROM profiles WHERE kind = ? AND value = ?", key
        )
        return done.rowcount > 0


class Transaction:
    """The profiles that one call touches; each is read once and written once."""

    def __init__(self, connection: sqlite3.Connection, *, folds_lists: bool) -> None:
        """Begin with nothing touched."""
        self._connection = connection
        self._folds_lists = folds_lists
        self._drafts: dict[SandboxKey, Draft] = {}

    def draft(self, key: SandboxKey) -> Draft:
        """Return the profile of a key for changing; an unknown key makes one."""
        if key not in self._drafts:
            row = self._connection.execute(
                "SELECT body FROM profiles WHERE kind = ? AND value = ?", key
            )
            found = row.fetchone()
            text = None if found is None else found[0]
            self._drafts[key] = Draft(text, folds_lists=self._folds_lists)
        return self._drafts[key]

    def write(self) -> None:
        """Store every profile that was touched."""
        self._connection.executemany(
            "INSERT INTO profiles (kind, value, email, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET email = excluded.email, body = excluded.body",
            (
                (key.kind, key.value, _email_of(draft), draft.text())
                for key, draft in self._drafts.items()
            ),
        )


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        _create_private(path)
    connection = sqlite3.connect(
        path if path is not None else ":memory:",
        timeout=30.0,
        isolation_level=None,  # BEGIN and COMMIT are ours
        check_same_thread=False,
    )
    try:
        # NORMAL in WAL mode survives the death of the process, which is what we test.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _create_private(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise OSError(errno.EEXIST, f"{path} is no file to keep profiles in")
    for parent in reversed(path.absolute().parents):
        if not parent.exists():
            parent.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(path, flags, 0o600)
    os.fchmod(fd, 0o600)
    os.close(fd)


def _email_of(draft: Draft) -> str | None:
    email = draft.get("email")
    return email if isinstance(email, str) else None


def _thaw(row: tuple[str, str, str]) -> Profile:
    kind, value, body = row
    return Draft(body).freeze(SandboxKey(kind, value))
