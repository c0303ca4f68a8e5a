"""Records that workers tell are those that would be told here."""

import os
from contextlib import contextmanager

import pytest

from ctsync.apply.apply_settings import SilentObserver
from ctsync.apply.journal.journal_writer import StoredRunJournal
from ctsync.engines.own_processes import made_ahead, run_in_processes
from ctsync.errors import StateError
from ctsync.model.workers import Workers
from ctsync.plan.document.schedule import COUNTERS, WAVES
from ctsync.plan.document.told_records import RecordTelling, sends_first_alone
from ctsync.whole_lines import whole_lines

PEOPLE = [f"u{number:03}" for number in range(200)]
EVERYONE = range(len(PEOPLE))
BLOCK_BYTES = 1 << 12
PER_CALL = 20


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """So that calls are ready long before the plan is read to its end."""
    monkeypatch.setattr("ctsync.plan.document.plan_checksum._BLOCK_BYTES", BLOCK_BYTES)
    monkeypatch.setattr("ctsync.plan.document.schedule.MAX_RECORDS_PER_CALL", PER_CALL)


def mixed_plan(world):
    """Of two thirds of them nothing is sent but in the first wave."""
    world.bring({each: (world.counter("Points", 1),) for each in PEOPLE[140:]})
    some = {each: (world.string("Plan", f"Gold of {each}"),) for each in PEOPLE}
    for each in PEOPLE[140:]:
        some[each] = (*some[each], world.counter("Points", 3))
    return world.plan(some)


def workers(ahead, worth=200):
    return Workers(run_in_processes, ahead, worth, pieces=2)


def bodies(plan, wave, helpers=None):
    """What travels in a wave."""
    loads = plan.loads(wave, EVERYONE, helpers)
    calls = (call for load in loads for call in load.records_slice().calls(PER_CALL))
    return [call.body for call in calls]


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
    plan = mixed_plan(world)
    before = len(world.sandbox.platform.calls)
    expected = [body.decode() for wave in WAVES for body in bodies(plan, wave)]
    terms = world.short_calls(PER_CALL)
    result = world.apply(plan, terms=terms, workers=workers(ahead))
    assert result.counts["acknowledged"] == len(PEOPLE)
    sent = world.sandbox.platform.calls[before:]
    assert [call.body for call in sent] == expected
    assert len(world.entries()) == len(PEOPLE)


def test_another_process_tells_whatever_is_sent_in_the_first_wave_alone(world):
    """What it leaves out is told here, and nobody would notice but who waits."""
    plan = mixed_plan(world)
    with made_ahead(RecordTelling(), whole_lines(plan.pieces())) as made:
        told = {(sends_first_alone(lines), bool(said)) for lines, said in made}
    assert told == {(True, True), (False, False)}


class BreaksOff(SilentObserver):
    """Breaks a run off as soon as anything came of it, and says who helps it."""

    def __init__(self, how):
        self.how, self.helping = how, []

    def progressed(self, counts, total):
        if counts["acknowledged"]:
            assert self.helping
            self.how()

    @contextmanager
    def ahead(self, task, pieces):
        with made_ahead(task, pieces) as made:
            self.helping.append(task)
            try:
                yield made
            finally:
                self.helping.clear()


def break_off(world, how):
    """Return what came of it, with nobody who helps any more; or raise."""
    plan, observer = mixed_plan(world), BreaksOff(how)
    helped = workers(observer.ahead)
    terms = world.short_calls(1)
    try:
        return world.apply(plan, terms=terms, workers=helped, observer=observer)
    finally:
        assert not observer.helping


def test_a_run_that_is_stopped_lets_its_helper_go(world):
    result = break_off(world, lambda: setattr(world.stop, "requested", True))
    assert 0 < result.counts["acknowledged"] < len(PEOPLE)


def test_a_run_that_fails_lets_its_helper_go(world, monkeypatch):
    """Also while somebody holds what it failed of."""

    def no_space(*_, **__):
        raise StateError("no space", code="state_io")

    def fill():
        monkeypatch.setattr(StoredRunJournal, "write_receipt", no_space)

    result = break_off(world, fill)
    assert result.error.code == "state_io"


def test_a_run_that_is_interrupted_lets_its_helper_go(world):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off(world, interrupt)


def never(*_):
    pytest.fail("nobody is to be asked")


def test_of_fewer_than_are_worth_it_none_is_told_elsewhere(world):
    plan = mixed_plan(world)
    helped = workers(never, worth=len(PEOPLE) + 1)
    result = world.apply(plan, workers=helped)
    assert result.counts["acknowledged"] == len(PEOPLE)


def test_of_a_later_wave_none_is_told_elsewhere(world):
    """They are few, and of counters and second steps patterns tell nothing."""
    plan = mixed_plan(world)
    found = bodies(plan, COUNTERS, workers(never))
    assert found == bodies(plan, COUNTERS) != []
