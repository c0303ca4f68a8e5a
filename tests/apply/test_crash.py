"""A run that is cut off anywhere is taken up by the next, and nothing is lost."""

import signal
from collections import Counter
from time import sleep

import pytest
from breaking import child, cut_off

from ctsync.apply.folding.history import past_runs, run_change_from
from ctsync.apply.recover import folded_view, recover
from ctsync.canonical_json import canonical


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
    recovered = recover(world.store)
    assert recovered.base == view.base
    assert list(recovered.entries()) == seen
    assert world.store.journal() is None


@pytest.mark.parametrize("at", range(0, 46, 5))
def test_a_run_is_kept_once_wherever_it_was_cut_off(world, at):
    """Whatever moved the state stands in the history, with what was known before."""
    world.terms = world.short_calls(2)
    world.bring(first_wants(world))
    is_cut = cut_off(world, world.plan(second_wants(world)), at)
    told = [past.record for past in past_runs(world.store)]
    recovered = recover(world.store)
    kept = [past.record for past in world.store.runs()]
    assert len({record["run"] for record in kept}) == len(kept)
    assert [record["run"] for record in told] == [record["run"] for record in kept]
    last = next(world.store.runs())
    if recovered.header.serial == 2:
        assert last.record["serial"] == 1
        assert (last.record["seconds"] is None) <= is_cut
        changes = [*map(run_change_from, last.changes())]
        assert all(
            each.known["points"].value == 10
            for each in changes
            if "points" in {op.operation.attribute.casefold() for op in each.operations}
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
