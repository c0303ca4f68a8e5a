"""One request and the end of it: what uploads and reads have in common."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ctsync.canonical_json import parse
from ctsync.transport.failure_words import innermost, own_words
from ctsync.transport.upload_result import CallEnding, UploadResult
from ctsync.transport.watchdog import Watchdog, WatchedCall

if TYPE_CHECKING:
    import requests

MAX_REPLY_BYTES = 16_000_000
MAX_RETRY_AFTER_SECONDS = 3600.0

_CHUNK = 65_536
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


class Exchange:
    """Sends requests over kept connections; threads may share it."""

    def __init__(
        self,
        session: requests.Session,
        timeout_seconds: float,
        monotonic: Callable[[], float],
        keepable: Callable[[str], str],
    ) -> None:
        self._session = session
        self._timeout_seconds = timeout_seconds
        self._watchdog = Watchdog(monotonic)
        self._keepable = keepable

    def send(
        self,
        request: requests.PreparedRequest,
        has_left: Callable[[], bool],
        *,
        most_bytes: int = MAX_REPLY_BYTES,
    ) -> UploadResult:
        """Send a request and say what came of it; raises for nothing on the way.

        `has_left` says, once it has failed, whether the server may have it. A longer
        body than `most_bytes` is not read.
        """
        with self._watchdog.watch(self._timeout_seconds) as call:
            return self._sent(request, call, has_left, most_bytes)

    def _sent(
        self,
        request: requests.PreparedRequest,
        call: WatchedCall,
        has_left: Callable[[], bool],
        most_bytes: int,
    ) -> UploadResult:
        try:
            with self._open(request) as response:
                return self._answer(response, call, most_bytes)
        except self._failures() as error:
            happened = CallEnding.LOST if has_left() else CallEnding.UNREACHABLE
            reason = _reason(error, call)
            said = self._keepable(str(reason))
            return UploadResult(happened, message=own_words(reason), said=said)

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._session.close()
        self._watchdog.close()

    def _open(self, request: requests.PreparedRequest) -> requests.Response:
        connect_seconds = min(_CONNECT_SECONDS, self._timeout_seconds)
        return self._session.send(
            request,
            timeout=(connect_seconds, self._timeout_seconds),
            # requests would take the passcode's header to wherever a redirect points.
            allow_redirects=False,
            # The body is read by `_read`, which bounds it in bytes and time.
            stream=True,
        )

    def _answer(
        self, response: requests.Response, call: WatchedCall, most_bytes: int
    ) -> UploadResult:
        status = response.status_code
        happened = _happened(status)
        try:
            body = self._read(response, call, most_bytes)
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
            _told_time(response.headers.get("Date")),
        )

    def _read(
        self, response: requests.Response, call: WatchedCall, most_bytes: int
    ) -> bytes | None:
        """Read the body, bounded in bytes and in time; None where it is too long."""
        unpack = _unpacker(response.headers.get("Content-Encoding", ""))
        if unpack is None:
            return None
        body = bytearray()
        while chunk := response.raw.read(_CHUNK, decode_content=False):
            body += unpack(chunk, most_bytes + 1 - len(body))
            if len(body) > most_bytes:
                return None
        # A connection that was cut looks like one that has ended by itself.
        call.require_time()
        return bytes(body)

    @staticmethod
    def _failures() -> tuple[type[Exception], ...]:
        from http.client import HTTPException

        from requests import RequestException
        from urllib3.exceptions import HTTPError

        # A chunk of a negative size is a ValueError of the standard library.
        return (
            RequestException, HTTPError, HTTPException, OSError, zlib.error,
            MemoryError, ValueError,
        )  # fmt: skip


def _reason(error: BaseException, call: WatchedCall) -> BaseException:
    """Return why there is no answer, the same whichever of two clocks ran out first."""
    found = innermost(error)
    # That of a socket says "timed out", which is no word of the server's.
    is_late = isinstance(found, TimeoutError) and found.errno is None
    return TimeoutError() if is_late or call.is_over else found


def _happened(status: int) -> CallEnding:
    if 200 <= status < 300:
        return CallEnding.REPLIED
    # A server, or a proxy before it, may fail after the deed.
    if status < 200 or status >= 500:
        return CallEnding.LOST
    return _HAPPENED.get(status, CallEnding.REFUSED)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes] | None:
    """Return what unpacks a body up to a number of bytes."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return lambda chunk, _most: chunk
    if name in {"gzip", "x-gzip", "deflate"}:
        # 47: by its head it is told whether it is gzip or zlib.
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
    # As a date it would be by another machine's clock.
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return min(float(text), MAX_RETRY_AFTER_SECONDS)


def _told_time(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header or "").timestamp()
    except (ValueError, OverflowError):
        return None
