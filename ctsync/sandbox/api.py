"""The two documented calls: who may make them, what they do, what they answer."""

from collections.abc import Callable, Collection, Mapping
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

from ctsync.sandbox import distortions
from ctsync.sandbox.answers import Reply, build_answer, failure, json_reply
from ctsync.sandbox.calls import Call, open_headers
from ctsync.sandbox.chance import FaultQueue
from ctsync.sandbox.distortions import FaultSettings
from ctsync.sandbox.faults import TABLE, Fault
from ctsync.sandbox.names import Json, Key, fold_key, keys_in
from ctsync.sandbox.payload import read_payload
from ctsync.sandbox.platform import Platform
from ctsync.sandbox.profile import Profile
from ctsync.sandbox.reading import read_profile
from ctsync.sandbox.traffic import Slot, Traffic
from ctsync.sandbox.violations import Violation


class Request(Struct, frozen=True):
    """One HTTP request, read whole."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query; of a repeated parameter the last."""
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[-1] for name, values in found.items()}

    def header(self, name: str) -> str:
        """Return a header, or an empty string."""
        return next((v for n, v in self.headers.items() if n.lower() == name), "")


class ApiSettings(Struct, frozen=True):
    """Whom the API lets in, what it takes, and how it answers."""

    account_id: str | None = None
    passcode: str = "sandbox"
    records_ceiling: int = 1000
    latency_seconds: float = 0.0
    unknown_reads_fail: bool = False
    faults: FaultSettings = field(default_factory=FaultSettings)


class Api:
    """Answers requests from many threads; it knows nothing of sockets."""

    def __init__(
        self,
        platform: Platform,
        settings: ApiSettings,
        queue: FaultQueue,
        uploads: Traffic,
        reads: Traffic,
        pause: Callable[[float], object],
    ) -> None:
        """Serve a platform; `pause` waits for so many seconds or until the end."""
        self._platform = platform
        self._settings = settings
        self._queue = queue
        self._uploads = uploads
        self._reads = reads
        self._pause = pause

    def respond(self, request: Request) -> Reply:
        """Return the reply to one request to the platform."""
        number = self._platform.next_call()
        traffic = self._uploads if request.path == "/1/upload" else self._reads
        with traffic.enter() as slot:
            return self._respond(request, slot, number)

    def _respond(self, request: Request, slot: Slot, number: int) -> Reply:
        closed = self._gate(request, slot, number)
        is_upload = (request.method, request.path) == ("POST", "/1/upload")
        fault = self._queue.draw() if is_upload and closed is None else "none"
        self._platform.note_call(_call(request, number, fault))
        if closed is not None:
            return closed
        if is_upload:
            return self._upload(request, slot, number, TABLE[fault])
        if (request.method, request.path) == ("GET", "/1/profile.json"):
            return self._read(request)
        return failure(404, "Not found")

    def _gate(self, request: Request, slot: Slot, number: int) -> Reply | None:
        account = request.header("x-clevertap-account-id")
        if not account or self._settings.account_id not in (None, account):
            return failure(401, "Account ID is not valid")
        if request.header("x-clevertap-passcode") != self._settings.passcode:
            return distortions.BAD_PASSCODE
        if slot.is_excess:
            self._platform.note(Violation("too-many-calls", call=number))
        return None if slot.is_admitted else distortions.TOO_MANY_CALLS

    def _upload(self, request: Request, slot: Slot, number: int, fault: Fault) -> Reply:
        payload = read_payload(request.body)
        if payload is None:
            return distortions.MALFORMED
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
        self, request: Request, records: list[Json], number: int, fault: Fault
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
        if len(query) != 1 or not query.keys() <= {"identity", "email", "objectId"}:
            return distortions.MALFORMED
        ((kind, value),) = query.items()
        profile = self._find(kind, value)
        self._pause(self._settings.latency_seconds)
        if profile is not None:
            return json_reply({"status": "success", "record": read_profile(profile)})
        if self._settings.unknown_reads_fail:
            return json_reply({"status": "fail", "error": "Profile not found"})
        return json_reply({"status": "success", "record": None})

    def _find(self, kind: str, value: str) -> Profile | None:
        if kind == "email":
            return self._platform.profile_by_email(value)
        return self._platform.profile(kind, value)


def _folded_keys(records: Collection[Json]) -> set[Key]:
    return {fold_key(key) for record in records for key in keys_in(record)}


def _call(request: Request, number: int, fault: str) -> Call:
    return Call(
        number=number,
        method=request.method,
        target=request.target,
        headers=open_headers(request.headers.items()),
        passcode_sent=bool(request.header("x-clevertap-passcode")),
        body=request.body.decode(errors="replace"),
        fault=None if fault == "none" else fault,
    )
