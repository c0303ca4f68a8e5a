"""Connections whose whole reply, head included, arrives in time or not at all.

A socket's timeout starts anew with every byte, so that a head that drips, or the sizes
of chunks, would hold a call for ever. Imported late, with requests.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    from socket import socket

_SWITCHING_PROTOCOLS = 101


def make_timely(manager: Any) -> Any:
    """Have a pool manager of urllib3 open such connections; gives it back."""
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager


class TimelyReader(io.RawIOBase):
    """Reads a socket until a moment, however often something arrives."""

    def __init__(self, raw: io.RawIOBase, sock: socket, seconds: float) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._over_at = time.monotonic() + seconds

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived.

        Raises:
            TimeoutError: the moment has passed.
        """
        left = self._over_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")  # as a socket says
        self._sock.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """A reply that is read in time; hints that come before it are passed over."""

    def __init__(self, sock: socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        seconds = sock.gettimeout()
        if seconds is not None:
            reader = TimelyReader(self.fp.detach(), sock, seconds)
            self.fp = io.BufferedReader(reader)

    def _read_status(self) -> tuple[str, int, str]:
        # The standard library takes 102 and 103 for the reply itself, and the reply
        # for that of the next call.
        while True:
            status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not _is_hint(status[1]):
                return status
            while self.fp.readline(65_537).strip():
                pass


def _is_hint(status: int) -> bool:
    return 100 <= status < 200 and status != _SWITCHING_PROTOCOLS


class _HttpConnection(urllib3.connection.HTTPConnection):
    response_class = _Response


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection
