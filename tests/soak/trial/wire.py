"""The way to the platform, the store and the clock, each of which may fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Condition, RLock
from typing import Any, TypeVar

from ctsync.apply.clock import Clock
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header
from ctsync.sandbox import Sandbox
from ctsync.state.base import Journal, JournalWriter, Snapshot, Store
from ctsync.state.entry_edits import Edit
from ctsync.transport.upload_result import CallEnding, Transport, UploadResult
from trial.watch import Watch

T = TypeVar("T")

LATE = "late-after-loss"
FAULTS = (
    LATE, "lost", "dropped", "reset-body", "throttle", "throttle-retry-after",
    "unavailable", "unavailable-applied", "error500", "error500-applied", "too-large",
    "malformed", "html", "empty", "truncated", "wrong-type", "miscount", "reject",
    "code555", "unnumbered", "text-record", "keyed-record", "escapes", "lying-status",
    "fail-empty", "unauthorised", "forbidden", "redirect",
)  # fmt: skip


class Crash(BaseException):
    """The process ends here."""


class Fuse:
    """Blows at the n-th step of a run; None never does."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.steps = 0
        self._lock = RLock()

    def __call__(self) -> None:
        with self._lock:
            self.steps += 1
            if self.at is not None and self.steps > self.at:
                raise Crash


@dataclass
class Time:
    """A clock that moves only by sleeping; late writes land when it has moved on."""

    sandbox: Sandbox
    now: float = 1_000_000.0
    slept: float = 0.0
    late: list[tuple[float, bytes]] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    def clock(self) -> Clock:
        return Clock(lambda: 1.7e9, lambda: self.now, self.now, "boot")

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += max(seconds, 1e-6)  # else a rounding error is waited for
            self.slept += seconds
            self.land(lambda due, _: due <= self.now)

    def land(self, when: Callable[[float, bytes], bool]) -> None:
        """Let the platform write what it was late with."""
        with self._lock:
            ripe = [each for each in self.late if when(*each)]
            self.late = [each for each in self.late if each not in ripe]
            for _, body in ripe:
                self.sandbox.platform.upload(json.loads(body)["d"])


class Traffic:
    """Calls on their way; those of a run that ended still arrive."""

    def __init__(self) -> None:
        self._calls = 0
        self._changed = Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._calls += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._calls -= 1
            self._changed.notify_all()

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._calls, 10)


@dataclass
class Wire:
    """A transport that meets a fault now and then, and is watched."""

    inner: Transport
    sandbox: Sandbox
    time: Time
    watch: Watch
    fault: Callable[[], str]
    fuse: Fuse
    traffic: Traffic
    timeout_seconds: float
    on_call: Callable[[], None] = lambda: None

    def upload(self, body: bytes, *, dry_run: bool) -> UploadResult:
        with self.traffic:
            self.fuse()
            self.watch.sent(body)
            answer = self._upload(body, dry_run=dry_run)
            self.watch.look(body)
            self.on_call()
            self.fuse()
            return answer

    def _upload(self, body: bytes, *, dry_run: bool) -> UploadResult:
        kind = self.fault()
        self.watch.totals["faults"] += kind != "none"
        if kind == LATE:
            due = self.time.now + self.timeout_seconds
            self.time.late.append((due, body))
            return UploadResult(CallEnding.LOST, message="ConnectionResetError: gone")
        self.sandbox.script(kind)
        return self.inner.upload(body, dry_run=dry_run)

    def close(self) -> None:
        self.inner.close()


class FrailWriter(JournalWriter):
    """A journal whose every line may be the last thing that a run writes."""

    def __init__(self, writer: JournalWriter, fuse: Fuse, watch: Watch) -> None:
        self._writer, self._fuse, self._watch = writer, fuse, watch

    def append(self, line: Mapping[str, Any], *, sync: bool) -> None:
        self._fuse()
        self._writer.append(line, sync=sync)
        self._watch.written(line)
        self._fuse()

    def append_plan(self, pieces: Iterable[bytes]) -> None:
        lines = b"".join(pieces)
        self._writer.append_plan([lines])
        for line in lines.splitlines():
            self._watch.written(json.loads(line))
        self._fuse()

    def check_lock(self) -> None:
        self._writer.check_lock()

    def close(self) -> None:
        self._writer.close()


class FrailStore:
    """A store whose writing steps may be the last thing that a run does."""

    def __init__(self, store: Store, fuse: Fuse, watch: Watch) -> None:
        self._store, self._fuse, self._watch = store, fuse, watch
        self.location = store.location
        self.keeps_unsynced = store.keeps_unsynced

    def read(self) -> Snapshot:
        return self._store.read()

    def journal(self) -> Journal | None:
        return self._store.journal()

    def open_journal(self, head: Mapping[str, Any]) -> FrailWriter:
        self._fuse()
        return FrailWriter(self._store.open_journal(head), self._fuse, self._watch)

    def replace(self, header: Header, entries: Iterable[Entry]) -> Header:
        self._fuse()
        written = self._store.replace(header, self._frail(entries))
        self._fuse()
        return written

    def amend(self, header: Header, edits: Iterable[tuple[ProfileKey, Edit]]) -> Header:
        self._fuse()
        written = self._store.amend(header, self._frail(edits))
        self._fuse()
        return written

    def append_run(
        self,
        record: Mapping[str, Any],
        changes: Iterable[Mapping[str, Any]] = (),
        *,
        keep: int,
    ) -> None:
        self._fuse()
        self._store.append_run(record, self._frail(changes), keep=keep)
        self._fuse()

    def _frail(self, what: Iterable[T]) -> Iterator[T]:
        yield from what
        self._fuse()

    def discard_journal(self) -> None:
        self._fuse()
        self._store.discard_journal()
