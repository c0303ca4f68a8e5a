"""Telling a webhook how an apply ended: counts, and nothing personal."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from ctsync.canonical_json import canonical
from ctsync.transport.failure_words import innermost, own_words
from ctsync.transport.http import is_loopback, is_private_enough
from ctsync.transport.http_session import open_session
from ctsync.transport.watchdog import Watchdog

_TOLD = (
    "run", "digest", "environment", "exit_code", "counts", "calls", "seconds", "stopped"
)  # fmt: skip
_TIMEOUT_SECONDS = 10.0
_logger = logging.getLogger(__name__)


def notify(url: str, document: Mapping[str, Any]) -> str | None:
    """Post the counts of an apply; give what went wrong, without the address.

    A webhook's address is often a secret, so no message carries it. The apply has
    ended whatever comes of this.
    """
    import requests

    try:
        parts = urlsplit(url)
    except ValueError:  # it would repeat the address
        return "the webhook is no address"
    if not is_private_enough(parts):
        return "the webhook is neither https nor on this machine"
    told = {"format": "ctsync.notice/1", **{name: document[name] for name in _TOLD}}
    try:
        status = _post(url, canonical(told), is_near=is_loopback(parts))
    except (requests.RequestException, OSError, ValueError) as error:
        return f"the webhook could not be reached ({_why(error)})"
    _logger.info("webhook answered HTTP %d", status)
    return None if 200 <= status < 300 else f"the webhook answered HTTP {status}"


def _why(error: Exception) -> str:
    reason = innermost(error)
    # What is wrong with a certificate is told with whose it is.
    is_of_tls = isinstance(reason, ssl.SSLError)
    return type(error).__name__ if is_of_tls else own_words(reason)


def _post(url: str, body: bytes, *, is_near: bool) -> int:
    """Post, and give the status; the body of the answer is left unread."""
    proxied = None if is_near else url
    with (
        closing(Watchdog(time.monotonic)) as watchdog,
        watchdog.watch(_TIMEOUT_SECONDS) as call,
        open_session(proxies_for=proxied, connections=1) as session,
        session.post(
            url,
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as response,
    ):
        # A head that was cut looks like one that has ended.
        call.require_time()
        return response.status_code
