"""A call that nobody answered may still be written: until then nothing is sent."""

import signal
from itertools import count

import pytest
from breaking import Crash, child, cut_off
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.apply.apply_settings import SilentObserver
from ctsync.apply.calls.late_writes import rest_seconds, wait_for_late_writes
from ctsync.apply.clock import Clock
from ctsync.apply.recover import recover
from ctsync.cli.clock import machine_clock
from ctsync.model.desired_value import DesiredValue
from ctsync.model.snapshot import Account, Header, Unanswered
from ctsync.sandbox import Sandbox
from ctsync.state.jsonl_store import JsonlStore

TIMEOUT = 2.0
IN, OUT = (
    {"u1": (DesiredValue("MSG-email", "boolean", value),)} for value in (True, False)
)
seconds = st.floats(0, 1e6)
boots = st.sampled_from(["boot1", "boot2", None])


@settings(deadline=None)
@given(seconds, seconds, st.floats(0, 600), st.floats(0, 600), boots, boots)
def test_the_wait_is_the_timeout_however_clocks_are_set(
    at, began, passed, timeout, boot, own
):
    """Since it was sent where that can be told, else since no other run could send."""
    told = own is not None and own == boot
    now = (at if told else began) + passed
    clock = Clock(lambda: -1e9, lambda: now, began, own)
    rest = rest_seconds(Unanswered(boot, at, timeout), clock)
    assert rest == pytest.approx(max(timeout - passed, 0.0), abs=1e-6)
    assert 0 <= rest <= timeout


def test_a_clock_that_counts_from_elsewhere_stretches_no_wait():
    clock = Clock(lambda: 0.0, lambda: 5.0, 5.0, "boot1")
    assert rest_seconds(Unanswered("boot1", 9e9, TIMEOUT), clock) == TIMEOUT
    assert rest_seconds(None, clock) == 0


@pytest.mark.parametrize("ends_after", [0, 1, 99])
@pytest.mark.parametrize("passed", [0.0, 0.5, 1.75, 2.0, 3.0])
def test_a_wait_is_told_once_and_ends_with_the_last_moment_or_a_signal(
    passed, ends_after
):
    """In slices, so that a signal is heard; and nothing is told of no wait."""
    told, slept = [], []

    def sleep(seconds):
        slept.append(seconds)
        assert len(slept) < 200, "waits without an end"

    header = Header(
        "l" * 32, 1, Account("A", "in1"), unanswered=Unanswered("boot1", 7.0, TIMEOUT)
    )
    clock = Clock(lambda: 0.0, lambda: 7.0 + passed, 0.0, "boot1")
    wait_for_late_writes(
        header,
        clock,
        sleep,
        lambda seconds, why: told.append((seconds, why)),
        lambda: len(slept) >= ends_after,
    )
    rest = max(TIMEOUT - passed, 0.0)
    assert [seconds for seconds, _ in told] == [rest][: rest > 0]
    assert all("no answer" in why for _, why in told)
    assert slept == [0.5] * min(int(rest / 0.5), ends_after) + [rest % 0.5] * (
        0 < rest < 0.5 and ends_after > 0
    )
    wait_for_late_writes(None, clock, sleep, told.append, lambda: False)


def test_this_machine_names_what_its_clock_counts_from():
    first, second = machine_clock(), machine_clock()
    assert first.boot == second.boot is not None
    assert first.began <= second.began <= second.steady()


def flag(world):
    return world.sandbox.platform.profile("identity", "u1").flags["MSG-email"]


def killed_in_the_middle_of_a_call(world, wants):
    """Leave a call that was sent and never answered."""
    assert cut_off(world, world.plan(wants), 7)  # sent, and nothing noted since
    kinds = [next(iter(line)) for line in world.store.journal().lines()]
    assert kinds[-2:] == ["intent", "left"]


def slept_before_the_call(world, wants, **over):
    """Apply; give how long was waited before anything was sent."""
    calls, slept = len(world.sandbox.platform.calls), len(world.time.slept)
    waited = []

    def sleep(seconds):
        assert len(world.sandbox.platform.calls) == calls
        waited.append(seconds)
        world.time.sleep(seconds)

    world.apply(world.plan(wants), sleep=sleep, **over)
    assert len(world.time.slept) == slept + len(waited)
    return sum(waited)


@pytest.mark.parametrize("recovers", [True, False])
def test_an_opt_in_of_a_killed_run_is_waited_for_before_its_undoing(world, recovers):
    killed_in_the_middle_of_a_call(world, IN)
    if recovers:  # whoever folds the journal, the wait is not forgotten
        recover(world.store)
    world.time.now += 0.5
    assert slept_before_the_call(world, OUT) == TIMEOUT - 0.5
    assert flag(world) is False


def test_what_cannot_land_any_more_is_not_waited_for(world):
    killed_in_the_middle_of_a_call(world, IN)
    world.time.now += TIMEOUT
    assert slept_before_the_call(world, OUT) == 0


@pytest.mark.parametrize("boot", ["boot2", None])
def test_after_a_start_or_on_another_machine_the_whole_timeout_is_waited(world, boot):
    killed_in_the_middle_of_a_call(world, IN)
    world.time.boot, world.time.now = boot, 3.0
    assert slept_before_the_call(world, OUT) == TIMEOUT


def test_a_store_that_forgets_what_was_not_forced_out_tells_no_time(world, monkeypatch):
    """Its lines say when a call was noted; it may have left long after."""
    monkeypatch.setattr(JsonlStore, "keeps_unsynced", False)
    killed_in_the_middle_of_a_call(world, IN)
    world.time.now += TIMEOUT
    assert slept_before_the_call(world, OUT) == TIMEOUT


def test_a_call_that_waited_for_its_turn_is_late_from_when_it_left(world):
    world.terms = world.short_calls(1)
    wants = {f"u{n}": IN["u1"] for n in range(2)}
    plan, numbers = world.plan(wants), count()

    class Slow:
        """Takes ten seconds for the first call, and dies in the second."""

        def __init__(self, inner):
            self.inner, self.close = inner, inner.close

        def upload(self, body, *, dry_run):
            if next(numbers):
                raise Crash
            world.time.now += 10
            return self.inner.upload(body, dry_run=dry_run)

    with pytest.raises(Crash):
        world.apply(plan, connect=lambda: Slow(world.connect()))
    assert slept_before_the_call(world, {"u1": OUT["u1"]}) == TIMEOUT


def test_a_lost_try_is_waited_for_although_the_next_was_acknowledged(world):
    world.sandbox.script("lost")
    assert world.bring(IN).exit_code == 0
    passed = sum(world.time.slept)
    assert slept_before_the_call(world, OUT) == pytest.approx(TIMEOUT - passed)
    assert world.store.read().header.unanswered is None
    assert slept_before_the_call(world, IN) == 0


def test_who_sends_nothing_waits_for_nothing_and_keeps_the_mark(world):
    killed_in_the_middle_of_a_call(world, IN)
    dry = world.short_calls(1, dry_run=True)
    assert slept_before_the_call(world, OUT, terms=dry) == 0
    assert slept_before_the_call(world, {}) == 0  # a release
    assert world.store.read().header.unanswered is not None
    assert slept_before_the_call(world, OUT) == TIMEOUT


def test_a_call_whose_answer_was_noted_is_not_waited_for(world):
    assert cut_off(world, world.plan(IN), 9)  # its receipt is the last thing noted
    assert slept_before_the_call(world, OUT) == 0


def test_a_counter_that_was_waited_out_leaves_nothing_to_wait_for(world):
    wants = {"u1": (world.counter("Points", 1),)}
    world.bring(wants)
    world.sandbox.script("lost")
    world.bring({"u1": (world.counter("Points", 4),)})
    assert world.store.read().header.unanswered is None
    world.time.boot = "boot2"
    assert slept_before_the_call(world, wants) == 0


def test_a_signal_ends_the_wait_and_nothing_is_sent(world):
    killed_in_the_middle_of_a_call(world, IN)
    plan, calls = world.plan(OUT), len(world.sandbox.platform.calls)

    class Watch(SilentObserver):
        def waits(self, seconds, why):
            assert (seconds, "no answer" in why) == (TIMEOUT, True)
            world.stop.requested, world.stop.signal_number = True, 2

    result = world.apply(plan, observer=Watch())
    assert (result.exit_code, result.stopped) == (130, "interrupted")
    assert len(world.sandbox.platform.calls) == calls
    assert sum(world.time.slept) <= 0.5
    world.stop.requested = False
    assert slept_before_the_call(world, OUT) > 0


def test_an_opt_in_that_lands_late_does_not_win_over_its_undoing(world_on, tmp_path):
    with Sandbox(slow_seconds=0.6) as sandbox:
        world = world_on(sandbox)
        world.terms = world.short_calls(1, timeout_seconds=1.5)
        sandbox.script("late")
        running = child(world, world.plan(IN), tmp_path, timeout_seconds=1.5)
        world.until(lambda: sandbox.platform.calls)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert sandbox.platform.profile("identity", "u1") is None
        assert world.apply_in_real_time(world.plan(OUT)).exit_code == 0
        assert flag(world) is False
