"""Runs applies that end badly, each in a process of its own.

A job is a line of JSON on stdin: folder, saved plan, and what happens to the n-th
thing that is written, or asked of a server. Processes are forked from this one, which
has everything imported and no threads.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

import obstore
import psycopg

from ctsync.apply.apply_plan import apply_plan
from ctsync.apply.apply_settings import ApplySettings, RetryPace, SilentObserver
from ctsync.apply.clock import Clock
from ctsync.errors import CtsyncError
from ctsync.plan.document.plan_file import open_plan
from ctsync.state import Store, open_store
from ctsync.state.manifest import Compaction
from ctsync.state.parquet_store import ParquetStore
from ctsync.transport.http import connect

WRITES = ("write", "pwrite", "fsync", "replace", "unlink", "ftruncate", "fchmod")


def open_state(location: str, folder: Path, name: str | None = None) -> Store:
    """Give the store; one in a folder writes segments, and a base from them."""
    store = open_store(location, folder=folder, name=name)
    if isinstance(store, ParquetStore):
        store.compaction = Compaction(small_rows=0, share=2)
    return store


def seams_of(location: str) -> list[tuple[Any, str]]:
    """Give what a store writes by, or asks its server by."""
    if location.startswith("postgresql://"):
        return [(psycopg.Cursor, "execute"), (psycopg.Cursor, "copy")]
    if location.startswith("s3://"):
        return [(obstore, name) for name in ("get", "list", "put", "delete")]
    return [(os, name) for name in WRITES]


class Hand:
    """Counts what is written, and strikes at one point."""

    def __init__(self, strike: str, at: int) -> None:
        self.strike, self.at = strike, at
        self.points = 0
        self.lock = Lock()
        self.write = os.write

    def take(self, location: str) -> None:
        for owner, name in seams_of(location):
            setattr(owner, name, self._guarded(name, getattr(owner, name)))

    def _guarded(self, name: str, call: Any) -> Any:
        def guarded(*args: Any, **more: Any) -> Any:
            with self.lock:
                # Only what is written in several bytes can be torn.
                self.points += self.strike != "torn" or name == "write"
                self._strike(name, args)
            return call(*args, **more)

        return guarded

    def _strike(self, name: str, args: tuple[Any, ...]) -> None:
        is_here = self.points == self.at
        if is_here and self.strike == "torn":
            self.write(args[0], bytes(args[1])[: len(args[1]) // 2])
        if is_here and self.strike in {"kill", "torn"}:
            os.kill(os.getpid(), signal.SIGKILL)
        if (is_here and self.strike == "fail") or (
            self.points >= self.at and self.strike in {"full", "read-only"}
        ):
            # A full disk still lets go of files; a read-only one does not.
            if self.strike != "read-only" and name in {"unlink", "ftruncate"}:
                return
            number = errno.EROFS if self.strike == "read-only" else errno.ENOSPC
            raise OSError(number, os.strerror(number))


class Stop:
    requested = False
    signal_number = None


def apply(job: dict[str, Any]) -> int:
    folder, numbers = Path(job["folder"]), iter(range(1000))
    plan = open_plan(folder / "plan")
    hand = Hand(job["strike"], job["at"])
    if job["strike"] == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["at"], job["at"]))
    hand.take(job["location"])
    try:
        result = apply_plan(
            plan,
            open_state(job["location"], folder, job["name"]),
            lambda: connect(plan.head.account, job["passcode"], timeout_seconds=30),
            terms=ApplySettings(
                records_per_call=job["records_per_call"],
                concurrency=1,
                timeout_seconds=30,
                pace=RetryPace(first_seconds=0.001, most_seconds=0.001),
            ),
            clock=Clock(time.time, time.monotonic, time.monotonic()),
            sleep=lambda _: None,
            rng=Random(1),
            new_id=lambda: f"child{os.getpid()}-{next(numbers)}",
            observer=SilentObserver(),
            stop=Stop(),
        )
        code = result.exit_code
    except CtsyncError as error:
        code = error.exit_code
    hand.strike = "none"
    (folder / "points").write_text(str(hand.points))
    return code


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                os._exit(apply(json.loads(line)))
            except BaseException as error:  # noqa: BLE001 - told to the parent
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                os._exit(99)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
