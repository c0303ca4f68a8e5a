"""Whatever happens to a call, the next applies reach what is wanted, and no counter
is ever moved twice."""

from random import Random

import pytest
from silent_server import silenced

from ctsync.apply.apply_settings import SilentObserver
from ctsync.model.policy import Limit
from ctsync.model.record import Outcome
from ctsync.sandbox import FAULTS

HALTING = {"unauthorised", "forbidden", "redirect"}
# What is rejected or dropped is wrong on the platform until it is sent again.
ODD = {"schema-drop"}


def wants_of(world, number, plan, points, tags):
    return {
        f"u{n:02}": (
            world.string("Plan", plan),
            world.counter("Points", points + n),
            world.values("Tags", *tags),
        )
        for n in range(number)
    }


def platform_of(world, wants):
    return {identity: world.attributes(identity) for identity in wants}


def expected(wants):
    return {
        identity: {
            target.attribute: target.value if target.exact is None else [*target.exact]
            for target in targets
        }
        for identity, targets in wants.items()
    }


def sorted_lists(profiles):
    return {
        identity: {
            name: sorted(value) if isinstance(value, list) else value
            for name, value in attributes.items()
        }
        for identity, attributes in profiles.items()
    }


@pytest.mark.parametrize("place", [0, 4])
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - ODD))
def test_a_fault_is_made_good_by_the_next_applies(world, fault, place):
    world.terms = world.short_calls(3, timeout_seconds=0.15)
    assert world.bring(wants_of(world, 4, "Free", 10, ["a", "b"])).exit_code == 0
    wants = wants_of(world, 4, "Gold", 15, ["b", "c"])
    before = world.store.read().header.serial
    world.sandbox.script(*["none"] * place, fault)
    first = world.bring(wants)
    assert sum(first.counts.values()) == 4
    if fault in HALTING and place == 0:
        assert first.exit_code == 1
        assert world.store.read().header.serial == before
    world.settle()
    for _ in range(2):
        if world.bring(wants).exit_code == 0:
            break
    assert sorted_lists(platform_of(world, wants)) == expected(wants)
    assert world.changes(wants) == []
    assert world.store.journal() is None


@pytest.mark.parametrize("seed", range(8))
def test_faults_at_random_never_move_a_counter_twice(world, seed):
    rng = Random(seed)
    # A refusal is believed, so what a lie leaves behind is not looked for again.
    names = sorted(set(FAULTS) - ODD - HALTING - {"endless", "gzip-bomb", "denied"})
    world.terms = world.short_calls(2, timeout_seconds=0.15)
    world.bring(wants_of(world, 5, "Free", 10, ["a"]))
    for round_number in range(3):
        plan = ["Gold", "Free", "Platinum"][round_number]
        points = 10 + 7 * (round_number + 1)
        wants = wants_of(world, 5, plan, points, ["a", plan.lower()])
        world.sandbox.script(*(rng.choice([*names, "none"]) for _ in range(4)))
        world.bring(wants)
        for identity in wants:
            top = points + 5
            assert world.attributes(identity)["Points"] <= top
    world.sandbox.script()
    world.settle()
    for _ in range(3):
        if world.bring(wants).exit_code == 0:
            break
    assert sorted_lists(platform_of(world, wants)) == expected(wants)


def test_the_same_plan_goes_on_where_it_stopped(world):
    world.terms = world.short_calls(2)
    wants = wants_of(world, 6, "Free", 0, ["a"])
    plan = world.plan(wants)
    world.sandbox.script("none", "unauthorised")
    first = world.apply(plan)
    assert (first.exit_code, first.stopped) == (3, "unauthorised")
    assert first.counts["not_sent"] == 4
    sent_before = len(world.sandbox.platform.calls)
    second = world.apply(plan)
    assert second.exit_code == 0
    assert second.counts["acknowledged"] == 6
    assert len(world.sandbox.platform.calls) - sent_before == 2
    assert sorted_lists(platform_of(world, wants)) == expected(wants)


def test_a_401_on_the_first_call_changes_nothing(world):
    wants = wants_of(world, 2, "Free", 0, ["a"])
    plan = world.plan(wants)
    world.sandbox.script("unauthorised")
    result = world.apply(plan)
    assert (result.exit_code, result.stopped) == (1, "unauthorised")
    assert "in1" in result.error.message
    assert "SDK token" in result.error.hint
    assert world.store.journal() is None
    assert world.store.read().header is None
    assert world.apply(plan).exit_code == 0


def test_a_server_that_is_not_there_changes_nothing(world):
    plan = world.plan(wants_of(world, 2, "Free", 0, ["a"]))
    with silenced(world.sandbox):
        result = world.apply(plan)
    assert (result.exit_code, result.stopped) == (1, "unreachable")
    assert result.calls == world.terms.pace.unreachable_retries + 1
    assert world.store.read().header is None
    world.sandbox.start()


def test_a_lost_counter_call_is_not_sent_again_and_the_run_waits_it_out(world):
    world.bring({"u1": (world.counter("Points", 1),)})
    world.sandbox.script("lost")
    before = len(world.sandbox.platform.calls)
    slept = len(world.time.slept)
    result = world.bring({"u1": (world.counter("Points", 4),)})
    assert result.counts["unknown"] == 1
    assert len(world.sandbox.platform.calls) - before == 1
    assert sum(world.time.slept[slept:]) == world.terms.timeout_seconds
    (change,) = world.changes({"u1": (world.counter("Points", 4),)})
    assert change.operations[0].operator == "set"
    assert change.operations[0].since == result.run


def test_halving_ends_at_one_record_which_is_then_rejected(world):
    world.sandbox.script(*["too-large"] * 3, "none", "none")
    result = world.bring(wants_of(world, 3, "Free", 0, ["a"]))
    assert result.counts["rejected"] == 1
    assert result.counts["acknowledged"] == 2
    (failure,) = result.tally.failures(Outcome.REJECTED)
    assert failure.code == 413


def test_a_malformed_call_is_tried_once_more_and_then_rejected(world):
    world.sandbox.script("malformed", "malformed")
    result = world.bring(wants_of(world, 3, "Free", 0, ["a"]))
    assert result.counts["rejected"] == 3
    assert result.calls == 2
    assert world.store.read().header is None


def test_a_malformed_call_that_goes_through_at_once_after_is_no_failure(world):
    world.sandbox.script("malformed")
    assert world.bring(wants_of(world, 3, "Free", 0, ["a"])).exit_code == 0


def test_a_redirect_is_not_followed(world):
    world.sandbox.script("redirect")
    result = world.bring(wants_of(world, 1, "Free", 0, ["a"]))
    assert result.exit_code == 1
    assert len(world.sandbox.platform.calls) == 1


def test_a_second_step_goes_only_to_those_whose_first_was_acknowledged(world):
    wants = {f"u{n}": (world.values("Tags", "a", "b"),) for n in range(4)}
    world.bring(wants)
    wants = {f"u{n}": (world.values("Tags", "b", "c"),) for n in range(4)}
    world.sandbox.script("reject")
    result = world.bring(wants)
    assert result.counts["rejected"] == 1
    last = world.sandbox.platform.calls[-1]
    assert len(last.records) == 3
    assert world.bring(wants).exit_code == 0
    assert world.attributes("u0") == {"Tags": ["b", "c"]}
    for entry in world.entries().values():
        assert entry.attributes["tags"].present == ("b", "c")


def test_a_counter_that_is_called_skipped_and_counted_as_taken_is_not_raised_twice(
    world,
):
    world.bring({"u0": (world.counter("Points", 10),)})
    world.sandbox.script("denied")
    result = world.bring({"u0": (world.counter("Points", 15),)})
    assert (result.counts["unknown"], result.counts["rejected"]) == (1, 0)
    world.bring({"u0": (world.counter("Points", 15),)})
    assert world.attributes("u0") == {"Points": 15}


def test_too_many_rejected_profiles_stop_the_run(world):
    world.terms = world.short_calls(2, reject_limit=Limit(1))
    world.sandbox.script("lying-status")
    result = world.bring(wants_of(world, 6, "Free", 0, ["a"]))
    assert result.stopped == "reject_limit"
    assert result.counts == {
        "acknowledged": 0, "rejected": 2, "unknown": 0, "not_sent": 4,
    }  # fmt: skip
    assert result.exit_code == 3


def test_a_signal_leaves_the_rest_unsent_and_says_so(world):
    world.terms = world.short_calls(2)
    plan = world.plan(wants_of(world, 6, "Free", 0, ["a"]))

    class Watch(SilentObserver):
        def progressed(self, counts, total):
            if counts["acknowledged"]:
                world.stop.requested, world.stop.signal_number = True, 15

    result = world.apply(plan, observer=Watch())
    assert (result.exit_code, result.stopped) == (143, "interrupted")
    assert result.counts["acknowledged"] == 2
    world.stop.requested = False
    assert world.apply(plan).exit_code == 0


def test_a_signal_after_the_last_call_is_no_interruption(world):
    plan = world.plan(wants_of(world, 2, "Free", 0, ["a"]))

    class Watch(SilentObserver):
        def progressed(self, counts, total):
            world.stop.requested = counts["acknowledged"] == total

    result = world.apply(plan, observer=Watch())
    assert (result.exit_code, result.stopped) == (0, None)


def test_a_canary_goes_first_and_alone_if_it_fails(world):
    world.terms = world.short_calls(100, canary=Limit(2))
    wants = wants_of(world, 6, "Free", 0, ["a"])
    plan = world.plan(wants)
    world.sandbox.script("reject")
    result = world.apply(plan)
    assert (result.exit_code, result.stopped) == (3, "canary")
    assert [len(c.records) for c in world.sandbox.platform.calls] == [2]
    assert world.apply(plan).exit_code == 0
    assert sorted_lists(platform_of(world, wants)) == expected(wants)


@pytest.mark.parametrize(
    ("canary", "first"),
    [(Limit(1), 1), (Limit(25, is_percent=True), 2), (Limit(1, is_percent=True), 1)],
)
def test_a_canary_is_never_fewer_than_was_asked_for(world, canary, first):
    """A share of a few profiles is rounded up: a canary of nobody shows nothing."""
    world.terms = world.short_calls(100, canary=canary)
    assert world.bring(wants_of(world, 6, "Free", 0, ["a"])).exit_code == 0
    counts = [len(call.records) for call in world.sandbox.platform.calls]
    assert counts == [first, 6 - first]


def test_a_canary_of_all_is_all(world):
    world.terms = world.short_calls(500, canary=Limit(100, is_percent=True))
    world.bring({f"u{n}": (world.string("Plan", "Gold"),) for n in range(102)})
    assert [len(call.records) for call in world.sandbox.platform.calls] == [102]


@pytest.mark.parametrize("canary", [Limit(2), Limit(9), Limit(100, is_percent=True)])
def test_a_canary_after_which_nobody_is_left_stops_nothing(world, canary):
    world.terms = world.short_calls(100, canary=canary)
    world.sandbox.script("reject")
    result = world.bring(wants_of(world, 2, "Free", 0, ["a"]))
    assert (result.exit_code, result.stopped) == (3, None)
    assert result.counts["not_sent"] == 0


def test_whoever_watches_hears_of_all_before_anything_leaves(world):
    told = []

    class Watch(SilentObserver):
        def progressed(self, counts, total):
            told.append((counts["not_sent"], total, world.sandbox.platform.call_count))

    world.bring({"u1": (world.string("Plan", "Gold"),)}, observer=Watch())
    assert told[0] == (1, 1, 0)
    assert told[-1] == (0, 1, 1)


def test_calls_that_are_lost_in_a_row_end_the_run(world):
    world.terms = world.short_calls(1)
    world.bring(wants_of(world, 9, "Free", 0, ["a"]))
    world.sandbox.script(*["dropped"] * 60)
    result = world.bring(wants_of(world, 9, "Gold", 0, ["a"]))
    assert result.stopped == "unreachable"
    assert result.counts == {
        "acknowledged": 0, "rejected": 0, "unknown": 5, "not_sent": 4,
    }  # fmt: skip
