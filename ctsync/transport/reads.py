"""Reading profiles over HTTP: one by one, or page by page.

A read carries the passcode like an upload, and goes where an upload may go.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ctsync.canonical_json import canonical
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account
from ctsync.transport.exchange import Exchange
from ctsync.transport.http import base_url, headers_for, proxied
from ctsync.transport.http_session import open_session
from ctsync.transport.redaction import redacting
from ctsync.transport.sanitize_text import cleaning_without
from ctsync.transport.upload_result import CallEnding, UploadResult

if TYPE_CHECKING:
    import requests

MAX_READS = 3  # reads in flight per account, public docs
READABLE = ("identity", "objectId")  # what the API finds a profile by
MAX_PAGE_BYTES = 128_000_000

# It goes into an address as it is: nothing passes that would begin another part.
_CURSOR = re.compile(r"[A-Za-z0-9%._~+/=-]{1,4096}")
_logger = logging.getLogger(__name__)


def connect_reads(
    account: Account,
    passcode: str,
    *,
    timeout_seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> HttpReads:
    """Get ready to read profiles; nothing is asked yet.

    Raises:
        TransportError: the address or the credentials cannot be used.
    """
    url = f"{base_url(account)}/1"
    headers = headers_for(account, passcode)
    session = open_session(proxies_for=proxied(url), connections=MAX_READS)
    keepable = cleaning_without(passcode)
    exchange = Exchange(session, timeout_seconds, monotonic, keepable)
    return HttpReads(exchange, session, url, headers, redacting(passcode))


class HttpReads:
    """Connections to one account's read API, kept open; threads may share it."""

    def __init__(
        self,
        exchange: Exchange,
        session: requests.Session,
        url: str,
        headers: Mapping[str, str],
        redacted: Callable[[bytes | None], bytes | None],
    ) -> None:
        self._redacted = redacted
        self._exchange = exchange
        self._session = session
        self._url = url
        self._headers = headers
        self._ready: dict[str, requests.PreparedRequest] = {}

    def __repr__(self) -> str:
        return f"HttpReads({self._url!r})"

    def profile(self, key: ProfileKey) -> UploadResult:
        """Ask for one profile; raises for nothing on the way."""
        return self._get("profile.json", {key.type: key.id})

    def begin_pages(
        self, event: str, since: int, until: int, batch_size: int
    ) -> UploadResult:
        """Ask for a cursor over the profiles with an event; days are YYYYMMDD."""
        import requests

        request = requests.Request(
            "POST",
            f"{self._url}/profiles.json",
            headers={**self._headers, "Content-Type": "application/json"},
            params={"batch_size": str(batch_size)},
            data=canonical({"event_name": event, "from": since, "to": until}),
        )
        return self._send(request)

    def page(self, cursor: str) -> UploadResult:
        """Ask for the page of a cursor, which arrived encoded and is not encoded again.

        A cursor that is none is not sent.
        """
        if not _CURSOR.fullmatch(cursor):
            return UploadResult(
                CallEnding.REFUSED, message="the platform gave no cursor"
            )
        import requests

        url = f"{self._url}/profiles.json?cursor={cursor}"
        return self._send(requests.Request("GET", url, headers=dict(self._headers)))

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._exchange.close()

    def _get(self, path: str, params: Mapping[str, str]) -> UploadResult:
        url = f"{self._url}/{path}"
        request = self._ready_for(url).copy()
        request.prepare_url(url, dict(params))
        return self._exchanged(request)

    def _ready_for(self, url: str) -> requests.PreparedRequest:
        """Return a request that lacks nothing but its question.

        Headers and settings of all reads are the same, and to put them together takes
        longer than all else that is done before a request leaves.
        """
        import requests

        if url not in self._ready:
            # Today's page warns of a content type on a GET.
            request = requests.Request("GET", url, headers=dict(self._headers))
            self._ready[url] = self._session.prepare_request(request)
        return self._ready[url]

    def _send(self, request: requests.Request) -> UploadResult:
        return self._exchanged(self._session.prepare_request(request))

    def _exchanged(self, request: requests.PreparedRequest) -> UploadResult:
        answer = self._exchange.send(
            request,
            lambda: False,  # whoever reads twice has read once
            most_bytes=MAX_PAGE_BYTES,
        )
        _logger.info("read: %s %s", answer.happened.name, answer.status)
        return replace(answer, body=self._redacted(answer.body))
