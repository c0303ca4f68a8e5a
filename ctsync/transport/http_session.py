"""Sessions that do only what they are told: no redirect, cookie, netrc, or waiting."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests


def open_session(*, proxies_for: str | None, connections: int) -> requests.Session:
    """Return a session of at most so many connections at a time.

    The environment's proxies are used for the address `proxies_for`, if one is given.
    """
    from http.cookiejar import DefaultCookiePolicy

    import requests

    session = requests.Session()
    # Even where none is followed, requests reads the place that a redirect names, and
    # its whole body: of any size, and with errors of its own.
    session.get_redirect_target = _no_target  # type: ignore[assignment]
    session.mount("https://", _adapter(connections))
    session.mount("http://", _adapter(connections))
    # Cookies would tie calls to each other, and the session is shared by threads.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Else a .netrc would add credentials, and loopback calls would meet a proxy.
    session.trust_env = False
    if proxies_for is not None:
        session.proxies = dict(requests.utils.get_environ_proxies(proxies_for))
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    session.verify = bundle or True
    return session


def _no_target(_: requests.Response) -> None:
    return None


def _adapter(connections: int) -> requests.adapters.HTTPAdapter:
    from requests.adapters import HTTPAdapter

    from ctsync.transport.connections import watch_connections

    class WatchedAdapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **more: Any) -> None:
            super().init_poolmanager(*args, **more)
            watch_connections(self.poolmanager)

        def proxy_manager_for(self, *args: Any, **more: Any) -> Any:
            return watch_connections(super().proxy_manager_for(*args, **more))

    # Without `pool_block` urllib3 opens as many as are asked for, and throws away what
    # it has no place for: a handshake a call.
    return WatchedAdapter(pool_connections=1, pool_maxsize=connections, pool_block=True)
