"""Servers that every fork of a run shares, each started once, by another process.

The clients that a server's start uses have threads, which no fork outlives; so whoever
forks gets only what leads to a server that runs already. What one test leaves there,
the next fork finds: names that tests give have the number of their process in them.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

FIXTURES = ("postgres_server", "object_server")
sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))


class Shared:
    """A plugin of pytest that gives servers in the place of the fixtures so named."""

    def __init__(self, servers: Mapping[str, Any]) -> None:
        self._servers = servers

    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> object | None:
        """Take what runs already; of other fixtures, say nothing."""
        server = self._servers.get(fixturedef.argname)
        if server is not None:
            # pytest_fixture_setup is to set this: nothing is there to be closed.
            key = fixturedef.cache_key(request)  # type: ignore[arg-type]
            fixturedef.cached_result = (server, key, None)
        return server


@contextmanager
def running(names: tuple[str, ...]) -> Generator[Shared]:
    """Start servers, by the names of their fixtures, as long as the context lasts."""
    if not names:
        yield Shared({})
        return
    with subprocess.Popen(
        [sys.executable, __file__, *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        servers = pickle.load(process.stdout)
        for server in servers.values():
            os.environ.update(getattr(server, "variables", dict)())
        try:
            yield Shared(servers)
        finally:
            process.stdin.close()


def _serve(names: list[str]) -> None:
    servers = {name: _made(name) for name in names}
    try:
        told = {name: _told(server) for name, server in servers.items()}
        sys.stdout.buffer.write(pickle.dumps(told))
        sys.stdout.buffer.flush()
        sys.stdin.buffer.read()
    finally:
        for server in servers.values():
            server.close()


def _made(name: str) -> Any:
    from object_server import ObjectServer
    from postgres_server import PostgresServer

    return {"postgres_server": PostgresServer, "object_server": ObjectServer}[name]()


def _told(server: Any) -> Any:
    """Copy what leads to a server, without its process and what is connected to it."""
    told = copy(server)
    told._process, told._connections = None, {}
    return told


if __name__ == "__main__":
    _serve(sys.argv[1:])
