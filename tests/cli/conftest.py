"""A project in a folder of its own, a platform to send to, and the command line."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from state_homes import HOMES, FileHome

from ctsync.cli.app import run
from ctsync.sandbox import AS_RECORDED, Sandbox
from ctsync.state import Holder, open_store

ROOT = Path(__file__).parents[2]
PASSCODE = "CANARY-PASSCODE-7f3a"

PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: {state}
catalog:
  Points: {{type: counter}}
  Tags: {{type: list}}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        return self.document["error"]

    @property
    def said(self) -> str:
        return self.out + self.err


class Terminal(io.StringIO):
    """Somebody who has typed an answer."""

    def isatty(self) -> bool:
        return True


class QuickTime:
    """A clock that jumps where a run would wait."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def time(self) -> float:
        return time.time() + self.skipped

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


class Desk:
    """A project folder, the platform beside it, and commands to run."""

    def __init__(self, folder: Path, sandbox: Sandbox, capsys, monkeypatch) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.home = FileHome(folder)

    def move_to(self, home: FileHome) -> None:
        """Keep the state there; call it before there is one."""
        self.home = home
        for name, value in home.variables.items():
            self._monkeypatch.setenv(name, value)
        self.project()

    def run(self, *words: object) -> Ended:
        self._capsys.readouterr()
        code = run([str(word) for word in words])
        said = self._capsys.readouterr()
        return Ended(code, said.out, said.err)

    def ok(self, *words: object) -> Ended:
        ended = self.run(*words)
        assert ended.code == 0, ended.said
        return ended

    def answer(self, typed: str, *words: object) -> Ended:
        """Run a command with somebody at the terminal."""
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Terminal(typed + "\n"))
            return self.run(*words)

    def json(self, *words: object) -> dict[str, Any]:
        """Run a command, and hold its document to its exit code."""
        ended = self.run(*words, "--format", "json")
        document = ended.document
        assert document["exit_code"] == ended.code
        return document

    def spawn(
        self, *words: object, umask: int = -1, **variables: str
    ) -> subprocess.Popen[str]:
        """Start a process of its own."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        return subprocess.Popen(
            [sys.executable, "-m", "ctsync", *map(str, words)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=umask,
        )

    def process(self, *words: object, **variables: Any) -> Ended:
        """Run a process of its own."""
        with self.spawn(*words, **variables) as process:
            out, err = process.communicate(timeout=60)
            return Ended(process.returncode, out, err)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def project(self, more: str = "") -> None:
        text = PROJECT.format(url=self.sandbox.url, state=self.home.words)
        self.write("ctsync.yaml", text + textwrap.dedent(more))

    def people(self, people: Mapping[str, Mapping[str, Any]]) -> None:
        """Declare profiles by identity, in `people.yaml`."""
        profiles = [
            {"identity": name, "attributes": dict(attributes)}
            for name, attributes in people.items()
        ]
        # JSON is YAML; a file of it is short to write and keeps types.
        self.write("people.yaml", json.dumps({"profiles": profiles}, indent=1))

    def crowd(self, count: int, **attributes: Any) -> None:
        """Declare many profiles that are alike."""
        self.people({f"u{n:04}": {"Plan": "Free", **attributes} for n in range(count)})

    def apply(self, *words: object) -> Ended:
        """Apply what is declared, without asking, on a first run too."""
        first = [] if self.home.has_state() else ["--first-run"]
        return self.run("apply", "--auto-approve", *first, *words)

    def begun(self, people: Mapping[str, Mapping[str, Any]]) -> None:
        """Declare profiles and bring them to the platform."""
        self.people(people)
        ended = self.apply()
        assert ended.code == 0, ended.said

    def plan(self, *words: object) -> dict[str, Any]:
        return self.json("plan", *words)

    def platform(self, identity: str) -> dict[str, Any]:
        profile = self.sandbox.platform.profile("identity", identity)
        return {} if profile is None else dict(profile.attributes)

    @property
    def calls(self) -> int:
        return self.sandbox.platform.call_count

    def state(self) -> bytes:
        path = self.folder / "state.jsonl"
        return path.read_bytes() if path.exists() else b""

    def files(self) -> dict[str, bytes]:
        """Everything in the folder; a lock is a file that says nothing."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix != ".lock"
        }


@pytest.fixture(autouse=True)
def _quiet_logger() -> Iterator[None]:
    """Forget what `-v` set up: it holds the standard error of one test."""
    logger = logging.getLogger("ctsync")
    level = logger.level
    yield
    logger.handlers = []
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _environment(monkeypatch) -> None:
    for name in ("CI", "CTSYNC_ENV", "NO_COLOR", "CLEVERTAP_PASSCODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", PASSCODE)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(account_id="TEST-1", passcode=PASSCODE, slow_seconds=0.2) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, sandbox: Sandbox, capsys, monkeypatch) -> Iterator[Desk]:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for room in ("clock", "read_platform", "send_plan"):
        monkeypatch.setattr(f"ctsync.cli.{room}.time", QuickTime())
    made = Desk(folder, sandbox, capsys, monkeypatch)
    made.project()
    yield made
    assert sandbox.platform.violations == ()


@pytest.fixture(params=HOMES)
def housed(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """A desk with the state in each home there is."""
    kind, servers = HOMES[request.param]
    found = [request.getfixturevalue(name) for name in servers]
    desk.move_to(kind(desk.folder, *found))
    return desk


@pytest.fixture
def serve_distorted(desk: Desk) -> Iterator[Callable[..., None]]:
    """Put a platform that shows things its own way in the place of the usual one."""
    running: list[Sandbox] = []

    def serve(*distortions: str, **options: Any) -> None:
        shown = (*AS_RECORDED, *distortions)
        options |= {"account_id": "TEST-1", "passcode": PASSCODE}
        running.append(Sandbox(distortions=shown, **options).start())
        desk.sandbox = running[-1]
        desk.project()

    yield serve
    for sandbox in running:
        sandbox.stop()
        assert sandbox.platform.violations == ()


@pytest.fixture
def other_run(desk: Desk) -> Callable[[], AbstractContextManager[None]]:
    """Hold the state's lock as another run would."""
    holder = Holder("ann", "host9", 42, "ctsync apply", "2026-01-01T00:00:00+00:00")
    return lambda: open_store("state.jsonl", folder=desk.folder).lock(holder)
