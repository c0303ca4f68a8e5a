"""A small world: what is wanted, a real state, the sandbox, and runs between them."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from time import sleep
from typing import Any, BinaryIO

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from ctsync.apply.apply_plan import apply_plan
from ctsync.apply.apply_result import ApplyResult
from ctsync.apply.apply_settings import ApplySettings, RetryPace, SilentObserver
from ctsync.apply.clock import Clock
from ctsync.apply.recover import folded_view, recover
from ctsync.canonical_json import canonical, fold_name, sha256
from ctsync.cli.clock import machine_clock
from ctsync.engines.base import Candidate
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, Origin
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry
from ctsync.model.plan import BlockedRule, PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Record
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.batches import RecordSlice
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.plan.document.schedule import records_of
from ctsync.plan.profile.diff_profile import build_change
from ctsync.plan.profile.planned_profile import DesiredProfile, PlannedProfile
from ctsync.sandbox import Sandbox
from ctsync.state.base import Store
from ctsync.state.jsonl_store import JsonlStore
from ctsync.transport.http import connect

sys.path.insert(0, str(Path(__file__).parent))  # for what tests here share

PASSCODE = "sandbox"
FAST = RetryPace(first_seconds=0.001, most_seconds=0.002)


def string(name: str, value: str, **more: Any) -> DesiredValue:
    return DesiredValue(name, "string", value, **more)


def counter(name: str, value: int) -> DesiredValue:
    return DesiredValue(name, "counter", value)


def values(name: str, *exact: str) -> DesiredValue:
    return DesiredValue(name, "list", exact=tuple(sorted(exact)))


def include(name: str, *items: str) -> DesiredValue:
    return DesiredValue(name, "list", include=tuple(sorted(items)))


@dataclass
class StopSign:
    """What a signal would set."""

    requested: bool = False
    signal_number: int | None = None


@dataclass
class Time:
    """A clock that moves only by sleeping. `boot` names this machine's start."""

    now: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)
    boot: str | None = "boot1"

    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.now, self.now, self.boot)

    @property
    def wall(self) -> float:
        return 1.7e9 + self.now - 1_000_000.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


Wants = Mapping[str, tuple[DesiredValue, ...]]


@pytest.fixture
def cargo_of() -> Iterator[Callable[..., RecordSlice]]:
    """Give what makes changes ready to be sent: the records of one wave of them."""
    with ExitStack() as stack:

        def make(*changes: Change, wave: int = 1) -> RecordSlice:
            writer = PlanWriter(
                file := tempfile.TemporaryFile(),  # noqa: SIM115 - closed with the plan
                PlanHead(Account("A", "in1"), Base()),
            )
            for change in changes:
                writer.add_change(change)
            writer.close(PlanFoot())
            plan = stack.enter_context(SavedPlan(file, "this plan"))
            (load,) = plan.loads(wave, range(plan.foot.places))
            return load.records_slice()

        yield make


class World:
    """One project, one state, one platform."""

    string = staticmethod(string)
    counter = staticmethod(counter)
    values = staticmethod(values)
    include = staticmethod(include)

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.account = Account("WR8-9K6-7Z5Z", "in1", sandbox.url)
        self.time = Time()
        self.stop = StopSign()
        self.terms = ApplySettings(pace=FAST, timeout_seconds=2.0, concurrency=1)
        self.ids = (f"id{number}" for number in count(1))
        self.cohorts: dict[str, tuple[str, ...]] = {}
        self.leave: dict[str, DesiredValue] = {}
        self.connects = 0
        self._files: list[BinaryIO] = []

    def close(self) -> None:
        for file in self._files:
            file.close()

    @property
    def store(self) -> Store:
        return JsonlStore.at("state.jsonl", folder=self.folder, name=None)

    def entries(self) -> dict[str, Entry]:
        return {entry.key.id: entry for entry in self.store.read().entries()}

    def plan(self, wants: Wants, *, blocked: tuple[BlockedRule, ...] = ()) -> SavedPlan:
        """Make a plan against what is known, journal included."""
        present = folded_view(self.store)
        head = PlanHead(self.account, present.base, first_run=present.header is None)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the world
        self._files.append(file)
        writer = PlanWriter(file, head)
        for built, key in self._built(wants, present.entries()):
            if built.change is not None:
                writer.add_change(built.change)
            elif built.settled is not None:
                writer.add_settled(key, built.settled)
        writer.close(PlanFoot(blocked=blocked))
        return SavedPlan(file, "this plan")

    def _built(
        self, wants: Wants, entries: Iterator[Entry]
    ) -> Iterator[tuple[PlannedProfile, ProfileKey]]:
        known = {entry.key: entry for entry in entries}
        named = {ProfileKey("identity", id_): targets for id_, targets in wants.items()}
        for key in sorted({*known, *named}):
            targets = named.get(key, ())
            cohorts = self.cohorts.get(key.id, ())
            mark = sha256(canonical([[to_builtins(t) for t in targets], cohorts]))
            entry = known.get(key)
            if entry is not None and entry.fingerprint == mark:
                continue
            left = set(entry.cohorts if entry else ()) - set(cohorts)
            leaving = {
                fold_name(self.leave[name].attribute): replace(
                    self.leave[name], leaving=True
                )
                for name in sorted(left & set(self.leave))
            }
            wanted = DesiredProfile(
                declared={fold_name(t.attribute): t for t in targets},
                leaving={
                    name: target
                    for name, target in leaving.items()
                    if name not in {fold_name(t.attribute) for t in targets}
                },
                cohorts=cohorts,
                origins=(Origin("people.yaml", 1 + len(key.id)),),
                is_named=key in named,
            )
            candidate = Candidate(key, (), entry, mark)
            yield build_change(candidate, wanted, ValueContext(), Attribute), key

    def apply(self, plan: SavedPlan, **over: Any) -> ApplyResult:
        arguments: dict[str, Any] = {
            "terms": self.terms,
            "clock": self.time.clock(),
            "sleep": self.time.sleep,
            "rng": Random(7),
            "new_id": lambda: next(self.ids),
            "observer": SilentObserver(),
            "stop": self.stop,
            "witness": None,
            "files": None,
            "workers": None,
        }
        arguments |= {name: value for name, value in over.items() if name in arguments}
        store = over.get("store", self.store)
        return apply_plan(plan, store, over.get("connect", self.connect), **arguments)

    def apply_in_real_time(self, plan: SavedPlan, **over: object) -> ApplyResult:
        """Apply by the clock on the wall: for calls that overlap."""
        return self.apply(plan, clock=machine_clock(), sleep=sleep, **over)

    def bring(self, wants: Wants, **over: object) -> ApplyResult:
        """Plan and apply."""
        recover(self.store)
        return self.apply(self.plan(wants), **over)

    def connect(self):
        self.connects += 1
        return connect(
            self.account, PASSCODE, timeout_seconds=self.terms.timeout_seconds
        )

    def short_calls(self, records_per_call: int, **more: object) -> ApplySettings:
        return replace(self.terms, records_per_call=records_per_call, **more)

    def settle(self) -> None:
        """Wait until calls that the platform still works on have been written."""
        if any(call.fault == "late" for call in self.sandbox.platform.calls):
            sleep(0.12)

    @staticmethod
    def records(change: Change) -> list[Record]:
        return [record for _, record in records_of(change)]

    @staticmethod
    def until(happened: Callable[[], bool]) -> None:
        """Wait for something that another process does."""
        for _ in range(1000):
            if happened():
                return
            sleep(0.02)
        pytest.fail("it did not happen within 20 seconds")

    def attributes(self, identity: str) -> dict[str, object]:
        profile = self.sandbox.platform.profile("identity", identity)
        return {} if profile is None else dict(profile.attributes)

    def changes(self, wants: Wants) -> list[Change]:
        return list(self.plan(wants).changes())


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: here processes end, machines do not."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(slow_seconds=0.1) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, sandbox: Sandbox) -> Iterator[World]:
    yield from _worlds(tmp_path, sandbox)


@pytest.fixture
def world_on(tmp_path: Path) -> Iterator[Callable[[Sandbox], World]]:
    """Give what makes a world with a sandbox that runs."""
    with ExitStack() as stack:

        def make(running: Sandbox) -> World:
            made = World(tmp_path, running)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def world_of(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Give what makes a world with a sandbox of other settings."""
    with ExitStack() as stack:

        def make(**settings: Any) -> World:
            running = stack.enter_context(Sandbox(slow_seconds=0.1, **settings))
            worlds = _worlds(tmp_path, running)
            stack.callback(lambda: next(worlds, None))
            return next(worlds)

        yield make


def _worlds(folder: Path, sandbox: Sandbox) -> Iterator[World]:
    made = World(folder, sandbox)
    yield made
    made.close()
    assert sandbox.platform.violations == ()
