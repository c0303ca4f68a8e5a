"""The lease on a state in a bucket, by a clock that only waiting moves."""

import itertools
import threading
import time

import pytest
from memory_bucket import MemoryBucket
from msgspec.structs import replace
from waiting_clock import WaitingClock

from ctsync.errors import StateError, StateLocked
from ctsync.state import Holder
from ctsync.state.object_store import lease as module
from ctsync.state.object_store.head import HeadObject
from ctsync.state.object_store.lease import BEATS_A_TERM, SAFE_SHARE, Held, leased

TERM = 24.0
ANNA = Holder("anna", "ci-7", 4711, "ctsync apply", "2030-01-02T03:04:05Z")
BOB = Holder("bob", "laptop", 99, "ctsync refresh", "2030-01-01T00:00:00Z")


@pytest.fixture
def clock(monkeypatch):
    made = WaitingClock()
    monkeypatch.setattr(module, "boot_seconds", made.monotonic)
    monkeypatch.setattr(module.time, "sleep", made.sleep)
    # Nobody renews but when a test says so.
    monkeypatch.setattr(Held, "keep_renewing", lambda self: None)
    return made


@pytest.fixture
def bucket():
    return MemoryBucket()


@pytest.fixture
def head(bucket):
    return head_of(bucket)


tokens = itertools.count(1)


def head_of(bucket):
    return HeadObject(bucket, lambda: str(next(tokens)))


def take(head, holder=ANNA, timeout=0.0, term=TERM):
    return leased(head, holder, timeout_seconds=timeout, term_seconds=term)


def left_by_a_dead(head):
    """Leave a lease whose holder was killed."""
    context = take(head, BOB)
    return context, context.__enter__()


# Taking


def test_a_free_lease_is_taken_at_once_and_let_go_in_the_end(head, clock):
    began = clock.now
    with take(head) as held:
        found = head.read().head
        assert (found.lease.holder, found.epoch, held.epoch) == (ANNA, 1, 1)
    assert head.read().head.lease is None
    with take(head, BOB) as held:
        assert held.epoch == 2
    assert clock.now == began


def test_a_lease_is_let_go_when_the_work_fails(head, clock):
    with pytest.raises(RuntimeError), take(head):
        raise RuntimeError("work failed")
    assert head.read().head.lease is None


def test_one_that_stands_still_is_taken_after_its_whole_term(head, clock):
    _, dead = left_by_a_dead(head)
    began = clock.now
    with take(head) as held:
        assert clock.now - began == TERM
        assert held.epoch == dead.epoch + 1
        assert head.read().head.lease.holder == ANNA


def test_the_term_is_that_of_the_lease_and_not_of_who_looks(head, clock):
    with take(head, BOB, term=3 * TERM):
        began = clock.now
        with take(head, term=1.0):
            assert clock.now - began >= 3 * TERM


def test_one_that_moves_is_never_taken_and_its_holder_is_named(head, clock):
    _, held = left_by_a_dead(head)
    began = clock.now

    def beat():
        if (clock.now - began) % (TERM / BEATS_A_TERM) < TERM / BEATS_A_TERM / 2:
            held.change(lambda h: h)

    clock.meanwhile = beat
    for timeout in (0.0, 3 * TERM):
        began = clock.now
        with (
            pytest.raises(StateLocked, match="bob@laptop"),
            take(head, timeout=timeout),
        ):
            pass
        waited = clock.now - began
        assert timeout <= waited < timeout + TERM / 2
    assert head.read().head.lease.holder == BOB


def test_one_that_moved_once_and_then_stands_still_is_taken_a_term_later(head, clock):
    _, held = left_by_a_dead(head)
    began = clock.now

    def beat():
        clock.meanwhile = lambda: None
        held.change(lambda h: h)

    clock.meanwhile = beat
    with take(head, timeout=10 * TERM):
        assert clock.now - began > TERM


def test_one_that_is_let_go_while_somebody_waits_is_taken(head, clock):
    context, _ = left_by_a_dead(head)
    began = clock.now

    def let_go():
        clock.meanwhile = lambda: None
        context.__exit__(None, None, None)

    clock.meanwhile = let_go
    with take(head, timeout=3 * TERM):
        assert clock.now - began <= TERM / BEATS_A_TERM
        assert head.read().head.lease.holder == ANNA


def test_who_waits_looks_several_times_a_beat_and_never_past_the_time_given(
    head, clock
):
    _, held = left_by_a_dead(head)
    clock.meanwhile = lambda: held.change(lambda h: h)
    with pytest.raises(StateLocked), take(head):
        pass
    assert clock.waits == [TERM / BEATS_A_TERM / 2]
    clock.waits.clear()
    began = clock.now
    with pytest.raises(StateLocked), take(head, timeout=TERM + 0.5):
        pass
    assert max(clock.waits) == clock.waits[0] == TERM / BEATS_A_TERM / 2
    assert min(clock.waits) >= 0.01
    assert clock.now - began == pytest.approx(TERM + 0.5)


# Holding


def test_whoever_holds_it_asks_only_once_the_safe_share_is_over(bucket, head, clock):
    with take(head) as held:
        before = len(bucket.puts)
        clock.now += SAFE_SHARE * TERM - 0.1
        held.check()
        assert len(bucket.puts) == before
        clock.now += 0.1
        held.check()
        assert len(bucket.puts) == before + 1
        clock.now += SAFE_SHARE * TERM - 0.1
        held.check()
        assert len(bucket.puts) == before + 1


def test_the_share_counts_from_before_the_answer_came(bucket, head, clock):
    """Another may count from the moment when the head was written."""
    with take(head) as held:
        bucket.meanwhile = lambda: clock.sleep(5.0)
        held.change(lambda h: h)
        before = len(bucket.puts)
        clock.now += SAFE_SHARE * TERM - 5.0
        held.check()
        assert len(bucket.puts) == before + 1


def test_the_share_of_who_waited_counts_from_the_look_that_took_it(bucket, head, clock):
    context, _ = left_by_a_dead(head)
    context.__exit__(None, None, None)
    began = clock.now
    bucket.meanwhile = lambda: clock.sleep(5.0)
    with take(head) as held:
        assert held._safe_until == began + SAFE_SHARE * TERM
    _, _ = left_by_a_dead(head)
    with take(head) as held:
        assert held._safe_until == clock.now + SAFE_SHARE * TERM


def test_each_change_of_its_holder_is_a_beat(head, clock):
    with take(head) as held:
        for beat in (1, 2, 3):
            found = held.change(lambda h: replace(h, journal="7"))
            assert found == head.read().head
            assert (found.lease.beat, found.lease.holder, found.journal) == (
                beat, ANNA, "7",
            )  # fmt: skip


def test_who_lost_it_changes_nothing_and_leaves_it_to_the_next(head, clock):
    context, dead = left_by_a_dead(head)
    with take(head):
        before = head.read().head
        for act in (dead.check, lambda: dead.change(lambda h: replace(h, journal="x"))):
            with pytest.raises(StateError) as caught:
                act()
            assert caught.value.code == "lock_lost"
        context.__exit__(None, None, None)
        assert head.read().head == before


def test_who_finds_no_lease_has_lost_it(head, clock):
    with take(head) as held:
        head.change(lambda h: replace(h, lease=None))
        with pytest.raises(StateError) as caught:
            held.change(lambda h: h)
        assert caught.value.code == "lock_lost"


# Renewing, by the clock on the wall


def until(holds):
    for _ in range(500):
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_a_lease_beats_as_long_as_it_is_held_and_no_longer(head):
    with take(head, term=0.06 * BEATS_A_TERM):
        assert until(lambda: head.read().head.lease.beat >= 3)
        (thread,) = renewing()
        assert thread.daemon  # a process that ends waits for none
    assert until(lambda: renewing() == [])


def renewing():
    return [each for each in threading.enumerate() if each.name == "ctsync-lease"]


def test_a_holder_goes_on_renewing_after_a_trouble_and_stops_once_it_lost(head):
    held = Held(head, 1, 0.01 * BEATS_A_TERM, since=0.0)
    told = []

    def change(edit):
        told.append(edit)
        raise StateError(
            "away", code="state_unwritable" if told[2:] == [] else "lock_lost"
        )

    held.change = change
    held.keep_renewing()
    assert len(told) == 3
