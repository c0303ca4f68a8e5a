"""A project with one kind of record, a platform, and what may stand in its place."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Event, Thread
from typing import Any

import pytest
from msgspec.structs import replace

from ctsync.cli.app import run
from ctsync.sandbox import Sandbox
from ctsync.state import open_store

PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
catalog: {{Points: {{type: counter}}}}
upload: {{timeout_seconds: {seconds}}}
profiles:
{profiles}
"""
PROFILE = "  - {{identity: {name}, attributes: {{{attribute}: {value}}}}}"
ATTRIBUTES = {"plain": "Plan", "counter": "Points"}
BEFORE = {"plain": "Free", "counter": 100}
AFTER = {"plain": "Gold", "counter": 107}
PEOPLE = ("u1", "u2")


@dataclass
class QuickTime:
    """A clock that jumps where a run would wait."""

    skipped: float = 0.0
    at_first: Callable[[], None] | None = None
    steady: Callable[[], float] = time.monotonic

    def monotonic(self) -> float:
        return self.steady() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds
        mend, self.at_first = self.at_first, None
        if mend is not None:
            mend()


class Stranger(ThreadingHTTPServer):
    """Stands where the platform stood, and replies as it is told.

    After `times` replies it takes everything, as the platform would say it.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, port: int, act: Callable[[Exchange], None], times: int | None
    ) -> None:
        self.act, self.times, self.seen = act, times, 0
        self.ending = Event()
        super().__init__(("127.0.0.1", port), Exchange)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients are meant to hang up."""


class Exchange(BaseHTTPRequestHandler):
    """One connection to a stranger."""

    protocol_version = "HTTP/1.1"
    server: Stranger

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.sent = len(json.loads(body)["d"])
        self.server.seen += 1
        times = self.server.times
        if times is not None and self.server.seen > times:
            self.say(200, {"status": "success", "processed": self.sent})
        else:
            self.server.act(self)

    def say(self, status: int, body: Any = b"", **headers: str) -> None:
        """Reply; what is no bytes goes as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status >= 200:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed as JSON."""

    code: int
    document: dict[str, Any]


@dataclass
class Stage:
    """One project against one platform; every record of it is of one kind."""

    kind: str
    folder: Path
    sandbox: Sandbox
    clock: QuickTime
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    seconds: float = 5.0
    _strangers: list[Stranger] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.url = self.sandbox.url
        self.mend: Callable[[], None] = lambda: None
        self.declare(BEFORE)
        assert self.apply("--first-run").code == 0
        self.platform_calls = self.sandbox.platform.call_count

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def declare(self, values: dict[str, Any]) -> None:
        self.values = values
        what = {"attribute": ATTRIBUTES[self.kind], "value": values[self.kind]}
        lines = (PROFILE.format(name=name, **what) for name in PEOPLE)
        text = PROJECT.format(
            url=self.url, seconds=self.seconds, profiles="\n".join(lines)
        )
        (self.folder / "ctsync.yaml").write_text(text)

    def impatient(self) -> None:
        """Give calls little time."""
        self.seconds = 0.2
        self.declare(self.values)

    def json(self, *words: str) -> Ended:
        self.capsys.readouterr()
        code = run([*words, "--format", "json"])
        document = json.loads(self.capsys.readouterr().out)
        assert document["exit_code"] == code
        return Ended(code, document)

    def apply(self, *words: str) -> Ended:
        return self.json("apply", "--auto-approve", *words)

    def stand_in(
        self,
        act: Callable[[Exchange], None],
        times: int | None,
        context: ssl.SSLContext | None = None,
    ) -> Stranger:
        """Put a stranger where the platform is."""
        self.sandbox.stop()
        stranger = Stranger(self.port, act, times)
        if context is not None:
            stranger.socket = context.wrap_socket(
                stranger.socket, server_side=True, do_handshake_on_connect=False
            )
        self._strangers.append(stranger)
        Thread(target=stranger.serve_forever, args=(0.005,), daemon=True).start()
        return stranger

    def retarget(self, url: str) -> None:
        """Move project and state to another address."""
        store = open_store("state.jsonl", folder=self.folder, name=None)
        snapshot = store.read()
        assert snapshot.header is not None
        account = replace(snapshot.header.account, endpoint=url)
        header = replace(snapshot.header, account=account)
        store.replace(header, list(snapshot.entries()))
        self.url = url
        self.declare(self.values)

    def calls(self) -> int:
        """How many calls arrived since the stage was set."""
        arrived = self.sandbox.platform.call_count - self.platform_calls
        return arrived + sum(stranger.seen for stranger in self._strangers)

    @property
    def has_stranger(self) -> bool:
        return bool(self._strangers)

    def state(self) -> bytes:
        return (self.folder / "state.jsonl").read_bytes()

    def restore(self) -> None:
        """Bring the platform back."""
        self.mend()
        self.end_strangers()
        with suppress(RuntimeError):
            self.sandbox.start()
        if self.url != self.sandbox.url:
            self.retarget(self.sandbox.url)

    def end_strangers(self) -> None:
        while self._strangers:
            stranger = self._strangers.pop()
            stranger.ending.set()
            stranger.shutdown()
            stranger.server_close()

    def on_platform(self) -> dict[str, Any]:
        attribute = ATTRIBUTES[self.kind]
        found = {n: self.sandbox.platform.profile("identity", n) for n in PEOPLE}
        return {n: p.attributes[attribute] for n, p in found.items() if p}


@pytest.fixture(autouse=True)
def _runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "CTSYNC_ENV", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "sandbox")
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def stage_of(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], Stage]]:
    """Set the stage for a kind of record."""
    made: list[Stage] = []
    clock = QuickTime()
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    monkeypatch.setattr("time.sleep", clock.sleep)
    monkeypatch.chdir(tmp_path)

    def make(kind: str) -> Stage:
        sandbox = Sandbox(account_id="TEST-1", slow_seconds=0.3).start()
        made.append(Stage(kind, tmp_path, sandbox, clock, capsys, monkeypatch))
        return made[-1]

    yield make
    for stage in made:
        stage.end_strangers()
        stage.sandbox.stop()
        assert stage.sandbox.platform.violations == ()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and its key, signed by itself, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    both = folder / "both.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    words += f" -days 2 -subj /CN=here -keyout {folder}/key.pem -out {folder}/crt.pem"
    extension = ["-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*words.split(), *extension], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    both.write_text((folder / "crt.pem").read_text() + (folder / "key.pem").read_text())
    return both
