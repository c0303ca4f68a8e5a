"""What came of one upload, told without the words of HTTP libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ctsync.transport.sanitize_text import clean_text


class CallEnding(StrEnum):
    """What became of a call, as far as can be told from here."""

    REPLIED = "replied"  # a 2xx; its body speaks for each record
    UNAUTHORISED = "unauthorised"  # 401 or 403: nothing was written
    THROTTLED = "throttled"  # 429: nothing was written
    UNREACHABLE = "unreachable"  # no byte of the body was sent
    LOST = "lost"  # timeout, reset, 5xx: the call may have been written
    TOO_LARGE = "too_large"  # 413: nothing was written
    MALFORMED = "malformed"  # 400: nothing was written
    REFUSED = "refused"  # another 3xx or 4xx: nothing was written


@dataclass(frozen=True, slots=True)
class UploadResult:
    """The end of one upload.

    `body` is None where it was not read whole: too long, or packed in a way that we
    did not ask for. `message` is in our own words and may be shown. `said` are the
    server's, for a private report alone; `keepable` makes any other text of the server
    fit for it: bounded, on one line, without the passcode. `retry_after` is in seconds,
    `told_time` is when the server says it answered, in epoch seconds.
    """

    happened: CallEnding
    status: int | None = None
    body: bytes | None = field(default=None, repr=False)  # it echoes personal data
    message: str = ""
    said: str | None = field(default=None, repr=False)
    keepable: Callable[[str], str] = field(default=clean_text, repr=False)
    retry_after: float | None = None
    told_time: float | None = None


class Transport(Protocol):
    """Carries calls to the platform. It never raises for what happens on the way."""

    def upload(self, body: bytes, *, dry_run: bool) -> UploadResult:
        """Send one call and say what came of it."""
        ...

    def close(self) -> None:
        """Let go of connections. May be called again."""
        ...
