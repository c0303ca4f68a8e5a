"""Sending calls over HTTP; the only place that imports requests.

The passcode travels in a header. It goes to https or to this machine only, redirects
are never followed, and no exception that could carry it leaves this module.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from ctsync import __version__
from ctsync.errors import TransportError
from ctsync.limits import MAX_CONCURRENCY
from ctsync.model.snapshot import REGIONS, Account
from ctsync.transport.exchange import Exchange
from ctsync.transport.http_session import open_session
from ctsync.transport.sanitize_text import cleaning_without
from ctsync.transport.upload_result import UploadResult

if TYPE_CHECKING:
    import requests

_logger = logging.getLogger(__name__)


def base_url(account: Account) -> str:
    """Return the address that calls of an account go to, without a slash at its end.

    Raises:
        TransportError: the region is not known, or a passcode may not go there.
    """
    if account.endpoint is None:
        if account.region not in REGIONS:
            raise TransportError(
                f'"{account.region}" is not a region of CleverTap',
                hint=f"account.region is one of {', '.join(REGIONS)}",
            )
        return f"https://{account.region}.api.clevertap.com"
    _check_endpoint(account.endpoint)
    return account.endpoint.rstrip("/")


def connect(
    account: Account,
    passcode: str,
    *,
    timeout_seconds: float,
    connections: int = MAX_CONCURRENCY,
    monotonic: Callable[[], float] = time.monotonic,
) -> HttpTransport:
    """Get ready to send calls; nothing is sent yet.

    At most so many `connections` are open at a time; further calls wait for one.

    Raises:
        TransportError: the address or the credentials cannot be used.
    """
    url = f"{base_url(account)}/1/upload"
    # The founding document insists on the charset; today's pages omit it.
    words = {"Content-Type": "application/json; charset=utf-8"}
    headers = headers_for(account, passcode) | words
    session = open_session(proxies_for=proxied(url), connections=connections)
    keepable = cleaning_without(passcode)
    exchange = Exchange(session, timeout_seconds, monotonic, keepable)
    return HttpTransport(exchange, url, _prepared_both(session, url, headers))


def headers_for(account: Account, passcode: str) -> dict[str, str]:
    """Return the headers that every call to an account has.

    Raises:
        TransportError: the credentials cannot stand in a header.
    """
    return {
        "X-CleverTap-Account-Id": _header_value("the account id", account.id),
        "X-CleverTap-Passcode": _header_value("the passcode", passcode),
        "Accept-Encoding": "identity",
        "User-Agent": f"ctsync/{__version__}",
    }


def proxied(url: str) -> str | None:
    """Return the address if the environment's proxies are used for it."""
    return None if is_loopback(urlsplit(url)) else url


class HttpTransport:
    """Connections to one account's upload API, kept open; threads may share it."""

    def __init__(
        self,
        exchange: Exchange,
        url: str,
        prepared: Mapping[bool, requests.PreparedRequest],
    ) -> None:
        self._exchange = exchange
        self._url = url
        self._requests = prepared

    def __repr__(self) -> str:
        return f"HttpTransport({self._url!r})"

    def upload(self, body: bytes, *, dry_run: bool) -> UploadResult:
        """Send one call and say what came of it; raises for nothing on the way."""
        upload = _Upload(body)
        request = self._requests[dry_run].copy()
        # Prepared without a body, the request says a length of 0.
        request.headers["Content-Length"] = str(len(body))
        request.body = upload  # type: ignore[assignment] # anything with read() will do
        answer = self._exchange.send(request, lambda: upload.has_left)
        _logger.info(
            "call of %d bytes: %s %s", len(body), answer.happened.name, answer.status
        )
        return answer

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._exchange.close()


class _Upload(io.BytesIO):
    """A body that knows whether it was asked for: only then can it have left."""

    has_left = False

    def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002 - see below
        # All at once: between two pieces another thread would have its turn.
        self.has_left = True
        return super().read()


def _prepared_both(
    session: requests.Session, url: str, headers: Mapping[str, str]
) -> Mapping[bool, requests.PreparedRequest]:
    """Return the request with and without `dryRun`.

    Preparing a request costs more than sending it, and only the body differs.
    """
    return {
        dry_run: _prepared(session, url, headers, dry_run=dry_run)
        for dry_run in (False, True)
    }


def _prepared(
    session: requests.Session, url: str, headers: Mapping[str, str], *, dry_run: bool
) -> requests.PreparedRequest:
    import requests

    params = {"dryRun": "1"} if dry_run else None
    request = requests.Request("POST", url, headers=dict(headers), params=params)
    return session.prepare_request(request)


def _check_endpoint(endpoint: str) -> None:
    parts = _split(endpoint)
    if parts is None or parts.username or parts.password or parts.query:
        raise TransportError(
            "account.endpoint is not an address of the form https://host[:port]",
            hint="write scheme, host and port only; credentials go elsewhere",
        )
    if not is_private_enough(parts):
        raise TransportError(
            f"the passcode is not sent to {parts.hostname} over {parts.scheme}",
            hint="account.endpoint must be https, or http on this machine",
        )


def _split(endpoint: str) -> SplitResult | None:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return None
    is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return parts if is_whole and port != 0 and not parts.fragment else None


def is_private_enough(parts: SplitResult) -> bool:
    """Return whether an address is https, or http that stays on this machine."""
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts))


def is_loopback(parts: SplitResult) -> bool:
    """Return whether an address names this machine."""
    host = parts.hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _header_value(what: str, value: str) -> str:
    is_sendable = value.isprintable() and value.strip() == value != ""
    if is_sendable and all(ord(character) < 256 for character in value):
        return value
    raise TransportError(
        f"{what} is empty or has characters that a request cannot carry",
        hint="look for a line break, a space at an end, or a letter outside Latin-1",
    )
