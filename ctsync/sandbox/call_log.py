"""The calls that arrived, as tests want to see them: all but the passcode."""

import json
from collections import deque
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ctsync.sandbox.keys import Json

_WITHHELD = frozenset({"x-clevertap-passcode", "authorization", "cookie"})
_BYTES_KEPT = 64 * 1024 * 1024


class LoggedCall(Struct, frozen=True):
    """One request to the platform, with the fault that it met."""

    number: int
    method: str
    target: str
    headers: Mapping[str, str]
    passcode_sent: bool
    body: str
    fault: str | None = None

    @property
    def records(self) -> list[Json]:
        """Return the records of an upload; none where the body holds none."""
        try:
            payload = json.loads(self.body)
        except ValueError:
            return []
        records = payload.get("d") if isinstance(payload, dict) else None
        return records if isinstance(records, list) else []

    def to_json(self) -> dict[str, Json]:
        """Return the call as the inspection endpoint shows it."""
        return {
            "number": self.number,
            "method": self.method,
            "target": self.target,
            "headers": dict(self.headers),
            "passcode_sent": self.passcode_sent,
            "body": self.body,
            "fault": self.fault,
        }


class CallLog:
    """The newest 64 MiB of calls, and the number of all of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: deque[LoggedCall] = deque()
        self._bytes = 0
        self.count = 0

    def next_number(self) -> int:
        """Draw the number of a call that has just arrived."""
        self.count += 1
        return self.count

    def note(self, call: LoggedCall) -> None:
        """Keep a call and let go of the oldest beyond the budget."""
        self._kept.append(call)
        self._bytes += _weight(call)
        while self._bytes > _BYTES_KEPT:
            self._bytes -= _weight(self._kept.popleft())

    def entries(self) -> tuple[LoggedCall, ...]:
        """Return the kept calls in order of arrival."""
        return tuple(sorted(self._kept, key=lambda call: call.number))


def open_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that may be shown."""
    return {name: value for name, value in headers if name.lower() not in _WITHHELD}


def _weight(call: LoggedCall) -> int:
    # Python keeps about half a kilobyte beside the body of each call.
    return len(call.body) + 512
