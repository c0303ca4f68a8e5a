"""A machine that gives no more threads: a run ends, or goes on with those it has."""

from threading import Thread

import pytest

from ctsync.apply.calls.worker_threads import WorkerPool
from ctsync.errors import TransportError
from ctsync.sandbox import Sandbox


class Threads:
    """Gives so many threads, then says what the system says."""

    def __init__(self, most):
        self.left = most

    def start(self, thread):
        if self.left == 0:
            raise RuntimeError("can't start new thread")
        self.left -= 1
        Thread.start(thread)


@pytest.fixture
def threads(monkeypatch):
    def give(most):
        given = Threads(most)

        class Scarce(Thread):
            def start(self):
                given.start(self)

        monkeypatch.setattr("ctsync.apply.calls.worker_threads.Thread", Scarce)

    return give


def wants(world, number, plan="Free"):
    return {
        f"u{n}": (world.string("Plan", plan), world.counter("Points", n))
        for n in range(number)
    }


@pytest.mark.parametrize("most", [0, 1])
def test_without_threads_nothing_is_sent_and_a_new_plan_can_be_applied(
    world, threads, most
):
    """Of two, one notes calls and the other carries them."""
    threads(most)
    with pytest.raises(TransportError, match="thread") as caught:
        world.bring(wants(world, 3))
    assert (caught.value.code, caught.value.exit_code) == ("no_threads", 1)
    assert "limit" in caught.value.hint
    assert world.sandbox.platform.calls == ()
    threads(8)
    assert world.bring(wants(world, 3)).exit_code == 0


@pytest.mark.parametrize("most", [2, 3, 4])
def test_with_fewer_threads_than_lanes_all_is_sent(world, threads, most):
    threads(most)
    world.terms = world.short_calls(1, concurrency=8)
    result = world.apply_in_real_time(world.plan(wants(world, 12)))
    assert (result.exit_code, result.calls) == (0, 12)
    assert world.attributes("u7")["Plan"] == "Free"


def test_calls_that_fail_are_tried_again_with_the_threads_there_are(world, threads):
    threads(2)
    world.terms = world.short_calls(1, concurrency=4)
    world.sandbox.script("unavailable", "throttle", "lost")
    result = world.apply_in_real_time(world.plan(wants(world, 6)))
    assert result.counts["not_sent"] == 0
    assert result.counts["acknowledged"] >= 5


def test_memory_that_ends_between_calls_ends_the_run_with_what_was_sent(
    world, monkeypatch
):
    """What could not be made ready was not sent, and the rest has its outcome."""
    world.terms = world.short_calls(1)
    carry, carried = WorkerPool._carry, []

    def scarce(workers, in_flight):
        carried.append(in_flight)
        if len(carried) == 3:
            monkeypatch.setattr(
                type(in_flight.attempt.records_slice), "body", property(_no_memory)
            )
        return carry(workers, in_flight)

    monkeypatch.setattr(WorkerPool, "_carry", scarce)
    result = world.bring(wants(world, 5))
    assert result.exit_code == 3
    assert result.error.code == "out_of_memory"
    assert (result.counts["acknowledged"], result.counts["not_sent"]) == (2, 3)
    monkeypatch.undo()
    assert world.bring(wants(world, 5)).exit_code == 0
    assert len(world.sandbox.platform.calls) == 5


def _no_memory(_):
    raise MemoryError


def test_a_sandbox_that_finds_no_thread_says_so_and_frees_its_port(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    sandbox = Sandbox()
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", refuse)
        with pytest.raises(OSError, match="no thread"):
            sandbox.start()
    with sandbox:
        assert sandbox.url
