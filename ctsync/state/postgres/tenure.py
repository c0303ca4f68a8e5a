"""Being the one writer of a state in a database, for as long as a session lives."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import RLock

from ctsync.errors import StateError
from ctsync.state.lock_holder import Holder, holder_from_line, lock_lost, locked
from ctsync.state.postgres.schema import CLASS, migrate
from ctsync.state.postgres.session import Session

POLL_SECONDS = 0.2
TRUSTED_SECONDS = 1.0  # after an answer of the server


class Tenure:
    """A session, and the epoch that it was given when it took the lock.

    The lock is the server's and ends with the session, be it by a cut that this side
    has not noticed, or because a pooler gives the session to somebody else. So every
    write asks for the epoch, which each holder raises.
    """

    def __init__(self, session: Session, state: int, epoch: int) -> None:
        self.session, self.state, self.epoch = session, state, epoch
        self._lock = RLock()
        self._seen_at = -TRUSTED_SECONDS

    @contextmanager
    def writing(self) -> Generator[Session]:
        """Return the session, in a transaction that no later holder can be before."""
        with self._lock, self.session.transaction():
            self._demand()
            yield self.session

    def check(self) -> None:
        """Refuse where the lock may be another's; asks the server once a second.

        Raises:
            StateError: it is (code `lock_lost`), or the server does not answer.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._seen_at >= TRUSTED_SECONDS:
                with self.writing():
                    self._seen_at = now

    def _demand(self) -> None:
        if self.session.one(_EPOCH, self.state) != (self.epoch,):
            raise lock_lost(self.session.location)


_EPOCH = "SELECT epoch FROM ctsync.states WHERE id = %s FOR UPDATE"


def find_state(session: Session, name: str) -> int:
    """Return the number of a state, which is made if there is none of this name."""
    migrate(session)
    session.run(_NEW, name)
    (number,) = session.one("SELECT id FROM ctsync.states WHERE name = %s", name)
    return int(number)


_NEW = "INSERT INTO ctsync.states (name) VALUES (%s) ON CONFLICT DO NOTHING"


def unlocked(session: Session, name: str) -> Tenure:
    """Write beside the lock, where nobody else can be at work: the epoch stays."""
    state = find_state(session, name)
    (epoch,) = session.one("SELECT epoch FROM ctsync.states WHERE id = %s", state)
    return Tenure(session, state, epoch)


@contextmanager
def tenure(
    session: Session, name: str, holder: Holder, timeout_seconds: float
) -> Generator[Tenure]:
    """Hold the lock of a state by a session.

    Raises:
        StateLocked: another run does, and did still after the timeout.
        StateError: the database cannot be used.
    """
    state = find_state(session, name)
    _wait_for_lock(session, state, timeout_seconds)
    try:
        (epoch,) = session.one(_BEGIN, holder.as_line(), state)
        yield Tenure(session, state, epoch)
    finally:
        with suppress(StateError):  # with the session the lock is gone too
            session.run("UPDATE ctsync.states SET holder = NULL WHERE id = %s", state)
            session.rows("SELECT pg_advisory_unlock(%s, %s)", CLASS, state)


_BEGIN = """
    UPDATE ctsync.states SET epoch = epoch + 1, holder = %s WHERE id = %s
    RETURNING epoch
"""


def _wait_for_lock(session: Session, state: int, timeout_seconds: float) -> None:
    until = time.monotonic() + timeout_seconds
    while session.one("SELECT pg_try_advisory_lock(%s, %s)", CLASS, state) != (True,):
        left = until - time.monotonic()
        if left <= 0:
            raise locked(session.location, _holder(session, state))
        time.sleep(min(left, POLL_SECONDS))


def _holder(session: Session, state: int) -> Holder | None:
    (line,) = session.one("SELECT holder FROM ctsync.states WHERE id = %s", state)
    return None if line is None else holder_from_line(line)
