"""A watchdog over calls: it cuts the connection of one that has not ended in time.

A socket's timeout starts anew with every byte, so that a head that drips, or the sizes
of chunks, would hold a call for ever. Whoever reads then meets the end of the stream,
and asks the call whether it is over.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Lock, Thread
from typing import Protocol


class Watched(Protocol):
    """A connection that knows the call that it serves."""

    sock: socket.socket | None
    call: WatchedCall | None


class WatchedCall:
    """One call, from its beginning to the last byte of its reply.

    `is_over` says that its time had run out before it ended.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._has_ended = False
        self._connection: Watched | None = None
        self._sock: socket.socket | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._has_ended

    def takes(self, connection: Watched) -> None:
        """Note the connection that the call uses, once more where it was opened."""
        with _LOCK:
            connection.call = self
            self._connection, self._sock = connection, connection.sock
            if self.is_over:
                self._cut()

    def end(self) -> None:
        """Let go of the connection, which may serve another call from now on."""
        with _LOCK:
            self._has_ended = True
            self._connection = self._sock = None

    def bark(self) -> None:
        """Cut the connection, unless the call has ended."""
        with _LOCK:
            if not self._has_ended:
                self.is_over = True
                self._cut()

    def require_time(self) -> None:
        """Make sure that there was time enough.

        Raises:
            TimeoutError: there was not; what was read is cut off.
        """
        if self.is_over:
            raise TimeoutError("timed out")  # as a socket says

    def _cut(self) -> None:
        connection = self._connection
        if connection is None or connection.call is not self:
            return
        for sock in filter(None, {connection.sock, self._sock}):
            with suppress(OSError):  # it has gone by itself
                # That of the class itself: TLS would say goodbye, and wait for it.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


_LOCK = Lock()  # a connection changes hands in one thread, and is cut in another
_CALL: ContextVar[WatchedCall | None] = ContextVar("call", default=None)


def note(connection: Watched) -> None:
    """Note a connection as that of the call of this thread, if there is one."""
    call = _CALL.get()
    if call is not None:
        call.takes(connection)


class Watchdog:
    """Looks after calls of any number of threads, from a thread of its own.

    It begins with the first call, and ends with the process or with `close`.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._calls: list[tuple[float, int, WatchedCall]] = []
        self._numbers = count()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._is_closed = False

    @contextmanager
    def watch(self, seconds: float) -> Iterator[WatchedCall]:
        """Give a call so much time; connections that this thread uses are its own."""
        call = WatchedCall()
        self._add(self._monotonic() + seconds, call)
        token = _CALL.set(call)
        try:
            yield call
        finally:
            _CALL.reset(token)
            call.end()

    def close(self) -> None:
        """Look after nothing any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _add(self, over_at: float, call: WatchedCall) -> None:
        with self._changed:
            first = next(self._numbers)
            heappush(self._calls, (over_at, first, call))
            if self._thread is None:
                self._thread = Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif self._calls[0][2] is call:
                self._changed.notify()

    def _run(self) -> None:
        while (call := self._next_over()) is not None:
            call.bark()

    def _next_over(self) -> WatchedCall | None:
        """Wait for a call whose time has run out; None once there is nothing to do."""
        with self._changed:
            while not self._is_closed:
                while self._calls and self._calls[0][2].has_ended:
                    heappop(self._calls)
                left = self._calls[0][0] - self._monotonic() if self._calls else None
                if left is not None and left <= 0:
                    return heappop(self._calls)[2]
                self._changed.wait(left)
        return None
