"""Records that workers tell are those that would be told here."""

import os
from contextlib import contextmanager

import pytest

from ctsync.apply.apply_settings import SilentObserver
from ctsync.engines.own_processes import made_ahead, run_in_processes
from ctsync.model.workers import Workers
from ctsync.plan.schedule import WAVES

PEOPLE = [f"u{number:03}" for number in range(200)]
EVERYONE = range(len(PEOPLE))
BLOCK_BYTES = 1 << 12
PER_CALL = 20


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("ctsync.plan.plan_checksum._BLOCK_BYTES", BLOCK_BYTES)


def plans(world, value):
    """Of two thirds of them nothing is sent but in the first wave."""
    some = {each: (world.string("Plan", f"{value} of {each}"),) for each in PEOPLE}
    for each in PEOPLE[140:]:
        some[each] = (*some[each], world.counter("Points", 3))
    return some


def workers(ahead, worth=200):
    return Workers(run_in_processes, ahead, worth, pieces=2)


def told_here(plan):
    """What travels, as no worker helps to make it."""
    loads = [load for wave in WAVES for load in plan.loads(wave, EVERYONE)]
    calls = (call for load in loads for call in load.records_slice().calls(PER_CALL))
    return [call.body.decode() for call in calls]


@contextmanager
def in_other_process_until_it_dies(task, pieces):
    with made_ahead(DiesAtTheThird(task), pieces) as made:
        yield made


class DiesAtTheThird:
    def __init__(self, task):
        self.task, self.left = task, 2

    def __call__(self, piece):
        if not self.left:
            os._exit(1)
        self.left -= 1
        return self.task(piece)


@contextmanager
def nobody(task, pieces):
    yield ((piece, None) for piece in pieces)


@pytest.mark.parametrize("ahead", [made_ahead, in_other_process_until_it_dies, nobody])
def test_the_same_is_sent_in_the_same_order(world, ahead):
    plan = world.plan(plans(world, "Gold"))
    expected = told_here(plan)
    terms = world.short_calls(PER_CALL)
    result = world.apply(plan, terms=terms, workers=workers(ahead))
    assert result.counts["acknowledged"] == len(PEOPLE)
    assert [call.body for call in world.sandbox.platform.calls] == expected
    assert len(world.entries()) == len(PEOPLE)


class StopsAtOnce(SilentObserver):
    """Stops a run as soon as anything came of it."""

    def __init__(self, world):
        self.world = world

    def progressed(self, counts, total):
        self.world.stop.requested = counts["acknowledged"] > 0


def test_a_run_that_is_stopped_waits_for_nobody(world):
    plan, left = world.plan(plans(world, "Gold")), []

    @contextmanager
    def noted(task, pieces):
        with made_ahead(task, pieces) as made:
            yield made
        left.append(world.store.journal().head)  # not folded yet

    result = world.apply(
        plan,
        terms=world.short_calls(1),
        workers=workers(noted),
        observer=StopsAtOnce(world),
    )
    assert 0 < result.counts["acknowledged"] < len(PEOPLE)
    assert len(left) == 1


def never(*_):
    pytest.fail("nobody is to be asked")


def test_of_fewer_than_are_worth_it_none_is_told_elsewhere(world):
    plan = world.plan(plans(world, "Gold"))
    helped = workers(never, worth=len(PEOPLE) + 1)
    result = world.apply(plan, workers=helped)
    assert result.counts["acknowledged"] == len(PEOPLE)


@pytest.mark.parametrize("wave", WAVES[1:])
def test_of_later_waves_none_is_told_elsewhere(world, wave):
    """They are few, and of counters and second steps patterns tell nothing."""
    plan = world.plan(plans(world, "Gold"))
    assert [*plan.loads(wave, EVERYONE, workers(never))] == [
        *plan.loads(wave, EVERYONE)
    ]
