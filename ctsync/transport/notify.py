"""Telling a webhook how an apply ended: counts, and nothing personal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ctsync.canon import canonical
from ctsync.transport.http import is_private_enough

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

    parts = urlsplit(url)
    if not is_private_enough(parts):
        return "the webhook is neither https nor on this machine"
    told = {"format": "ctsync.notice/1", **{name: document[name] for name in _TOLD}}
    try:
        response = requests.post(
            url,
            data=canonical(told),
            headers={"Content-Type": "application/json"},
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except (requests.RequestException, OSError, ValueError) as error:
        return f"the webhook could not be reached ({type(error).__name__})"
    _logger.info("webhook answered HTTP %d", response.status_code)
    if not response.ok or response.is_redirect:
        return f"the webhook answered HTTP {response.status_code}"
    return None
