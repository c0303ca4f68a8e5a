"""Projects to bring to the platform by runs that end badly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "soak"))
sys.path.insert(0, str(Path(__file__).parent))

from forge import open_state  # noqa: E402 - found in this folder
from object_server import BUCKET  # noqa: E402 - found by the conftest above
from trial.wishes import PASSCODE, Part, Person  # noqa: E402 - found in the soak's folder
from trial.world import Trouble, World  # noqa: E402

from ctsync.model.snapshot import Header  # noqa: E402
from ctsync.sandbox import Sandbox  # noqa: E402
from ctsync.state import Store  # noqa: E402
from ctsync.state.snapshot_codec import with_digest  # noqa: E402


class KeptWorld(World):
    """A world whose state is kept at a location."""

    location: str
    state_name: str | None = None

    @property
    def store(self) -> Store:
        return open_state(self.location, self.folder, self.state_name)


class Case:
    """One project that was brought to the platform, and is to be changed."""

    def __init__(
        self, folder: Path, sandbox: Sandbox, forge: Forge, location: str
    ) -> None:
        folder.mkdir()
        self.folder = folder
        self.world = KeptWorld(folder, sandbox, records_per_call=2)
        self.world.location = self.location = location
        if "://" in location:
            self.world.state_name = f"{folder.parent.name}-{folder.name}"
        else:
            project = folder / "ctsync.yaml"
            project.write_text(project.read_text().replace("state.jsonl", location))
        self._sandbox, self._forge = sandbox, forge
        self._declare("Free", 20, ["a", "b"], members={"u0", "u1"})
        assert self.world.converge() == 1
        self._declare("Gold", 1_009, ["b", "c"], members={"u1", "u2"})
        del self.world.wishes.people["u1"].attributes["Score"]
        self.plan = self.world.plan()
        self.plan.copy_to(folder / "plan")

    def _declare(
        self, plan: str, points: int, tags: list[str], *, members: set[str]
    ) -> None:
        people = self.world.wishes.people
        for name in ("u0", "u1", "u2"):
            values = {
                "Plan": plan, "Points": points, "Visits": 1_029 - points, "Score": 1,
                "Tags": tags, "Roles": Part((tags[0],), ("e",)),
            }  # fmt: skip
            people[name] = Person(values, {"Football": plan == "Gold"})
        self.world.wishes.members = members

    def run(self, strike: str, at: int = 0) -> int:
        """Apply in a process of its own; give its exit code."""
        before = len(self._sandbox.platform.calls)
        code = self._forge.run(
            folder=str(self.folder), location=self.location, strike=strike, at=at,
            passcode=PASSCODE, records_per_call=2, name=self.world.state_name,
        )  # fmt: skip
        self.witness(before)
        return code

    def spawn(self) -> subprocess.Popen[str]:
        """Apply the saved plan by the command line."""
        words = ("apply", "plan", "--auto-approve", "--format", "json")
        return subprocess.Popen(
            [sys.executable, "-m", "ctsync", *words],
            cwd=self.folder,
            env={
                **os.environ, "PYTHONPATH": str(ROOT), "CLEVERTAP_PASSCODE": PASSCODE
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def script(self, *faults: str) -> None:
        self._sandbox.script(*faults)

    def go_on(self) -> None:
        """Continue the same plan; one that came to its end is refused."""
        result = self.world.apply(self.plan, Trouble())
        assert result is None or result.is_complete
        self.world.check()
        assert self.world.converge() <= (result is None)

    def plan_anew(self) -> None:
        """Plan again, and apply that."""
        self.world.check()
        assert self.world.converge() <= 1

    @property
    def journal_path(self) -> Path:
        ending = "journal" if self.location.endswith("/") else ".journal"
        return self.folder / f"{self.location}{ending}"

    @property
    def mark_path(self) -> Path:
        """Where it is noted how far the journal had come."""
        return self.journal_path.with_name(
            self.journal_path.name.replace("journal", "sent")
        )

    def kept(self) -> dict[Path, bytes]:
        """Give the files of the snapshot."""
        path = self.folder / self.location
        files = (*path.glob("*.parquet"), path / "manifest.json", path)
        return {file: file.read_bytes() for file in files if file.is_file()}

    def known(self) -> Header:
        """Give the header of the snapshot, once its entries were read."""
        snapshot = self.world.store.read()
        assert snapshot.header is not None
        assert snapshot.header == with_digest(snapshot.header, snapshot.entries())
        return snapshot.header

    @property
    def points(self) -> int:
        return int((self.folder / "points").read_text())

    def calls(self) -> int:
        return len(self._sandbox.platform.calls)

    def witness(self, before: int) -> None:
        """Tell the watch what left, and what the journal says of it."""
        watch, journal = self.world.watch, self.world.store.journal()
        watch.plan = self.plan.checksum
        bodies = iter(
            call.body.encode() for call in self._sandbox.platform.calls[before:]
        )
        for line in [] if journal is None else journal.lines():
            watch.written(line)
            if "intent" in line and (body := next(bodies, None)):
                watch.sent(body)
                watch.look(body)
        for body in bodies:
            watch.sent(body)
            watch.look(body)
        watch.ended()


class Forge:
    """The process that forks the others."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("forge.py")],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, **job: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    made = Forge()
    yield made
    made.close()


@pytest.fixture(params=["state.jsonl", "state/"], ids=["jsonl", "parquet"])
def location(request: pytest.FixtureRequest) -> str:
    """Where the state is kept."""
    return str(request.param)


Cases = Callable[[], AbstractContextManager[Case]]


@pytest.fixture
def cases(tmp_path: Path, forge: Forge, location: str) -> Cases:
    """Make cases that are alike, each with a platform of its own."""
    return cases_at(tmp_path, forge, location)


@pytest.fixture(params=["postgres_server", "object_server"])
def server_cases(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cases]:
    """Make such cases with the state on a server."""
    server = request.getfixturevalue(request.param)
    is_database = request.param == "postgres_server"
    location = server.url() if is_database else f"s3://{BUCKET}/crash/"
    made = Forge()  # begun when the environment leads to the server
    yield cases_at(tmp_path, made, location)
    made.close()


def cases_at(folder: Path, forge: Forge, location: str) -> Cases:
    numbers = iter(range(1000))

    @contextmanager
    def make() -> Iterator[Case]:
        with Sandbox(passcode=PASSCODE, slow_seconds=0.3) as sandbox:
            case = Case(folder / f"case{next(numbers)}", sandbox, forge, location)
            yield case
            case.world.close()

    return make


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: here processes end, machines do not."""
    monkeypatch.setattr("os.fsync", lambda _: None)
