"""Connections that a watchdog can cut, and that pass over hints before a reply.

Imported late, with requests.
"""

from __future__ import annotations

from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from ctsync.transport.watchdog import WatchedCall, note

_SWITCHING_PROTOCOLS = 101


def watch_connections(manager: Any) -> Any:
    """Have a pool manager of urllib3 open such connections; gives it back."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


class _Reply(HTTPResponse):
    """A reply; the standard library takes 102 and 103 for the reply itself.

    The reply would then be taken for that of the next call.
    """

    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200 and self.status != _SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


class _Connection(HTTPConnection):
    response_class = _Reply
    call: WatchedCall | None = None

    def connect(self) -> None:
        note(self)
        super().connect()
        note(self)

    def request(self, *args: Any, **more: Any) -> None:
        note(self)
        super().request(*args, **more)


class _TlsConnection(_Connection, HTTPSConnection):
    """The same, over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
