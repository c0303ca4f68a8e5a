"""Calls that wait before they are tried again."""

from ctsync.apply.calls.retry_policy import Attempt
from ctsync.apply.calls.retry_queue import QueuedRetry, RetryQueue
from ctsync.apply.calls.worker_threads import HeldKeys


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def pass_seconds(self, seconds):
        self.now += seconds


def rest(seconds, *, keeps_lane=False):
    return QueuedRetry(Attempt(()), HeldKeys([], 0), seconds, keeps_lane)


def test_a_call_has_rested_when_its_time_has_passed():
    clock = Clock()
    retries, long, short = RetryQueue(clock), rest(3.0), rest(1.0)
    retries.add(long)
    retries.add(short)
    assert retries.rested() is None
    assert retries.seconds() == 1.0
    clock.pass_seconds(1.5)
    retries.look()
    assert retries.rested() is short
    assert retries.seconds() == 1.5


def test_a_wait_begins_when_it_is_added_whoever_looked_last():
    clock = Clock()
    retries = RetryQueue(clock)
    clock.pass_seconds(5.0)
    retries.add(rest(1.0))
    clock.pass_seconds(0.5)
    retries.look()
    assert (retries.rested(), retries.seconds()) == (None, 0.5)


def test_a_pause_begins_when_it_is_asked_for_however_short_it_is():
    clock = Clock()
    retries = RetryQueue(clock)
    clock.pass_seconds(5.0)
    retries.pause(0.75)
    assert (retries.is_paused, retries.seconds()) == (True, 0.75)
    clock.pass_seconds(0.5)
    retries.look()
    assert (retries.is_paused, retries.seconds()) == (True, 0.25)


def test_a_call_that_left_waits_no_more():
    retries = RetryQueue(Clock())
    retries.add(gone := rest(0.0))
    retries.add(rest(0.0))
    retries.remove(gone)
    assert len(retries) == 1
    assert retries.rested() is not gone


def test_a_clock_that_is_set_back_stretches_no_wait():
    clock = Clock()
    retries = RetryQueue(clock)
    retries.add(rest(1.0))
    clock.pass_seconds(-3600)
    retries.look()
    clock.pass_seconds(1.0)
    retries.look()
    assert retries.rested() is not None


def test_a_wait_keeps_its_lane_only_while_it_lasts():
    clock = Clock()
    retries = RetryQueue(clock)
    retries.add(rest(1.0, keeps_lane=True))
    retries.add(rest(1.0))
    assert retries.slots_kept == 1
    clock.pass_seconds(1.0)
    retries.look()
    assert retries.slots_kept == 0


def test_a_pause_holds_for_all_and_the_longest_counts():
    clock = Clock()
    retries = RetryQueue(clock)
    retries.pause(5.0)
    retries.pause(2.0)
    retries.add(rest(1.0))
    assert (retries.is_paused, retries.seconds()) == (True, 5.0)
    clock.pass_seconds(5.0)
    retries.look()
    assert not retries.is_paused


def test_what_waits_can_be_given_up():
    retries = RetryQueue(Clock())
    retries.add(rest(1.0))
    retries.add(rest(2.0))
    assert len(list(retries.remove_all())) == 2
    assert len(retries) == 0
