"""A runner's variables and files, a stand-in for GitHub's comments, and the tools."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github/actions/ctsync"
BOT = "github-actions[bot]"
TOKEN = "CANARY-TOKEN-91c2"
PASSCODE = "CANARY-PASSCODE-7f3a"
HEAD = "a" * 40
MERGED = "b" * 40
DIGEST = "sha256:" + "1" * 64

PROJECT = """\
version: 1
name: crm
account: {id: TEST-1, region: in1}
state: state.jsonl
profiles:
  - identity: u1
    attributes: {Plan: Gold}
"""


def marker(digest: str = DIGEST, project: str = "crm", env: str = "-") -> str:
    return f"<!-- ctsync:plan project={project} env={env} digest={digest} -->"


@dataclass
class FakeGitHub:
    """The part of GitHub's REST API that the action needs, as its public docs say."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    hangs: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def add(self, body: str, login: str = BOT, at: str = "2026-01-01T00:00:00Z") -> int:
        number = len(self.comments) + 1
        made = {"id": number, "body": body, "user": {"login": login}, "updated_at": at}
        self.comments.append(made)
        return number

    def add_issue(self, login: str = BOT, **said: Any) -> dict[str, Any]:
        made = {
            "number": len(self.issues) + 1,
            "state": "open",
            "user": {"login": login},
        }
        self.issues.append(made | said)
        return self.issues[-1]

    @property
    def open_issues(self) -> list[dict[str, Any]]:
        return [issue for issue in self.issues if issue["state"] == "open"]

    def add_pull(self, number: int = 7, **differing: Any) -> None:
        pull = {
            "number": number,
            "merged_at": "2026-01-02T00:00:00Z",
            "merge_commit_sha": MERGED,
            "base": {"ref": "main"},
        }
        self.pulls.append(pull | differing)

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

    @property
    def writes(self) -> list[str]:
        return [method for method, _ in self.requests if method != "GET"]


class Handler(BaseHTTPRequestHandler):
    """Answers as `server.github` says."""

    server: GitHubServer

    def log_message(self, *_: object) -> None:
        pass

    @property
    def github(self) -> FakeGitHub:
        return self.server.github

    def do_GET(self) -> None:
        if self._is_served():
            parts = urlsplit(self.path)
            self._page(parts.path, parse_qs(parts.query))

    def do_POST(self) -> None:
        if not self._is_served():
            return
        if self.path.endswith("/issues"):
            self._answer(201, self.github.add_issue(**self._document()))
        else:
            self.github.add(self._document()["body"])
            self._answer(201, self.github.comments[-1])

    def do_PATCH(self) -> None:
        if self._is_served():
            folder, _, number = self.path.rpartition("/")
            is_comment = folder.endswith("/comments")
            found = self.github.comments if is_comment else self.github.issues
            found[int(number) - 1] |= self._document()
            self._answer(200, found[int(number) - 1])

    def _is_served(self) -> bool:
        self.github.requests.append((self.command, self.path))
        self.github.tokens.add(self.headers.get("Authorization"))
        if self.github.hangs:
            self.github.released.wait(10)
            return False
        status = self.github.statuses.get(self.command, 200)
        if status >= 300:
            self._answer(status, {"message": "::error::no"})
        return status < 300

    def _page(self, path: str, query: Mapping[str, list[str]]) -> None:
        page, size = int(query.get("page", ["1"])[0]), int(query["per_page"][0])
        found = self.github.comments
        if path.endswith("/pulls"):
            found = self.github.pulls
        elif path.endswith("/issues"):
            found = self.github.open_issues
        links = ""
        if page * size < len(found):
            following = f"{self.github.url}{path}?per_page={size}&page={page + 1}"
            links = f'<{following}>; rel="next", <{self.github.url}/x>; rel="last"'
        self._answer(200, found[(page - 1) * size : page * size], links)

    def _document(self) -> dict[str, Any]:
        size = int(self.headers["Content-Length"])
        document: dict[str, Any] = json.loads(self.rfile.read(size))
        return document

    def _answer(self, status: int, document: Any, links: str = "") -> None:
        text = self.github.body
        if text is None:
            text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        for name, value in ({"Link": links} | self.github.headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


class GitHubServer(ThreadingHTTPServer):
    """Serves one FakeGitHub."""

    def __init__(self, github: FakeGitHub) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.github = github
        github.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    fake = FakeGitHub()
    with GitHubServer(fake) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        thread.start()
        yield fake
        fake.released.set()
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Ended:
    """How a step ended."""

    code: int
    out: str
    err: str
    outputs: Mapping[str, str]
    summary: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def commands(self) -> list[str]:
        """What the runner obeys, as it reads it: nothing between stop and its token."""
        obeyed, fence = [], None
        for line in (self.err + "\n" + self.out).splitlines():
            if fence is not None:
                fence = None if line == f"::{fence}::" else fence
            elif line.startswith("::stop-commands::"):
                fence = line.removeprefix("::stop-commands::")
            elif line.startswith("::"):
                obeyed.append(line)
        assert fence is None
        return obeyed


class Runner:
    """A workspace, the variables of a runner, and the action's scripts."""

    def __init__(self, folder: Path, github: FakeGitHub) -> None:
        self.folder = folder / "workspace"
        self.temp = folder / "temp"
        self.files = {
            name: folder / name.lower()
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH")
        }
        for path in (self.folder, self.temp / "ctsync-action/bin"):
            path.mkdir(parents=True)
        self.variables = {
            "CI": "true",
            "CLEVERTAP_PASSCODE": PASSCODE,
            "CTSYNC_ACTION_TIMEOUT_SECONDS": "5",
            "CTSYNC_ACTION_TOKEN": TOKEN,
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github.url,
            "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": "acme/people",
            "GITHUB_RUN_ID": "42",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_SHA": MERGED,
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(self.temp),
        }
        python = f'exec {sys.executable} "$@"'
        self.tool("python", python)
        self.tool("ctsync", f'PYTHONPATH={ROOT} exec {sys.executable} -m ctsync "$@"')
        self.event("push", {})

    def tool(self, name: str, script: str) -> None:
        """Put a program where the action installs ctsync."""
        path = self.temp / "ctsync-action/bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def event(self, name: str, payload: object) -> None:
        self.variables["GITHUB_EVENT_NAME"] = name
        self.files["GITHUB_EVENT_PATH"].write_text(json.dumps(payload))

    def pull_request(
        self, event: str = "pull_request", *, fork: bool = False, **more: Any
    ) -> None:
        head = {"sha": HEAD, "ref": "$(touch pwned)", "repo": {"id": 2 if fork else 1}}
        pull = {
            "number": 7,
            "title": '"; touch pwned; echo "\n::set-output name=digest::evil',
            "head": head,
            "base": {"ref": "main", "repo": {"id": 1}},
        }
        self.event(event, {"pull_request": pull | more})

    def environment(self, **variables: str) -> dict[str, str]:
        files = {name: str(path) for name, path in self.files.items()}
        return self.variables | files | variables

    def run(
        self, words: list[str], **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of a job."""
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def script(self, name: str, *words: object, **variables: str) -> Ended:
        """Run one of the action's files."""
        program = "bash" if name.endswith(".sh") else sys.executable
        for file in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            self.files[file].write_text("")
        done = self.run([program, str(ACTION / name), *map(str, words)], **variables)
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        outputs = {name: value for name, _, value in (x.partition("=") for x in lines)}
        summary = self.files["GITHUB_STEP_SUMMARY"].read_text()
        return Ended(done.returncode, done.stdout, done.stderr, outputs, summary)

    def action(self, command: str, **inputs: str) -> Ended:
        """Run the action's step with these inputs."""
        known = yaml.safe_load((ACTION / "action.yml").read_text())["inputs"]
        given = {name.replace("-", "_"): x.get("default") for name, x in known.items()}
        given |= {"github_token": None, "command": command} | inputs
        named = {
            f"CTSYNC_ACTION_{name.upper()}": text
            for name, text in given.items()
            if text is not None
        }
        return self.script("run.sh", **named)

    def project(self, text: str = PROJECT, folder: str = ".") -> None:
        self.write(f"{folder}/ctsync.yaml", text)

    def report(self, digest: str = DIGEST, **places: str) -> Path:
        return self.write("report.md", f"{marker(digest, **places)}\n\n### 2 changes\n")


@pytest.fixture
def runner(tmp_path: Path, github: FakeGitHub) -> Iterator[Runner]:
    made = Runner(tmp_path, github)
    yield made
    assert not (made.folder / "pwned").exists()


@pytest.fixture
def tool() -> Callable[[str], str]:
    """Find a linter of the extra `test`; one that lacks is a failure, never a skip."""

    def find(name: str) -> str:
        beside = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
        found = shutil.which(name, path=beside)
        if found is None:
            pytest.fail(f"{name} is not installed: pip install '.[test]'")
        return found

    return find


@pytest.fixture
def shellcheck(tool: Callable[[str], str]) -> Callable[[str, str], None]:
    """Fail when shellcheck finds anything in a text for this shell."""

    def check(shell: str, text: str) -> None:
        done = subprocess.run(
            [tool("shellcheck"), f"--shell={shell}", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, ""), text

    return check


@pytest.fixture
def run_blocks() -> Callable[[Any], list[str]]:
    """Give every shell text in a parsed workflow, action or pipeline."""

    def blocks(node: Any) -> list[str]:
        if isinstance(node, list):
            return [text for item in node for text in blocks(item)]
        if not isinstance(node, dict):
            return []
        own = [node["run"]] if isinstance(node.get("run"), str) else []
        for name in ("script", "before_script"):
            lines = node.get(name)
            own += ["\n".join(lines)] if isinstance(lines, list) else []
        return own + [text for value in node.values() for text in blocks(value)]

    return blocks


@pytest.fixture
def digest_in() -> Callable[[str], str]:
    return lambda text: re.findall(r"sha256:[0-9a-f]{64}", text)[0]
