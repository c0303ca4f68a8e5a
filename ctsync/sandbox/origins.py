"""Who may talk to a server on this machine: its programs, and no page from elsewhere.

A page in a browser can send requests to loopback, and one whose name is made to point
there (DNS rebinding) can read the replies, too. Browsers say where a request comes from
and which name it was sent to; programs name this machine and no origin.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit


def refusal_of(header: Callable[[str], str]) -> str | None:
    """Say why a request is not answered, from its headers; None where it is.

    `header` gives a header by its name in lower case, or an empty string.
    """
    host, origin, site = map(header, ("host", "origin", "sec-fetch-site"))
    if not _is_here(f"//{host}"):
        return "the Host header does not name this machine: use 127.0.0.1 or localhost"
    if origin and not (_is_here(origin) and urlsplit(origin).netloc == host):
        return "the request comes from a page of another origin"
    if site not in {"", "none", "same-origin"}:
        return "the request comes from a page of another site"
    return None


def _is_here(address: str) -> bool:
    try:
        name = urlsplit(address).hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
