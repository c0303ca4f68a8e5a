"""One session of pytest in which tests are collected once and run many times.

First a fork runs every test and notes its time and the lines that it ran. Then each
mutant has a fork of its own, which runs the tests that came by its statement: those
first that noticed most mutants so far in their time, until one fails.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec
from hypothesis import Phase, settings
from in_place import NotInPlaceError, put_in_place

if TYPE_CHECKING:
    import pytest
    from mutants import Mutant

FAILED, LATE, ELSEWHERE, SURVIVED = "failed", "out of time", "not in place", "survived"
_CODES = {0: SURVIVED, 1: FAILED, 2: ELSEWHERE}
_PATIENCE_SECONDS = 6  # of the processor; ten times that if it only waits
_OUT_OF_TIME = {None, -signal.SIGALRM, -signal.SIGPROF}


@dataclass(frozen=True)
class Placed:
    """A mutant, the module that it is in, and its path."""

    path: Path
    module: str
    mutant: Mutant


class Ran(msgspec.Struct):
    """What a test took, whether it failed, and the lines that it ran of each file.

    Its seconds are of the processor, which others at work beside it do not stretch.
    """

    seconds: float
    failed: bool
    lines: dict[str, list[int]]


@dataclass(eq=False)
class Session:
    """A plugin of pytest that puts mutants to the test and tells of each.

    With `twice`, tests are run once more before any mutant: what one leaves on a server
    can make it fail the next time, and so for every mutant that it meets.
    """

    folder: Path
    mutants: Sequence[Placed]
    seconds: float
    tell: Callable[[Placed, str], None]
    twice: bool = False
    ran: dict[str, Ran] = field(default_factory=dict)
    noticed: Counter[str] = field(default_factory=Counter)
    fails: bool = False
    complaint: str = ""

    def pytest_sessionstart(self) -> None:
        """Have every law try the same examples, and no failure made small."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile(
            "mutants", settings(), phases=phases, database=None, derandomize=True
        )
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test failed."""
        self.fails = self.fails or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once, then those of each mutant."""
        if session.testsfailed:
            self._give_up(session, "tests cannot be collected")
        for _ in range(1 + self.twice):
            self.ran = self._watched(session)
            broken = [name for name, ran in self.ran.items() if ran.failed]
            if broken:
                self._give_up(session, f"fail without any mutant: {broken}")
        gc.freeze()  # so that forks share what is there already
        for placed in self.mutants:
            self.tell(placed, self._outcome(session, placed))
        return True

    def tests_of(self, path: Path, lines: Iterable[int] | None) -> list[str]:
        """Give the tests that ran one of some lines of a file, the best first."""
        wanted = None if lines is None else set(lines)
        name = str(path)
        found = [
            test
            for test, ran in self.ran.items()
            if name in ran.lines
            and (wanted is None or not wanted.isdisjoint(ran.lines[name]))
        ]
        return sorted(found, key=self._worth, reverse=True)

    def _worth(self, test: str) -> float:
        """Say how much a test noticed so far in its time, or would with the first."""
        return (self.noticed[test] + 1) / (self.ran[test].seconds + 0.02)

    def _within(self, tests: Sequence[str]) -> Iterator[str]:
        """Yield tests until they take more than the seconds that a mutant has."""
        took = 0.0
        for test in tests:
            yield test
            took += self.ran[test].seconds
            if took > self.seconds:
                return

    def _give_up(self, session: pytest.Session, why: str) -> NoReturn:
        self.complaint = why
        raise session.Failed(why)

    def _watched(self, session: pytest.Session) -> dict[str, Ran]:
        with tempfile.TemporaryDirectory() as folder:
            note = Path(folder) / "ran.json"
            forked(lambda: self._watch(session, note), 3600)
            return msgspec.json.decode(note.read_bytes(), type=dict[str, Ran])

    def _watch(self, session: pytest.Session, note: Path) -> int:
        import coverage

        watched = coverage.Coverage(
            data_file=None, include=[f"{self.folder}/*"], config_file=False
        )
        watched.start()
        took = {}
        for number, item in enumerate(session.items):
            watched.switch_context(item.nodeid)
            started, self.fails = time.process_time(), False
            _run(item, session.items[number + 1 : number + 2])
            took[item.nodeid] = Ran(time.process_time() - started, self.fails, {})
        watched.stop()
        data = watched.get_data()
        for path in data.measured_files():
            for line, tests in data.contexts_by_lineno(path).items():
                for test in filter(None, tests):
                    took[test].lines.setdefault(path, []).append(line)
        note.write_bytes(msgspec.json.encode(took))
        return 0

    def _outcome(self, session: pytest.Session, placed: Placed) -> str:
        if placed.mutant.function is None:
            return ELSEWHERE
        names = self.tests_of(placed.path, placed.mutant.lines)
        by_name = {item.nodeid: item for item in session.items}
        items = [by_name[name] for name in self._within(names)]
        with tempfile.TemporaryDirectory() as folder:
            note = Path(folder) / "noticed"
            code = forked(lambda: self._try(placed, items, note), 3600)
            if code == 1:
                self.noticed[note.read_text()] += 1
        late = code in _OUT_OF_TIME
        return LATE if late else _CODES.get(code or 0, FAILED)

    def _try(self, placed: Placed, items: Sequence[pytest.Item], note: Path) -> int:
        try:
            put_in_place(placed.module, placed.mutant)
        except NotInPlaceError:
            return 2
        for number, item in enumerate(items):
            note.write_text(item.nodeid)
            self.fails = False
            patience = _PATIENCE_SECONDS + 8 * self.ran[item.nodeid].seconds
            signal.setitimer(signal.ITIMER_PROF, patience)
            signal.setitimer(signal.ITIMER_REAL, 10 * patience)
            _run(item, items[number + 1 : number + 2])
            if self.fails:
                return 1
        return 0


def _run(item: pytest.Item, following: Sequence[pytest.Item]) -> None:
    then = following[0] if following else None
    item.ihook.pytest_runtest_protocol(item=item, nextitem=then)


def forked(run: Callable[[], int], seconds: float) -> int | None:
    """Run in a fork with a folder for temporary files; None if it takes too long."""
    folder = tempfile.mkdtemp()
    child = os.fork()
    if child == 0:
        os._exit(_as_child(run, folder))
    try:
        return _waited(child, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_child(run: Callable[[], int], folder: str) -> int:
    os.setsid()
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    try:
        return run()
    except BaseException:  # noqa: BLE001 - a mutant may raise anything
        return 99


def _waited(child: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
