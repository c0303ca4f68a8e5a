"""Servers that mean no good, a project with secrets in it, and the command line."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from ctsync.cli.app import run
from ctsync.model.snapshot import Account
from ctsync.sandbox import Sandbox
from ctsync.transport.http import connect
from ctsync.transport.upload_result import UploadResult

ROOT = Path(__file__).parents[2]
PASSCODE = "CANARY-PASSCODE-7f3a"
HOOK = "CANARY-HOOK-91c2"
MAIL = "canary.jones@example.com"
PERSONAL = {
    "Name": "Canary Jones",
    "Email": "canary.mail@example.com",
    "Phone": "+14155550199",
    "Manager": "Canary Boss",
}
PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
catalog:
  Manager: {{type: string, sensitive: true}}
  Points: {{type: counter}}
upload: {{timeout_seconds: {seconds}}}
{more}
"""
Act = Callable[[socket.socket], None]


@dataclass
class Listener:
    """A server on loopback that knows what it was told, and acts on each request."""

    act: Act
    heard: list[bytes] = field(default_factory=list)
    ending: Event = field(default_factory=Event)
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self.heard.append(b"")
        with suppress(OSError, ValueError), self._secured(connection) as secured:
            secured.settimeout(5)
            while request := _read_request(secured):
                self.heard[-1] += request
                self.act(secured)

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self.context is None:
            return connection
        with connection:
            return self.context.wrap_socket(connection, server_side=True)

    def close(self) -> None:
        self.ending.set()
        # A thread in accept() wakes up only so.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    @property
    def said(self) -> bytes:
        return b"".join(self.heard)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (chunk := connection.recv(65_536)):
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while len(body) < sum(lengths):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


class QuickTime:
    """A clock that jumps where a run would wait."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def monotonic(self) -> float:
        return monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


@dataclass(frozen=True)
class Ended:
    """How a command ended. `crash` is what Python would print of a bug."""

    code: int
    out: str
    err: str
    log: str = ""
    crash: str = ""

    @property
    def said(self) -> str:
        return self.out + self.err + self.log + self.crash


class Desk:
    """A project folder, a platform beside it, and commands to run."""

    def __init__(self, folder: Path, sandbox: Sandbox, capsys, caplog) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self._capsys = capsys
        self._caplog = caplog

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def project(self, more: str = "", url: str = "", seconds: float = 5) -> None:
        url = url or self.sandbox.url
        self.write("ctsync.yaml", PROJECT.format(url=url, more=more, seconds=seconds))

    def people(self, plan: str, **over: object) -> None:
        attributes = {**PERSONAL, "Plan": plan, **over}
        profiles = [{"identity": i, "attributes": attributes} for i in (MAIL, "u1")]
        self.write("people.yaml", json.dumps({"profiles": profiles}, indent=1))

    def run(self, *words: str) -> Ended:
        self._capsys.readouterr()
        self._caplog.clear()
        code, crash = -1, ""
        try:
            code = run(words)
        except Exception as error:  # noqa: BLE001 - a bug, as it would be printed
            crash = "".join(traceback.format_exception(error))
        said = self._capsys.readouterr()
        # Other libraries are never given a place to log to.
        own = (r for r in self._caplog.records if r.name.startswith("ctsync"))
        log = "\n".join(record.getMessage() for record in own)
        return Ended(code, said.out, said.err, log, crash)

    def apply(self, *words: str) -> Ended:
        first = [] if (self.folder / "state.jsonl").exists() else ["--first-run"]
        return self.run("apply", "--auto-approve", *first, *words)

    def spawn(self, *words: str, umask: int = 0) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ctsync", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=umask,
        )

    def written(self) -> dict[str, Path]:
        """What ctsync wrote: everything but the specs."""
        paths = (p for p in sorted(self.folder.rglob("*")) if p.is_file())
        names = {str(path.relative_to(self.folder)): path for path in paths}
        return {n: p for n, p in names.items() if p.suffix != ".yaml"}

    @staticmethod
    def until(happened: Callable[[], object]) -> None:
        for _ in range(1000):
            if happened():
                return
            sleep(0.02)
        pytest.fail("it did not happen within 20 seconds")


@pytest.fixture(autouse=True)
def _runtime(monkeypatch, tmp_path) -> Iterator[None]:
    names = ["CI", "CTSYNC_ENV", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"]
    names += [n for n in os.environ if n.lower().endswith("_proxy")]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", PASSCODE)
    logger = logging.getLogger("ctsync")
    level = logger.level
    yield
    logger.handlers = []
    logger.setLevel(level)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(account_id="TEST-1", passcode=PASSCODE, slow_seconds=0.2) as running:
        yield running


@pytest.fixture
def desk(tmp_path, sandbox, capsys, caplog, monkeypatch) -> Desk:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    clock = QuickTime()
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    monkeypatch.setattr("time.sleep", clock.sleep)
    caplog.set_level(logging.DEBUG)
    made = Desk(folder, sandbox, capsys, caplog)
    made.project()
    made.people("Free")
    return made


@pytest.fixture
def listen() -> Iterator[Callable[[Act], Listener]]:
    """Start a server that acts so on every request."""
    made: list[Listener] = []

    def start(act: Act) -> Listener:
        made.append(Listener(act))
        return made[-1]

    yield start
    for listener in made:
        listener.close()


@pytest.fixture
def send() -> Iterator[Callable[..., UploadResult]]:
    """Send one call to an address."""
    transports = []

    def upload(url: str, *, seconds: float = 0.3) -> UploadResult:
        account = Account("TEST-1", "in1", url)
        transports.append(connect(account, PASSCODE, timeout_seconds=seconds))
        return transports[-1].upload(b'{"d":[{"identity":"u1"}]}', dry_run=False)

    yield upload
    for transport in transports:
        transport.close()


@pytest.fixture
def offered(tmp_path: Path) -> Callable[..., str]:
    """Give what runs a script that offers forged files, and what it says of them."""

    def offer(script: str, *words: str) -> str:
        ended = subprocess.run(
            [sys.executable, str(Path(__file__).with_name(script)), *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    return offer
