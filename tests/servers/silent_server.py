"""A server that is gone, on a port that nobody else gets meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from ctsync.sandbox import Sandbox


@contextmanager
def silenced(sandbox: Sandbox) -> Iterator[None]:
    """Stop a sandbox; who connects to its address is refused, whatever else runs.

    A port that is free is soon another test's, whose server would answer.
    """
    port = urlsplit(sandbox.url).port
    sandbox.stop()
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        yield
