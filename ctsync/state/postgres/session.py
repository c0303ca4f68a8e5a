"""One connection to a database, which speaks of its troubles as ctsync does."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, LiteralString, TypeAlias

from ctsync.errors import StateError, UsageError
from ctsync.state.postgres.options import connect_options, shown

RECONNECT_SECONDS = 15.0  # a server that restarts is there again by then
RETRY_SECONDS = 0.2

Row: TypeAlias = "tuple[Any, ...]"


class Session:
    """A connection. Where it breaks, it is closed for good, and `is_cut` says so.

    Each statement is a transaction of its own unless `transaction` is entered.
    """

    def __init__(self, url: str) -> None:
        psycopg = _driver()
        self.location = shown(url)
        self._doing = "reach"
        with self._translated():
            self._connection = psycopg.connect(
                **connect_options(url, os.environ),
                autocommit=True,
                # What is prepared is of one session, and a pooler may give the next
                # statement another.
                prepare_threshold=None,
            )
        self._doing = "read"
        self._numbers = count()
        self.close = weakref.finalize(self, self._connection.close)

    @property
    def is_cut(self) -> bool:
        """Whether the connection broke, as far as anybody tried it."""
        return bool(self._connection.closed)

    def run(self, statement: LiteralString, *values: object) -> int:
        """Run a statement; gives the number of rows."""
        with self._translated():
            cursor = self._connection.execute(statement, values or None)
            return int(cursor.rowcount)

    def rows(self, statement: LiteralString, *values: object) -> list[Row]:
        """Return the rows of a query, all at once."""
        with self._translated():
            cursor = self._connection.cursor(binary=True)
            found: list[Row] = cursor.execute(statement, values or None).fetchall()
            return found

    def one(self, statement: LiteralString, *values: object) -> Row:
        """Return the only row of a query."""
        (row,) = self.rows(statement, *values)
        return row

    def stream(
        self, statement: LiteralString, *values: object, size: int
    ) -> Iterator[Row]:
        """Yield the rows of a query inside of a transaction, `size` at a time."""
        from psycopg import ServerCursor

        # A cursor of the server's: one of the client's would fetch the whole state at
        # once.
        name = f"ctsync_{next(self._numbers)}"
        with (
            self._translated(),
            ServerCursor(self._connection, name) as cursor,
        ):
            cursor.itersize = size
            yield from cursor.execute(statement, values, binary=True)

    @contextmanager
    def copy(self, statement: LiteralString, *types: str) -> Generator[Any]:
        """Return what takes the rows of a COPY of these types, with `write_row`."""
        with (
            self._translated(),
            self._connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            copy.set_types(types)
            yield copy

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Keep what is done inside wholly, or not at all."""
        doing, self._doing = self._doing, "write"
        try:
            with self._translated(), self._connection.transaction():
                yield
        finally:
            self._doing = doing

    def look(self) -> None:
        """Begin a transaction that sees one moment, and only reads."""
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Turn what the server or the driver says into a `StateError`."""
        from psycopg import Error

        try:
            yield
        except Error as error:
            raise _trouble(self.location, self._doing, error) from error


def connected_again(url: str, until: float) -> Session:
    """Return a new session, tried for until a time by the monotonic clock.

    Raises:
        StateError: there is none.
    """
    while True:
        try:
            return Session(url)
        except StateError:
            if time.monotonic() >= until:
                raise
        time.sleep(RETRY_SECONDS)


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise UsageError(
            "a state in PostgreSQL needs the package psycopg",
            hint='pip install "ctsync[postgres]"',
        ) from error
    return psycopg


def _trouble(location: str, action: str, error: Any) -> StateError:
    """Return the refusal for what happened; the driver's words may hold the address."""
    state = error.sqlstate or _state_of_refusal(str(error))
    why, hint = next(
        (words for start, words in _REASONS.items() if state.startswith(start)),
        (f"the server refuses it ({state})", "look into the log of the server"),
    )
    code = "state_unwritable" if action == "write" else "state_unreadable"
    return StateError(f"cannot {action} {location}: {why}", hint=hint, code=code)


def _state_of_refusal(words: str) -> str:
    """Return the SQLSTATE of a refused connection, which the driver tells in words."""
    found = (state for words_of, state in _REFUSALS.items() if words_of in words)
    return next(found, "08000")


_NO_HOST, _NOBODY = "08-no-host", "08-nobody"  # told by no server
_REFUSALS = {
    "authentication failed": "28P01",
    "does not exist": "3D000",
    "SSL": "08P01",
    "too many": "53300",
    "failed to resolve host": _NO_HOST,
    "could not translate host name": _NO_HOST,
    "onnection refused": _NOBODY,
}
_NEXT = 'then run "ctsync apply" again: the journal holds what was sent'
# The first beginning that fits counts: what is particular stands before what is
# general.
_REASONS = {
    "08P01": (
        "it does not speak TLS as the address asks for",
        "set sslmode in the state's address: verify-full, or disable among your own",
    ),
    _NO_HOST: (
        "DNS knows no such host",
        "check the host in the state's address, and that this machine looks up names",
    ),
    _NOBODY: (
        "connection refused: nothing listens there",
        f"check host and port in the state's address, and that it runs, {_NEXT}",
    ),
    "08": (
        "it does not answer, or the connection was cut",
        f"see that it runs and can be reached, {_NEXT}",
    ),
    "57P": ("the server ended the connection", f"see that it runs, {_NEXT}"),
    "25P03": ("the connection was idle for too long", "run the command again"),
    "28": ("it refuses the user or the password", "check the state's address"),
    "3D": ("there is no such database", "check the state's address, or make it"),
    "42501": (
        "the role may not do that",
        "give it the rights that specs/state.md lists",
    ),
    "25006": ("it takes no writes: it is a copy", "name the primary server"),
    "53": ("it is full", "make room on the server; nothing was lost"),
}
