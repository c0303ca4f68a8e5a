"""From a database's address to how it is reached, and to what may be said of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ctsync.errors import UsageError

# A server that is gone is noticed within half a minute, not within hours.
_DEFAULTS = {
    "application_name": "ctsync",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


def shown(url: str) -> str:
    """Return what may be said of an address: scheme and host."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return f"postgresql://{host or '...'}"


def connect_options(url: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return what to connect with: what the address says, and defaults beside it.

    Raises:
        UsageError: it is no address; what it says is not shown.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = conninfo_to_dict(url)
    except ProgrammingError:
        raise UsageError(
            f"the state's address {shown(url)} cannot be read",
            hint="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=..., "
            "with %-escapes in the password",
        ) from None
    return {**_DEFAULTS, **_secured(given, variables), **given}


def _secured(
    given: Mapping[str, Any], variables: Mapping[str, str]
) -> Mapping[str, str]:
    """Ask for TLS where neither the address nor the environment decides."""
    named = (*map(given.get, ("hostaddr", "host")), *map(variables.get, _HOSTS))
    hosts = next(filter(None, named), "")
    is_near = all(map(_is_this_machine, hosts.split(",")))
    return {} if is_near or "PGSSLMODE" in variables else {"sslmode": "require"}


_HOSTS = ("PGHOSTADDR", "PGHOST")


def _is_this_machine(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True  # a socket, or loopback
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
