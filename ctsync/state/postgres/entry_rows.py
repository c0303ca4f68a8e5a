"""Entries as rows of a table: their keys as bytes that sort, their lines as bodies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, LiteralString, Protocol

from ctsync.model.entry import Entry, entry_from_line
from ctsync.model.profile_key import ProfileKey

if TYPE_CHECKING:
    from ctsync.state.postgres.session import Row, Session

KEYS_AHEAD = 4096
ROWS_AT_ONCE = 2048
_MODULUS = 1 << 256
_DIGITS = 15  # of a SHA-256, in hexadecimal, which a bigint can hold and add up


def key_bytes(key: ProfileKey) -> bytes:
    """Return a key as bytes that sort as keys do."""
    return f"{key.type}\0{key.id}".encode()


class RowSum:
    """The sum of the SHA-256 of rows, modulo 2**256, which the server can compute too.

    The digest of a snapshot does not say which body stands in which row; this does.
    """

    def __init__(self, text: str = "0") -> None:
        self._sum = int(text, 16)

    def exchange(
        self, key: bytes, before: bytes | None = None, after: bytes | None = None
    ) -> None:
        """Take the body `after` in the place of `before`; None is no row."""
        for body, sign in ((before, -1), (after, 1)):
            if body is not None:
                digest = hashlib.sha256(key + body).digest()
                self._sum += sign * int.from_bytes(digest)

    @property
    def text(self) -> str:
        """The sum as 64 hexadecimal digits."""
        return f"{self._sum % _MODULUS:064x}"


def row_sum(session: Session, state: int) -> str:
    """Let the server add up the rows of a state."""
    words = session.one(_SUM, state)
    total = 0
    for start, word in zip(range(0, 64, _DIGITS), words, strict=True):
        width = min(_DIGITS, 64 - start)
        total += int(word or 0) << 4 * (64 - start - width)
    return f"{total % _MODULUS:064x}"


# The sum of a bigint is numeric, and does not overflow.
# OFFSET 0 keeps the two queries apart: as one, each sum would hash every row anew.
_SUM = """
    SELECT sum(('x' || substr(h, 1, 15))::bit(60)::bigint),
           sum(('x' || substr(h, 16, 15))::bit(60)::bigint),
           sum(('x' || substr(h, 31, 15))::bit(60)::bigint),
           sum(('x' || substr(h, 46, 15))::bit(60)::bigint),
           sum(('x' || substr(h, 61, 4))::bit(16)::int)
    FROM (SELECT encode(sha256(key || body), 'hex') AS h
          FROM ctsync.entries WHERE state = %s OFFSET 0) AS hashed
"""


def entry_lines(session: Session, state: int) -> Iterator[bytes]:
    """Yield the bodies in the order of their keys; inside of a transaction."""
    rows = session.stream(_BODIES, state, size=ROWS_AT_ONCE)
    return (body for (body,) in rows)


def keyed_bodies(session: Session, state: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows in the order of their keys; inside of a transaction."""
    rows = session.stream(_ROWS, state, size=ROWS_AT_ONCE)
    return ((key, body) for key, body in rows)


_ROWS = "SELECT key, body FROM ctsync.entries WHERE state = %s ORDER BY key"
_BODIES = "SELECT body FROM ctsync.entries WHERE state = %s ORDER BY key"


class Rows(Protocol):
    """What answers a query with rows."""

    def rows(self, statement: LiteralString, *values: object) -> list[Row]:
        """Return the rows, all at once."""
        ...


def entries_of(
    session: Rows, state: int, keys: Iterable[ProfileKey]
) -> Iterator[Entry]:
    """Yield the entries of sorted keys that there are."""
    return (entry_from_line(line) for _, line in lines_of(session, state, keys))


def lines_of(
    session: Rows, state: int, keys: Iterable[ProfileKey]
) -> Iterator[tuple[ProfileKey, bytes]]:
    """Yield the lines of the same entries."""
    waiting = iter(keys)
    while some := list(islice(waiting, KEYS_AHEAD)):
        of_bytes = {key_bytes(key): key for key in some}
        for key, body in session.rows(_CHOSEN, state, list(of_bytes)):
            yield of_bytes[bytes(key)], bytes(body)


_CHOSEN = """
    SELECT key, body FROM ctsync.entries WHERE state = %s AND key = ANY(%s) ORDER BY key
"""


class RowChanges:
    """Changes of rows, written many at a time."""

    def __init__(self, session: Session, state: int) -> None:
        self._session, self._state = session, state
        self._put: dict[bytes, bytes] = {}
        self._gone: list[bytes] = []

    def add(self, key: bytes, body: bytes | None) -> None:
        """Let a row have this body, or be gone."""
        if body is None:
            self._gone.append(key)
        else:
            self._put[key] = body
        if len(self._put) + len(self._gone) >= ROWS_AT_ONCE:
            self.write()

    def write(self) -> None:
        """Write what has gathered."""
        if self._put:
            keys, bodies = list(self._put), list(self._put.values())
            self._session.run(_UPSERT, self._state, keys, bodies)
        if self._gone:
            self._session.run(_DELETE, self._state, self._gone)
        self._put.clear()
        self._gone.clear()


_UPSERT = """
    INSERT INTO ctsync.entries (state, key, body)
    SELECT %s, * FROM unnest(%s::bytea[], %s::bytea[])
    ON CONFLICT (state, key) DO UPDATE SET body = EXCLUDED.body
"""
_DELETE = "DELETE FROM ctsync.entries WHERE state = %s AND key = ANY(%s)"
