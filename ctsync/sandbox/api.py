"""The documented calls: who may make them, what they do, what they answer."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, parse_qs, urlsplit

from msgspec import Struct, field

from ctsync.sandbox import fault_effects
from ctsync.sandbox.call_log import LoggedCall, open_headers
from ctsync.sandbox.event_pages import begin, page_of, read_cursor
from ctsync.sandbox.fault_effects import FaultSettings
from ctsync.sandbox.fault_queue import FaultQueue
from ctsync.sandbox.faults import TABLE, SandboxFault
from ctsync.sandbox.in_flight import InFlightCalls, Slot
from ctsync.sandbox.keys import Json, SandboxKey, fold_key, keys_in
from ctsync.sandbox.platform import Platform
from ctsync.sandbox.profile import Profile
from ctsync.sandbox.profile_read import read_profile
from ctsync.sandbox.read_distortions import AS_RECORDED
from ctsync.sandbox.replies import Reply, build_answer, failure, json_reply
from ctsync.sandbox.request_body import read_payload
from ctsync.sandbox.violations import Violation

NotFound: TypeAlias = Literal["null", "empty", "missing", "fail"]

# Clients in the wild handle all of these; what the platform says is not published.
NOT_FOUND: Mapping[NotFound, Reply] = {
    "null": json_reply({"status": "success", "record": None}),
    "empty": json_reply({"status": "success", "record": {}}),
    "missing": json_reply({"status": "success"}),
    "fail": json_reply({"status": "fail", "error": "Profile not found"}),
}
# Recorded: code 2 says that the page is to be asked for again.
STILL_IN_PROGRESS = json_reply(
    {"status": "fail", "error": "Request still in progress", "code": 2}
)


class Request(Struct, frozen=True):
    """One HTTP request, read whole."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return self._parts.path

    @property
    def query(self) -> dict[str, str]:
        """The query; of a repeated parameter the last."""
        found = parse_qs(self._parts.query, keep_blank_values=True)
        return {name: values[-1] for name, values in found.items()}

    @property
    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.target)
        except ValueError:  # such as brackets that hold no address
            return SplitResult("", "", self.target, "", "")

    def header(self, name: str) -> str:
        """Return a header, or an empty string."""
        return next((v for n, v in self.headers.items() if n.lower() == name), "")


class ApiSettings(Struct, frozen=True):
    """Whom the API lets in, what it takes, and how it answers."""

    account_id: str | None = None
    passcode: str = "sandbox"
    records_ceiling: int = 1000
    latency_seconds: float = 0.0
    not_found: NotFound = "null"
    distortions: tuple[str, ...] = AS_RECORDED
    in_progress: int = 0
    faults: FaultSettings = field(default_factory=FaultSettings)


class Api:
    """Answers requests from many threads; it knows nothing of sockets."""

    def __init__(
        self,
        platform: Platform,
        settings: ApiSettings,
        queue: FaultQueue,
        read_queue: FaultQueue,
        uploads: InFlightCalls,
        reads: InFlightCalls,
        pause: Callable[[float], object],
    ) -> None:
        """Serve a platform; `pause` waits for so many seconds or until the end."""
        self._platform = platform
        self._settings = settings
        self._queue = queue
        self._read_queue = read_queue
        self._uploads = uploads
        self._reads = reads
        self._pause = pause
        self._asked: Counter[str] = Counter()

    def respond(self, request: Request) -> Reply:
        """Return the reply to one request to the platform."""
        number = self._platform.next_call()
        traffic = self._uploads if request.path == "/1/upload" else self._reads
        with traffic.enter() as slot:
            return self._respond(request, slot, number)

    def _respond(self, request: Request, slot: Slot, number: int) -> Reply:
        closed = self._gate(request, slot, number)
        is_upload = (request.method, request.path) == ("POST", "/1/upload")
        queue = self._queue if is_upload else self._read_queue
        fault = queue.draw() if closed is None else "none"
        self._platform.note_call(_call(request, number, fault))
        if closed is not None:
            return closed
        if is_upload:
            return self._upload(request, slot, number, TABLE[fault])
        reply = self._look(request)
        self._pause(self._settings.latency_seconds)
        return TABLE[fault].reply(reply, self._settings.faults)

    def _look(self, request: Request) -> Reply:
        route = (request.method, request.path)
        if route == ("GET", "/1/profile.json"):
            return self._read(request)
        if route == ("POST", "/1/profiles.json"):
            return self._begin_pages(request)
        if route == ("GET", "/1/profiles.json"):
            return self._page(request)
        return failure(404, "Not found")

    def _gate(self, request: Request, slot: Slot, number: int) -> Reply | None:
        account = request.header("x-clevertap-account-id")
        if not account or self._settings.account_id not in (None, account):
            return failure(401, "Account ID is not valid")
        if request.header("x-clevertap-passcode") != self._settings.passcode:
            return fault_effects.BAD_PASSCODE
        if slot.is_excess:
            self._platform.note(Violation("too-many-calls", call=number))
        return None if slot.is_admitted else fault_effects.TOO_MANY_CALLS

    def _upload(
        self, request: Request, slot: Slot, number: int, fault: SandboxFault
    ) -> Reply:
        payload = read_payload(request.body)
        if payload is None:
            return fault_effects.MALFORMED
        ceiling = self._settings.records_ceiling
        if len(payload.records) > ceiling:
            # What the platform really says here is not published.
            return failure(400, f"Too many records, the maximum is {ceiling}")
        for name in payload.repeated:
            self._note(Violation("repeated-member", None, name, number))
        for key in slot.hold(_folded_keys(payload.records)):
            self._note(Violation("same-key-in-flight", key, None, number))
        if fault.late:
            slot.leave()
            self._pause(self._settings.faults.slow_seconds)
        return self._apply(request, payload.records, number, fault)

    def _apply(
        self, request: Request, records: list[Json], number: int, fault: SandboxFault
    ) -> Reply:
        is_dry_run = request.query.get("dryRun") == "1"
        refused = self._platform.upload(
            records, call=number, fault=fault, is_dry_run=is_dry_run
        )
        self._pause(self._settings.latency_seconds)
        answer = fault.alter(build_answer(len(records), refused))
        return fault.reply(json_reply(answer), self._settings.faults)

    def _note(self, violation: Violation) -> None:
        self._platform.note(violation)

    def _read(self, request: Request) -> Reply:
        query = request.query
        # One of these three (public docs); what two of them would do is not published.
        if len(query) != 1 or not query.keys() <= {"identity", "email", "objectId"}:
            return fault_effects.MALFORMED
        ((kind, value),) = query.items()
        profile = self._find(kind, value)
        return (
            NOT_FOUND[self._settings.not_found]
            if profile is None
            else json_reply({"status": "success", "record": self._shown(profile)})
        )

    def _shown(self, profile: Profile) -> Json:
        return read_profile(profile, self._settings.distortions)

    def _begin_pages(self, request: Request) -> Reply:
        try:
            words = json.loads(request.body)
        except ValueError:
            return fault_effects.MALFORMED
        cursor = begin(words, request.query.get("batch_size", ""))
        if cursor is None:
            return fault_effects.MALFORMED
        return json_reply({"status": "success", "cursor": cursor.text()})

    def _page(self, request: Request) -> Reply:
        text = request.query.get("cursor", "")
        cursor = read_cursor(text)
        if cursor is None:
            return failure(400, "Invalid cursor")
        self._asked[text] += 1
        if self._asked[text] <= self._settings.in_progress:
            return STILL_IN_PROGRESS
        whole = self._platform.keys_with_event(cursor.event, cursor.since, cursor.until)
        keys, has_more = page_of(whole, cursor)
        found = [self._platform.profile(*key) for key in keys]
        records: Json = [self._shown(each) for each in found if each is not None]
        answer: dict[str, Json] = {"status": "success", "records": records}
        if has_more:
            answer["next_cursor"] = cursor.following().text()
        return json_reply(answer)

    def _find(self, kind: str, value: str) -> Profile | None:
        if kind == "email":
            return self._platform.profile_by_email(value)
        return self._platform.profile(kind, value)


def _folded_keys(records: Collection[Json]) -> set[SandboxKey]:
    return {fold_key(key) for record in records for key in keys_in(record)}


def _call(request: Request, number: int, fault: str) -> LoggedCall:
    return LoggedCall(
        number=number,
        method=request.method,
        target=request.target,
        headers=open_headers(request.headers.items()),
        passcode_sent=bool(request.header("x-clevertap-passcode")),
        body=request.body.decode(errors="replace"),
        fault=None if fault == "none" else fault,
    )
