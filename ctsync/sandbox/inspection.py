"""The exact view beside the distorted read: profiles, violations, calls, faults.

Loopback only and without authentication: what is kept here is a simulation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from ctsync.sandbox.api import Request
from ctsync.sandbox.dashboard.csv_upload import upload_csv
from ctsync.sandbox.fault_queue import FaultQueue
from ctsync.sandbox.keys import ID_KINDS, Json, SandboxKey
from ctsync.sandbox.platform import Platform
from ctsync.sandbox.profile import Profile
from ctsync.sandbox.replies import Reply, failure, json_reply, lines_reply

if TYPE_CHECKING:
    from ctsync.sandbox.sftp.door import SftpDoor


class InspectionError(ValueError):
    """A request that asks for nothing the sandbox could show or do."""


class Inspection:
    """Answers requests under `/sandbox/`."""

    def __init__(
        self,
        platform: Platform,
        queue: FaultQueue,
        reads: FaultQueue,
        door: SftpDoor | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """Look into a platform, and queue faults for its next uploads and reads.

        Files that are uploaded show dates as clocks in `zone` do.
        """
        self._platform = platform
        self._zone = zone
        self._queues = {"faults": queue, "read_faults": reads}
        self._routes: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "/sandbox/profiles"): self._profiles,
            ("GET", "/sandbox/profile"): self._profile,
            ("GET", "/sandbox/violations"): self._violations,
            ("GET", "/sandbox/calls"): self._calls,
            ("POST", "/sandbox/faults"): self._script,
            ("POST", "/sandbox/profiles"): self._edit,
            ("POST", "/sandbox/events"): self._record,
            ("POST", "/sandbox/csv"): self._upload,
        }
        if door is not None:
            self._queues |= {
                "transfer_faults": door.transfers,
                "import_faults": door.faults,
            }
            self._routes |= {
                ("GET", "/sandbox/sftp"): lambda _: json_reply(door.to_json()),
                ("GET", "/sandbox/imports"): lambda _: _imports(door),
                ("POST", "/sandbox/imports"): lambda _: _settle(door),
            }

    def respond(self, request: Request) -> Reply:
        """Return the reply to one inspection request."""
        route = self._routes.get((request.method, request.path))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return failure(404, f"no such page, known: {known}")
        try:
            return route(request)
        except ValueError as error:
            return failure(400, str(error))

    def _profiles(self, _request: Request) -> Reply:
        return lines_reply(each.to_json() for each in self._platform.profiles())

    def _profile(self, request: Request) -> Reply:
        key = _one_key(dict(request.query))
        profile = self._platform.profile(key.kind, key.value)
        return failure(404, "no such profile") if profile is None else _show(profile)

    def _violations(self, _request: Request) -> Reply:
        return lines_reply(each.to_json() for each in self._platform.violations)

    def _calls(self, _request: Request) -> Reply:
        return lines_reply(each.to_json() for each in self._platform.calls)

    def _script(self, request: Request) -> Reply:
        document = _document(request)
        named = {name: document[name] for name in self._queues if name in document}
        if not named or not all(isinstance(each, list) for each in named.values()):
            raise InspectionError('expected {"faults": [name, ...]}')
        queued = 0
        for which, names in named.items():
            words = [str(each) for each in names] if isinstance(names, list) else []
            self._queues[which].script(*words)
            queued += len(words)
        return json_reply({"queued": queued})

    def _record(self, request: Request) -> Reply:
        """Note that profiles had an event on a day."""
        document = _document(request)
        event, day, keys = (document.get(name) for name in ("event", "day", "keys"))
        if not (isinstance(event, str) and isinstance(keys, list)):
            raise InspectionError(
                'expected {"event": NAME, "day": YYYYMMDD, "keys": []}'
            )
        self._platform.record_event(event, int(str(day)), map(_one_key, keys))
        return json_reply({"recorded": len(keys)})

    def _edit(self, request: Request) -> Reply:
        """Set exact values; `"attributes": null` removes the profile."""
        document = _document(request)
        key = _one_key(document.get("key"))
        attributes = document.get("attributes")
        if attributes is None:
            return json_reply({"removed": self._platform.forget(*key)})
        if not isinstance(attributes, dict):
            raise InspectionError(
                'expected {"key": {kind: value}, "attributes": {...}}'
            )
        self._platform.edit(*key, attributes)
        return json_reply({"edited": True})

    def _upload(self, request: Request) -> Reply:
        """Take a file as the dashboard does; the query maps columns to types."""
        report = upload_csv(self._platform, request.body, request.query, self._zone)
        return json_reply(report.to_json())


def _imports(door: SftpDoor) -> Reply:
    return lines_reply(each.to_json() for each in door.imports)


def _settle(door: SftpDoor) -> Reply:
    """Run what waits, as if its time had come."""
    door.settle()
    return _imports(door)


def _show(profile: Profile) -> Reply:
    return json_reply(profile.to_json())


def _document(request: Request) -> dict[str, Json]:
    document = json.loads(request.body)
    if not isinstance(document, dict):
        raise InspectionError("expected a JSON object")
    return document


def _one_key(value: Json) -> SandboxKey:
    if isinstance(value, dict) and len(value) == 1:
        ((kind, text),) = value.items()
        if kind in ID_KINDS and isinstance(text, str) and text:
            return SandboxKey(kind, text)
    raise InspectionError(f"expected exactly one of {', '.join(ID_KINDS)} with a value")
