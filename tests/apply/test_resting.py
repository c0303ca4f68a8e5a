"""Calls that wait before they are tried again."""

from ctsync.apply.lanes import Parcel
from ctsync.apply.resting import Rest, Resting
from ctsync.apply.retry import Attempt


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def pass_seconds(self, seconds):
        self.now += seconds


def rest(seconds, *, keeps_lane=False):
    return Rest(Attempt(()), Parcel([], 0), seconds, keeps_lane)


def test_a_call_has_rested_when_its_time_has_passed():
    clock = Clock()
    resting, long, short = Resting(clock), rest(3.0), rest(1.0)
    resting.add(long)
    resting.add(short)
    assert resting.rested() is None
    assert resting.seconds() == 1.0
    clock.pass_seconds(1.5)
    resting.look()
    assert resting.rested() is short
    assert resting.seconds() == 1.5


def test_a_clock_that_is_set_back_stretches_no_wait():
    clock = Clock()
    resting = Resting(clock)
    resting.add(rest(1.0))
    clock.pass_seconds(-3600)
    resting.look()
    clock.pass_seconds(1.0)
    resting.look()
    assert resting.rested() is not None


def test_a_wait_keeps_its_lane_only_while_it_lasts():
    clock = Clock()
    resting = Resting(clock)
    resting.add(rest(1.0, keeps_lane=True))
    resting.add(rest(1.0))
    assert resting.lanes_kept == 1
    clock.pass_seconds(1.0)
    resting.look()
    assert resting.lanes_kept == 0


def test_a_pause_holds_for_all_and_the_longest_counts():
    clock = Clock()
    resting = Resting(clock)
    resting.pause(5.0)
    resting.pause(2.0)
    resting.add(rest(1.0))
    assert (resting.is_paused, resting.seconds()) == (True, 5.0)
    clock.pass_seconds(5.0)
    resting.look()
    assert not resting.is_paused


def test_what_waits_can_be_given_up():
    resting = Resting(Clock())
    resting.add(rest(1.0))
    resting.add(rest(2.0))
    assert len(list(resting.take_all())) == 2
    assert len(resting) == 0
