"""Being the one writer of a state in a database, for as long as a session lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from threading import RLock

from ctsync.errors import StateError
from ctsync.state.lock_holder import Holder, holder_from_line, lock_lost, locked
from ctsync.state.postgres.schema import CLASS, migrate
from ctsync.state.postgres.session import (
    RECONNECT_SECONDS,
    Session,
    connected_again,
)

POLL_SECONDS = 0.2
TRUSTED_SECONDS = 1.0  # after an answer of the server


class Tenure:
    """A session, and the epoch that it was given when it took the lock.

    The lock is the server's and ends with the session, be it by a cut that this side
    has not noticed, or because a pooler gives the session to somebody else. So every
    write asks for the epoch, which each holder raises. After a cut the lock is taken
    again by a new session, if nobody held it meanwhile: then the epoch is the same.
    """

    def __init__(self, url: str, session: Session, state: int, epoch: int) -> None:
        self.session, self.state, self.epoch = session, state, epoch
        self.location = session.location
        self._url = url
        self._lock = RLock()
        self._seen_at = -TRUSTED_SECONDS
        self._is_given_up = False

    @contextmanager
    def writing(self) -> Generator[Session]:
        """Return the session, in a transaction that no later holder can be before.

        Raises:
            StateError: the lock is another's (code `lock_lost`), or what is done
                inside failed; if by a cut, none of it may have been kept, or all.
        """
        with self._lock, ExitStack() as stack:
            try:
                self._begin(stack)
            except StateError:
                if not self.session.is_cut:
                    raise
                # What began is left as it is: of a cut session it ends by itself.
                self._take_again()
                self._begin(stack)
            yield self.session

    def insist(self, act: Callable[[Session], None]) -> None:
        """Write, and again if a cut came in between; `act` finds what is there already.

        Raises:
            StateError: as `writing`.
        """
        with self._lock:
            try:
                with self.writing() as session:
                    act(session)
            except StateError:
                if not self.session.is_cut or self._is_given_up:
                    raise
                with self.writing() as session:
                    act(session)

    def check(self) -> None:
        """Refuse where the lock may be another's; asks the server once a second.

        Raises:
            StateError: it is (code `lock_lost`), or the server does not answer.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._seen_at >= TRUSTED_SECONDS:
                with self.writing():
                    # From before the question: when the server looked, nobody here
                    # knows.
                    self._seen_at = now

    def close(self) -> None:
        """Let go of the lock."""
        with suppress(StateError):  # with the session the lock is gone too
            change = "UPDATE ctsync.states SET holder = NULL WHERE id = %s"
            self.session.run(change, self.state)
            self.session.rows("SELECT pg_advisory_unlock(%s, %s)", CLASS, self.state)
        self.session.close()

    def _begin(self, stack: ExitStack) -> None:
        stack.enter_context(self.session.transaction())
        if self.session.one(_EPOCH, self.state) != (self.epoch,):
            raise lock_lost(self.location)

    def _take_again(self) -> None:
        """Take the lock by a new session, unless it was somebody's since.

        Raises:
            StateError: it was, or no server answers in time.
        """
        until = time.monotonic() + (0 if self._is_given_up else RECONNECT_SECONDS)
        self._is_given_up = True
        session = connected_again(self._url, until)
        while session.one(_LOCK, CLASS, self.state) != (True,):
            # The server may not have noticed yet that the former session is gone.
            is_ours = session.one(_SEEN, self.state) == (self.epoch,)
            if not is_ours or time.monotonic() >= until:
                raise lock_lost(self.location)
            time.sleep(POLL_SECONDS)
        self.session, self._is_given_up = session, False


_LOCK = "SELECT pg_try_advisory_lock(%s, %s)"
_SEEN = "SELECT epoch FROM ctsync.states WHERE id = %s"
# FOR UPDATE: whoever takes the lock raises the epoch, and so waits until this
# transaction has ended.
_EPOCH = "SELECT epoch FROM ctsync.states WHERE id = %s FOR UPDATE"


def find_state(session: Session, name: str) -> int:
    """Return the number of a state, which is made if there is none of this name."""
    migrate(session)
    session.run(_NEW, name)
    (number,) = session.one("SELECT id FROM ctsync.states WHERE name = %s", name)
    return int(number)


_NEW = "INSERT INTO ctsync.states (name) VALUES (%s) ON CONFLICT DO NOTHING"


def unlocked(url: str, name: str) -> Tenure:
    """Write beside the lock, where nobody else can be at work: the epoch stays."""
    session = Session(url)
    state = find_state(session, name)
    (epoch,) = session.one(_SEEN, state)
    return Tenure(url, session, state, epoch)


@contextmanager
def tenure(
    url: str, name: str, holder: Holder, timeout_seconds: float
) -> Generator[Tenure]:
    """Hold the lock of a state by a session of its own.

    Raises:
        StateLocked: another run does, and did still after the timeout.
        StateError: the database cannot be used.
    """
    session = Session(url)
    try:
        state = find_state(session, name)
        _wait_for_lock(session, state, timeout_seconds)
        (epoch,) = session.one(_BEGIN, holder.as_line(), state)
    except BaseException:
        session.close()
        raise
    held = Tenure(url, session, state, epoch)
    try:
        yield held
    finally:
        held.close()


_BEGIN = """
    UPDATE ctsync.states SET epoch = epoch + 1, holder = %s WHERE id = %s
    RETURNING epoch
"""


def _wait_for_lock(session: Session, state: int, timeout_seconds: float) -> None:
    until = time.monotonic() + timeout_seconds
    while session.one(_LOCK, CLASS, state) != (True,):
        left = until - time.monotonic()
        if left <= 0:
            raise locked(session.location, _holder(session, state))
        time.sleep(min(left, POLL_SECONDS))


def _holder(session: Session, state: int) -> Holder | None:
    (line,) = session.one("SELECT holder FROM ctsync.states WHERE id = %s", state)
    return None if line is None else holder_from_line(line)
