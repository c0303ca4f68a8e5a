"""A run that is cut off anywhere is taken up by the next, and nothing is lost."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from itertools import count
from time import sleep

import pytest

from ctsync.apply.recover import folded_view, recover
from ctsync.canon import canonical


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

    def enclose(self, pieces):
        self._writer.enclose(pieces)
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


def first_wants(world):
    return {f"u{n}": everything(world, "Free", 10, ["a", "b"]) for n in range(3)}


def second_wants(world):
    return {f"u{n}": everything(world, "Gold", 15, ["b", "c"]) for n in range(3)}


def everything(world, plan, points, tags):
    return (
        world.string("Plan", plan),
        world.counter("Points", points),
        world.values("Tags", *tags),
    )


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


def sent(world):
    calls = world.sandbox.platform.calls
    return Counter(canonical(record) for call in calls for record in call.records)


# Two waves of two calls and one of counters: 10 calls x 6 steps, and the ends.
@pytest.mark.parametrize("at", range(42))
def test_the_same_plan_goes_on_after_a_crash_at_any_step(world, at):
    world.terms = world.short_calls(2)
    world.bring(first_wants(world))
    plan = world.plan(second_wants(world))
    before = sent(world)
    if not cut_off(world, plan, at):
        pytest.skip("the run has fewer steps")
    assert finish(world, plan) == 0
    for n in range(3):
        found = world.attributes(f"u{n}")
        assert {**found, "Tags": sorted(found["Tags"])} == {
            "Plan": "Gold", "Points": 15, "Tags": ["b", "c"],
        }  # fmt: skip
    repeated = [n for n in (sent(world) - before).values() if n > 1]
    assert sum(repeated) <= 2 * 2
    assert world.changes(second_wants(world)) == []


def finish(world, plan):
    """Go on with a plan, unless it turns out to be done."""
    view = folded_view(world.store)
    last = view.header.last_plan
    if last.checksum == plan.checksum and not last.open:
        return 0
    return world.apply(plan).exit_code


@pytest.mark.parametrize("at", range(0, 42, 7))
def test_a_new_plan_after_a_crash_reaches_what_is_wanted(world, at):
    world.terms = world.short_calls(2)
    world.bring(first_wants(world))
    cut_off(world, world.plan(second_wants(world)), at)
    world.bring(second_wants(world))
    assert world.attributes("u1")["Points"] == 15
    assert world.changes(second_wants(world)) == []


@pytest.mark.parametrize("at", range(0, 42, 6))
def test_readers_see_before_the_fold_what_the_fold_will_write(world, at):
    world.terms = world.short_calls(2)
    world.bring(first_wants(world))
    cut_off(world, world.plan(second_wants(world)), at)
    view = folded_view(world.store)
    seen = list(view.entries())
    recovered = recover(world.store, clock=world.time.clock, sleep=world.time.sleep)
    assert recovered.base == view.base
    assert list(recovered.entries()) == seen
    assert world.store.journal() is None


def test_recovery_waits_for_a_counter_call_that_nobody_heard_of(world):
    world.bring(first_wants(world))
    plan = world.plan({"u0": everything(world, "Free", 11, ["a", "b"])})
    assert cut_off(world, plan, 3)  # after open, plan and intent
    slept = len(world.time.slept)
    recover(world.store, clock=world.time.clock, sleep=world.time.sleep)
    assert sum(world.time.slept[slept:]) == world.terms.timeout_seconds


def test_recovery_does_not_wait_where_the_outcome_is_known(world):
    world.bring(first_wants(world))
    plan = world.plan({"u0": everything(world, "Free", 11, ["a", "b"])})
    assert cut_off(world, plan, 7)
    slept = len(world.time.slept)
    recover(world.store, clock=world.time.clock, sleep=world.time.sleep)
    assert world.time.slept[slept:] == []


CHILD = """
    import sys, time
    from pathlib import Path
    from random import Random
    from ctsync.apply.run import apply_plan
    from ctsync.apply.terms import Silent, Terms
    from ctsync.cli.signals import stop_on_signals
    from ctsync.plan.document import open_plan
    from ctsync.state.jsonl import JsonlStore
    from ctsync.transport.http import connect

    folder, concurrency = Path(sys.argv[1]), int(sys.argv[2])
    seconds, number = float(sys.argv[3]), iter(range(1000))
    with open_plan(folder / "plan") as plan, stop_on_signals() as stop:
        result = apply_plan(
            plan,
            JsonlStore.at("state.jsonl", folder=folder, name=None),
            lambda: connect(plan.head.account, "sandbox", timeout_seconds=seconds),
            terms=Terms(
                records_per_call=1, timeout_seconds=seconds, concurrency=concurrency
            ),
            clock=time.time,
            sleep=time.sleep,
            rng=Random(1),
            new_id=lambda: f"child{next(number)}",
            observer=Silent(),
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


def test_a_killed_process_leaves_what_the_next_needs(world, tmp_path):
    world.bring(first_wants(world))
    wants = second_wants(world)
    plan = world.plan(wants)
    before = len(world.sandbox.platform.calls)
    world.sandbox.script("none", "none", "none", "none", "none", "none", "none", "hang")
    running = child(world, plan, tmp_path)
    # The eighth call moves a counter, is applied, and never answered.
    world.until(lambda: len(world.sandbox.platform.calls) - before >= 8)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert world.store.journal() is not None
    result = world.apply(plan)
    assert result.exit_code == 0
    for n in range(3):
        assert world.attributes(f"u{n}")["Points"] == 15
    assert world.changes(wants) == []


def counted(world, points):
    return {f"u{n}": (world.counter("Points", points),) for n in range(12)}


@pytest.mark.parametrize("hanging", ["hang", "lost", "slow", "late"])
def test_a_process_killed_with_several_in_flight_moves_no_counter_twice(
    world, tmp_path, hanging
):
    world.bring(counted(world, 10))
    plan = world.plan(counted(world, 17))
    before = len(world.sandbox.platform.calls)
    world.sandbox.script("none", "none", *[hanging] * 10)
    running = child(world, plan, tmp_path, concurrency=5)
    world.until(lambda: len(world.sandbox.platform.calls) - before >= 7)
    running.send_signal(signal.SIGKILL)
    running.wait()
    world.sandbox.script()
    world.settle()
    world.terms = world.short_calls(1, concurrency=5)
    assert finish(world, plan) == 0
    found = {world.attributes(name)["Points"] for name in counted(world, 17)}
    assert found == {17}
    assert world.changes(counted(world, 17)) == []


def test_a_second_signal_ends_the_run_with_several_in_flight(world, tmp_path):
    world.bring(counted(world, 10))
    plan = world.plan(counted(world, 17))
    before = len(world.sandbox.platform.calls)
    world.sandbox.script("none", "hang", "hang", "hang")
    running = child(world, plan, tmp_path, concurrency=3, timeout_seconds=60)
    world.until(lambda: len(world.sandbox.platform.calls) - before >= 4)
    running.send_signal(signal.SIGINT)
    sleep(0.2)
    assert running.poll() is None  # it waits for what is in flight
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=20) == 130
    assert world.store.journal() is not None
    assert finish(world, plan) == 0
    found = {world.attributes(name)["Points"] for name in counted(world, 17)}
    assert found == {17}
