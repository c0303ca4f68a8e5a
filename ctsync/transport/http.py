"""Sending calls over HTTP; the only place that imports requests.

The passcode travels in a header. It goes to https or to this machine only, redirects
are never followed, and no exception that could carry it leaves this module.
"""

from __future__ import annotations

import io
import logging
import time
import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from ctsync import __version__
from ctsync.canonical_json import parse
from ctsync.errors import TransportError
from ctsync.limits import MAX_CONCURRENCY
from ctsync.model.snapshot import Account
from ctsync.transport.http_session import open_session
from ctsync.transport.sanitize_text import cleaning_without
from ctsync.transport.upload_result import CallEnding, UploadResult

if TYPE_CHECKING:
    import requests

REGIONS = ("eu1", "in1", "sg1", "us1", "aps3", "mec1")
MAX_REPLY_BYTES = 16_000_000
MAX_RETRY_AFTER_SECONDS = 3600.0

_CHUNK = 65_536
_logger = logging.getLogger(__name__)
_CONNECT_SECONDS = 10.0
_HAPPENED = {
    303: CallEnding.LOST,  # "see other" is said of what was taken, too
    400: CallEnding.MALFORMED,
    401: CallEnding.UNAUTHORISED,
    403: CallEnding.UNAUTHORISED,
    408: CallEnding.LOST,  # a timeout, told by a proxy
    413: CallEnding.TOO_LARGE,
    429: CallEnding.THROTTLED,
}


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
    headers = {
        "X-CleverTap-Account-Id": _header_value("the account id", account.id),
        "X-CleverTap-Passcode": _header_value("the passcode", passcode),
        # The founding document insists on the charset; today's pages omit it.
        "Content-Type": "application/json; charset=utf-8",
        "Accept-Encoding": "identity",
        "User-Agent": f"ctsync/{__version__}",
    }
    proxied = None if is_loopback(urlsplit(url)) else url
    session = open_session(proxies_for=proxied, connections=connections)
    keepable = cleaning_without(passcode)
    return HttpTransport(session, url, headers, timeout_seconds, monotonic, keepable)


class HttpTransport:
    """Connections to one account's upload API, kept open; threads may share it."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        headers: Mapping[str, str],
        timeout_seconds: float,
        monotonic: Callable[[], float],
        keepable: Callable[[str], str],
    ) -> None:
        self._session = session
        self._url = url
        self._keepable = keepable
        # Preparing a request costs more than sending it, and only the body differs.
        self._requests = {
            dry_run: _prepared(session, url, headers, dry_run=dry_run)
            for dry_run in (False, True)
        }
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic

    def __repr__(self) -> str:
        return f"HttpTransport({self._url!r})"

    def upload(self, body: bytes, *, dry_run: bool) -> UploadResult:
        """Send one call and say what came of it; raises for nothing on the way."""
        answer = self._exchange(body, dry_run=dry_run)
        _logger.info(
            "call of %d bytes: %s %s", len(body), answer.happened.name, answer.status
        )
        return answer

    def _exchange(self, body: bytes, *, dry_run: bool) -> UploadResult:
        deadline = self._monotonic() + self._timeout_seconds
        upload = _Upload(body)
        request = self._requests[dry_run].copy()
        request.headers["Content-Length"] = str(len(body))
        request.body = upload  # type: ignore[assignment] # anything with read() will do
        try:
            with self._send(request) as response:
                return self._answer(response, deadline)
        except self._failures() as error:
            happened = CallEnding.LOST if upload.has_left else CallEnding.UNREACHABLE
            reason = _innermost(error)
            said = self._keepable(str(reason))
            return UploadResult(happened, message=_own_words(reason), said=said)

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._session.close()

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        connect_seconds = min(_CONNECT_SECONDS, self._timeout_seconds)
        return self._session.send(
            request,
            timeout=(connect_seconds, self._timeout_seconds),
            allow_redirects=False,
            stream=True,
        )

    def _answer(self, response: requests.Response, deadline: float) -> UploadResult:
        status = response.status_code
        happened = _happened(status)
        try:
            body = self._read(response, deadline)
        except self._failures():
            if happened is CallEnding.REPLIED:
                raise
            body = None
        said = None if happened is CallEnding.REPLIED else _error_in(body)
        return UploadResult(
            happened,
            status,
            body,
            f"HTTP {status} {_phrase(status)}".rstrip(),
            None if said is None else self._keepable(f"HTTP {status} {said}"),
            self._keepable,
            _retry_after(response.headers.get("Retry-After")),
        )

    def _read(self, response: requests.Response, deadline: float) -> bytes | None:
        """Read the body, bounded in bytes and in time; None where it is too long."""
        unpack = _unpacker(response.headers.get("Content-Encoding", ""))
        if unpack is None:
            return None
        # read1 returns what has arrived, so a body that drips meets the deadline.
        read = getattr(response.raw, "read1", response.raw.read)
        body = bytearray()
        while chunk := read(_CHUNK, decode_content=False):
            body += unpack(chunk, MAX_REPLY_BYTES + 1 - len(body))
            if len(body) > MAX_REPLY_BYTES:
                return None
            if self._monotonic() > deadline:
                raise TimeoutError("the reply did not end in time")
        return bytes(body)

    @staticmethod
    def _failures() -> tuple[type[Exception], ...]:
        from http.client import HTTPException

        from requests import RequestException
        from urllib3.exceptions import HTTPError

        return (
            RequestException, HTTPError, HTTPException, OSError, zlib.error, MemoryError
        )  # fmt: skip


class _Upload(io.BytesIO):
    """A body that knows whether it was asked for: only then can it have left."""

    has_left = False

    def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002 - see below
        # All at once: between two pieces another thread would have its turn.
        self.has_left = True
        return super().read()


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


def _happened(status: int) -> CallEnding:
    if 200 <= status < 300:
        return CallEnding.REPLIED
    if status < 200 or status >= 500:
        return CallEnding.LOST
    return _HAPPENED.get(status, CallEnding.REFUSED)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes] | None:
    """Return what unpacks a body up to a number of bytes."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return lambda chunk, _most: chunk
    if name in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(wbits=47).decompress
    return None


def _error_in(body: bytes | None) -> str | None:
    try:
        reply: Any = parse(body or b"")
    except ValueError:
        return None
    said = reply.get("error") if isinstance(reply, dict) else None
    return said if isinstance(said, str) else None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _retry_after(header: str | None) -> float | None:
    text = (header or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return min(float(text), MAX_RETRY_AFTER_SECONDS)


def _innermost(error: BaseException) -> BaseException:
    """Return the innermost reason; the outer ones repeat addresses and pools."""
    seen = 0
    while (inner := _inner(error)) is not None and seen < 10:
        error, seen = inner, seen + 1
    return error


def _own_words(error: BaseException) -> str:
    """Return a reason in words of this machine; other texts may quote the server."""
    if isinstance(error, TimeoutError):
        return "no reply in time"
    words = getattr(error, "strerror", None)
    name = type(error).__name__
    return f"{name}: {words}" if words else name


def _inner(error: BaseException) -> BaseException | None:
    reasons = (getattr(error, "reason", None), *error.args)
    found = (each for each in reasons if isinstance(each, BaseException))
    return next(found, None) or error.__cause__ or error.__context__
