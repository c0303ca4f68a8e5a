"""Runs that are cut off: in the middle of a step, or in a process of their own."""

import os
import subprocess
import sys
import textwrap
from itertools import count

from ctsync.errors import StateError
from ctsync.state.jsonl_store import JsonlStore


class Crash(BaseException):
    """The process ends here."""


class Fuse:
    """Blows at the n-th time that anything is done."""

    def __init__(self, at):
        self.at = at
        self.steps = count()

    def __call__(self):
        if next(self.steps) == self.at:
            raise Crash


class FrailWriter:
    def __init__(self, writer, fuse):
        self._writer, self._fuse = writer, fuse

    def append(self, line, *, sync):
        self._fuse()
        self._writer.append(line, sync=sync)
        self._fuse()

    def append_plan(self, pieces):
        self._writer.append_plan(pieces)
        self._fuse()

    def check_lock(self):
        self._writer.check_lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._writer.close()


class FrailStore:
    """A store whose writing steps may be the last thing that a run does."""

    def __init__(self, store, fuse):
        self._store, self._fuse = store, fuse
        self.location = store.location
        self.keeps_unsynced = store.keeps_unsynced

    def read(self):
        return self._store.read()

    def journal(self):
        return self._store.journal()

    def open_journal(self, head):
        self._fuse()
        return FrailWriter(self._store.open_journal(head), self._fuse)

    def replace(self, header, entries):
        self._fuse()
        written = self._store.replace(header, entries)
        self._fuse()
        return written

    def amend(self, header, edits):
        self._fuse()
        written = self._store.amend(header, edits)
        self._fuse()
        return written

    def append_run(self, record, changes=(), *, keep):
        self._fuse()
        self._store.append_run(record, changes, keep=keep)
        self._fuse()

    def discard_journal(self):
        self._fuse()
        self._store.discard_journal()


class FrailTransport:
    def __init__(self, transport, fuse):
        self._transport, self._fuse = transport, fuse

    def upload(self, body, *, dry_run):
        self._fuse()
        answer = self._transport.upload(body, dry_run=dry_run)
        self._fuse()
        return answer

    def close(self):
        self._transport.close()


def failing(world, where, error):
    """Give the store of a world, in which one step cannot be written."""

    def fail():
        raise error

    class Frail(JsonlStore):
        def open_journal(self, head):
            writer = super().open_journal(head)
            append = writer.append

            def limited(line, *, sync):
                if where == next(iter(line)):
                    fail()
                append(line, sync=sync)

            writer.append = limited
            return writer

        def amend(self, header, edits):
            return fail() if where == "fold" else super().amend(header, edits)

        def append_run(self, record, changes=(), *, keep):
            if where == "history":
                fail()
            super().append_run(record, changes, keep=keep)

    return Frail.at("state.jsonl", folder=world.folder, name=None)


FULL = StateError("cannot write the state: no space", hint="", code="state_unwritable")


def cut_off(world, plan, at):
    """Apply until the fuse blows; say whether it did."""
    fuse = Fuse(at)
    try:
        world.apply(
            plan,
            store=FrailStore(world.store, fuse),
            connect=lambda: FrailTransport(world.connect(), fuse),
        )
    except Crash:
        return True
    return False


CHILD = """
    import sys, time
    from pathlib import Path
    from random import Random
    from ctsync.apply.apply_plan import apply_plan
    from ctsync.apply.apply_settings import SilentObserver, ApplySettings
    from ctsync.cli.clock import machine_clock
    from ctsync.cli.terminal.signals import stop_on_signals
    from ctsync.plan.document.plan_file import open_plan
    from ctsync.state.jsonl_store import JsonlStore
    from ctsync.transport.http import connect

    folder, concurrency = Path(sys.argv[1]), int(sys.argv[2])
    seconds, number = float(sys.argv[3]), iter(range(1000))
    with open_plan(folder / "plan") as plan, stop_on_signals() as stop:
        result = apply_plan(
            plan,
            JsonlStore.at("state.jsonl", folder=folder, name=None),
            lambda: connect(plan.head.account, "sandbox", timeout_seconds=seconds),
            terms=ApplySettings(
                records_per_call=1, timeout_seconds=seconds, concurrency=concurrency
            ),
            clock=machine_clock(),
            sleep=time.sleep,
            rng=Random(1),
            new_id=lambda: f"child{next(number)}",
            observer=SilentObserver(),
            stop=stop,
        )
    sys.exit(result.exit_code)
"""


def child(world, plan, folder, *, concurrency=1, timeout_seconds=5):
    """Apply a plan in a process of its own."""
    plan.copy_to(folder / "plan")
    words = (str(folder), str(concurrency), str(timeout_seconds))
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
    )
