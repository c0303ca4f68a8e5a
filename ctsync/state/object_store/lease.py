"""Being the one writer of a state in a bucket, by a lease that has to be renewed.

No clock of another machine is believed: a lease is taken over once it has stood still
for its whole term while the taker looked on, by the taker's own clock that never goes
back. Its holder counts the same term from before each renewal, so that it stops first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from msgspec.structs import replace

from ctsync.errors import StateError
from ctsync.state.lock_holder import Holder, lock_lost, locked
from ctsync.state.object_store.head import Head, HeadObject, Lease, beaten

TERM_SECONDS = 24.0
BEATS_A_TERM = 6
SAFE_SHARE = 0.9  # of a term: clocks differ a little in speed


def boot_seconds() -> float:
    """Return a time that goes on while the machine sleeps, where the system has one."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Held:
    """A lease that this process holds, as far as it knows."""

    def __init__(
        self, head: HeadObject, epoch: int, term_seconds: float, *, since: float
    ) -> None:
        self.epoch = epoch
        self._head, self._term_seconds = head, term_seconds
        self._safe_until = since + SAFE_SHARE * term_seconds
        self._is_over = Event()

    def change(self, edit: Callable[[Head], Head]) -> Head:
        """Change the head as its holder, which renews the lease as well.

        Raises:
            StateError: another run took the lease (code `lock_lost`), or it cannot be
                written.
        """
        since = boot_seconds()
        after = self._head.change(lambda head: edit(self._renewed(head)))
        self._safe_until = since + SAFE_SHARE * self._term_seconds
        return after

    def check(self) -> None:
        """Refuse where the lease may be another's; asks only where time is up.

        Raises:
            StateError: it is (code `lock_lost`), or that cannot be seen.
        """
        if boot_seconds() >= self._safe_until:
            self.change(lambda head: head)

    def _renewed(self, head: Head) -> Head:
        if head.epoch != self.epoch or head.lease is None:
            raise lock_lost(self._head.location)
        return replace(head, lease=beaten(head.lease))

    def keep_renewing(self) -> None:
        """Renew until `release`, or until the lease is another's."""
        while not self._is_over.wait(self._term_seconds / BEATS_A_TERM):
            try:
                self.change(lambda head: head)
            except StateError as error:
                # What else failed may go well the next time; until then `check` lets
                # nothing leave once the time is up.
                if error.code == "lock_lost":
                    return

    def release(self) -> None:
        """Let go at once, if this can be told; else the lease runs out."""
        self._is_over.set()
        with suppress(StateError):
            self.change(lambda head: replace(head, lease=None))


@contextmanager
def leased(
    head: HeadObject, holder: Holder, *, timeout_seconds: float, term_seconds: float
) -> Generator[Held]:
    """Hold the lease while the context lasts.

    Raises:
        StateLocked: another run holds it, and was seen alive after the timeout.
        StateError: the bucket cannot be used.
    """
    lease = Lease(holder, term_seconds)
    until = boot_seconds() + timeout_seconds
    since = boot_seconds()
    watch = _Watch(head.location)
    while (taken := _taken(head, lease, watch)) is None:
        watch.check_patience(until)
        time.sleep(watch.pause_seconds(until))
        since = boot_seconds()
    # From before it was asked for: how long the answer took nobody can tell.
    held = Held(head, taken.epoch, term_seconds, since=since)
    Thread(target=held.keep_renewing, name="ctsync-lease", daemon=True).start()
    try:
        yield held
    finally:
        held.release()


class _Watch:
    """A lease of somebody else, looked at again and again."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._lease: Lease | None = None
        self._mark: tuple[int, int] | None = None
        self._since = 0.0
        self._has_moved = False

    def may_take(self, head: Head) -> bool:
        """Look at a head; say whether nobody holds the lease any more."""
        self._lease = head.lease
        if head.lease is None:
            return True
        mark, now = (head.epoch, head.lease.beat), boot_seconds()
        if mark != self._mark:
            self._has_moved = self._mark is not None
            self._mark, self._since = mark, now
        return now - self._since >= head.lease.term_seconds

    def check_patience(self, until: float) -> None:
        """Give up once the time is over and the holder was seen alive.

        Raises:
            StateLocked: so it is.
        """
        if self._has_moved and boot_seconds() >= until:
            holder = None if self._lease is None else self._lease.holder
            raise locked(self._location, holder)

    def pause_seconds(self, until: float) -> float:
        """Return how long to look away."""
        term = 1.0 if self._lease is None else self._lease.term_seconds
        left = until - boot_seconds()
        # Twice for each beat, so that a lease that moves is seen to move.
        return max(0.01, min(term / BEATS_A_TERM / 2, left if left > 0 else term))


def _taken(head: HeadObject, lease: Lease, watch: _Watch) -> Head | None:
    """Take the lease if it is free; None where it is not."""

    def take(found: Head) -> Head:
        if not watch.may_take(found):
            raise _Occupied
        return replace(found, epoch=found.epoch + 1, lease=lease)

    try:
        return head.change(take)
    except _Occupied:
        return None


class _Occupied(Exception):
    """The lease is somebody's."""
