"""Calls overlap up to the ceiling, and never those that must not."""

import itertools
import time
from threading import Barrier, Lock

import pytest

from ctsync.apply.apply_settings import SilentObserver
from ctsync.canonical_json import parse
from ctsync.errors import StateError
from ctsync.model.policy import Limit


class Wrapped:
    """A transport that tells of each call when it leaves and when it ends."""

    def __init__(self, transport, *, before=lambda body: None):
        self._transport, self._before = transport, before
        self._lock = Lock()
        self.events = []
        self.most = 0

    def upload(self, body, *, dry_run):
        self._note("leaves", body, +1)
        self._before(body)
        try:
            return self._transport.upload(body, dry_run=dry_run)
        finally:
            self._note("ends", body, -1)

    def _note(self, what, body, more):
        with self._lock:
            self.events.append((what, body))
            in_flight = sum(+1 if what == "leaves" else -1 for what, _ in self.events)
            self.most = max(self.most, in_flight)

    def close(self):
        self._transport.close()


def wrapping(world, **more):
    wrapped = Wrapped(world.connect(), **more)
    return wrapped, lambda: wrapped


def wants_of(world, number, plan="Free", points=0):
    return {
        f"u{n:03}": (world.string("Plan", plan), world.counter("Points", points + n))
        for n in range(number)
    }


@pytest.mark.parametrize(("is_near", "most"), [(True, 4), (False, 6)])
def test_few_counters_are_noted_ahead_and_only_over_a_server(
    world, monkeypatch, is_near, most
):
    monkeypatch.setattr(type(world.store), "keeps_unsynced", is_near)
    world.apply(world.plan({f"u{n}": (world.counter("Points", 1),) for n in range(9)}))
    world.terms = world.short_calls(1, concurrency=4)
    meeting, numbers, noted = Barrier(4), itertools.count(), []

    def intents():
        return sum("intent" in line for line in world.store.journal().lines())

    def hold(_):
        if next(numbers) < 4:
            meeting.wait(timeout=60)
            until = time.monotonic() + 60
            while intents() < most and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(0.05)
            noted.append(intents())

    _, connect = wrapping(world, before=hold)
    plan = world.plan({f"u{n}": (world.counter("Points", 9),) for n in range(9)})
    result = world.apply_in_real_time(plan, connect=connect)
    assert result.counts["acknowledged"] == 9
    assert noted[:1] == [most]


def test_calls_overlap(world):
    world.terms = world.short_calls(1, concurrency=5)
    meeting = Barrier(5)
    _, connect = wrapping(world, before=lambda _: meeting.wait(timeout=10))
    result = world.apply_in_real_time(world.plan(wants_of(world, 10)), connect=connect)
    assert (result.exit_code, result.calls) == (0, 10)


def test_no_more_are_in_flight_than_was_configured(world_of):
    world = world_of(latency_seconds=0.01)
    world.terms = world.short_calls(1, concurrency=4)
    wrapped, connect = wrapping(world)
    result = world.apply_in_real_time(world.plan(wants_of(world, 30)), connect=connect)
    assert result.exit_code == 0
    assert wrapped.most == 4


def test_the_ceiling_of_the_platform_is_kept_whatever_is_configured(world_of):
    world = world_of(latency_seconds=0.01, ceiling=15)
    world.terms = world.short_calls(1, concurrency=500)
    wrapped, connect = wrapping(world)
    result = world.apply_in_real_time(world.plan(wants_of(world, 60)), connect=connect)
    assert result.exit_code == 0
    assert wrapped.most <= 15


@pytest.mark.parametrize("busy", [8, 12, 14])
def test_where_another_client_holds_part_of_the_ceiling_nothing_fails(world_of, busy):
    world = world_of(latency_seconds=0.01, ceiling=15, busy_slots=busy)
    world.terms = world.short_calls(1, concurrency=15)
    wants = wants_of(world, 60)
    result = world.apply_in_real_time(world.plan(wants))
    assert (result.exit_code, result.stopped) == (0, None)
    assert result.counts["acknowledged"] == 60
    assert result.calls < 60 * 2
    assert world.changes(wants) == []


def test_a_platform_without_any_room_stops_the_run_and_writes_nothing(world_of):
    world = world_of(ceiling=15, busy_slots=15)
    world.terms = world.short_calls(1, concurrency=15)
    result = world.apply(world.plan(wants_of(world, 30)))
    assert result.stopped == "unreachable"
    assert result.counts["not_sent"] == 30
    assert world.store.read().header is None


def test_identities_that_may_be_one_person_are_never_in_flight_together(world_of):
    world = world_of(latency_seconds=0.02)
    world.terms = world.short_calls(1, concurrency=15)
    names = ("jo", "Jo", "jO", "JO", " jo", "straße", "STRASSE", "strasse", "other")
    wants = {name: (world.string("Plan", "Gold"),) for name in names}
    wrapped, connect = wrapping(world)
    result = world.apply_in_real_time(world.plan(wants), connect=connect)
    assert result.exit_code == 0
    assert wrapped.most > 1  # the world's end says that no violation was noted


def test_a_twin_waits_although_the_first_is_tried_again(world_of):
    world = world_of(latency_seconds=0.01)
    world.terms = world.short_calls(1, concurrency=15)
    wants = {name: (world.string("Plan", "Gold"),) for name in ("JO", "jo", "x")}
    world.sandbox.script("dropped", "dropped", "throttle")
    wrapped, connect = wrapping(world)
    assert world.apply_in_real_time(world.plan(wants), connect=connect).exit_code == 0
    keys = [
        (what, parse(body)["d"][0]["identity"])
        for what, body in wrapped.events
        if b"x" not in body
    ]
    first = keys[0][1]
    begun = [place for place, (_, key) in enumerate(keys) if key != first]
    assert max(place for place, (_, key) in enumerate(keys) if key == first) < begun[0]


def test_no_call_of_a_wave_leaves_before_the_last_one_has_ended(world_of):
    world = world_of(latency_seconds=0.005)
    world.terms = world.short_calls(2, concurrency=6)

    def wants(points, *tags):
        mine = (world.counter("Points", points), world.values("Tags", *tags))
        return {f"u{n}": mine for n in range(20)}

    assert world.apply_in_real_time(world.plan(wants(1, "a", "b"))).exit_code == 0
    wrapped, connect = wrapping(world)
    plan = world.plan(wants(4, "b", "c"))
    assert world.apply_in_real_time(plan, connect=connect).exit_code == 0
    waves = [_wave_of(body) for _, body in wrapped.events]
    assert waves == sorted(waves)
    assert set(waves) == {1, 2, 3}
    assert wrapped.most > 1
    assert world.attributes("u7") == {"Points": 4, "Tags": ["b", "c"]}


def _wave_of(body):
    return 3 if b"$incr" in body else 2 if b"$add" in body else 1


def test_one_refusal_of_the_credentials_stops_every_lane(world_of):
    world = world_of(latency_seconds=0.01)
    world.terms = world.short_calls(1, concurrency=5)
    world.sandbox.script(*["none"] * 7, "unauthorised")
    result = world.apply_in_real_time(world.plan(wants_of(world, 60)))
    assert (result.exit_code, result.stopped) == (3, "unauthorised")
    assert result.calls <= 8 + 2 * 5  # what was in flight, and what had landed unheard
    assert result.counts["acknowledged"] == result.calls - 1
    assert result.counts["unknown"] == 0


def test_rejections_stop_the_run_soon_after_the_limit(world_of):
    world = world_of(latency_seconds=0.01)
    world.terms = world.short_calls(1, concurrency=5, reject_limit=Limit(2))
    world.sandbox.script(*["lying-status"] * 60)
    result = world.apply_in_real_time(world.plan(wants_of(world, 60)))
    assert result.stopped == "reject_limit"
    assert 3 <= result.counts["rejected"] <= 3 + 2 * 5


def test_calls_that_are_lost_in_a_row_stop_the_run(world_of):
    world = world_of()
    world.terms = world.short_calls(1, concurrency=4)
    world.sandbox.script(*["dropped"] * 300)
    result = world.apply(world.plan(wants_of(world, 40)))
    assert result.stopped == "unreachable"
    assert result.counts["unknown"] <= 5 + 4 + 4
    assert sum(result.counts.values()) == 40


class StopsAt(SilentObserver):
    def __init__(self, stop, done):
        self._stop, self._done = stop, done

    def progressed(self, counts, total):
        self._stop.requested = counts["acknowledged"] >= self._done


def test_a_first_signal_finishes_what_is_in_flight(world_of):
    world = world_of(latency_seconds=0.02)
    world.terms = world.short_calls(1, concurrency=4)
    wants = wants_of(world, 20)
    plan = world.plan(wants)
    result = world.apply_in_real_time(plan, observer=StopsAt(world.stop, 5))
    assert (result.exit_code, result.stopped) == (130, "interrupted")
    assert result.counts["unknown"] == 0
    assert result.counts["acknowledged"] == result.calls
    assert world.store.journal() is None
    world.stop.requested = False
    second = world.apply_in_real_time(plan)
    assert second.exit_code == 0
    assert second.calls == 20 - result.calls
    assert world.changes(wants) == []


def test_a_wait_is_given_up_at_a_signal(world_of):
    world = world_of()
    world.terms = world.short_calls(1, concurrency=3)
    world.sandbox.script(*["throttle"] * 9)
    plan = world.plan(wants_of(world, 3))

    class Watch(SilentObserver):
        def waits(self, seconds, why):
            world.stop.requested = True

    result = world.apply(plan, observer=Watch())
    assert (result.exit_code, result.stopped) == (1, "interrupted") or (
        result.exit_code == 130
    )
    assert result.counts["not_sent"] == 3


def test_a_throttled_call_does_not_keep_the_others_waiting(world_of):
    world = world_of(latency_seconds=0.005)
    world.terms = world.short_calls(1, concurrency=4)
    world.sandbox.script("throttle")
    wrapped, connect = wrapping(world)
    result = world.apply(world.plan(wants_of(world, 12)), connect=connect)
    assert result.exit_code == 0
    # The clock of this world stands still until nothing else is left to send.
    last = wrapped.events[-1][1]
    assert sum(body == last for what, body in wrapped.events if what == "leaves") == 2


def test_a_journal_that_is_full_lets_what_is_in_flight_end(world_of):
    world = world_of(latency_seconds=0.02)
    world.terms = world.short_calls(1, concurrency=3)
    plan = world.plan(wants_of(world, 12))

    class Full(type(world.store)):
        def open_journal(self, head):
            writer = super().open_journal(head)
            append, receipts = writer.append, []

            def limited(line, *, sync):
                receipts.extend(["receipt"] * ("receipt" in line))
                if len(receipts) > 4:
                    raise StateError("cannot write state.jsonl.journal: no space")
                append(line, sync=sync)

            writer.append = limited
            return writer

    store = Full.at("state.jsonl", folder=world.folder, name=None)
    result = world.apply_in_real_time(plan, store=store)
    assert result.exit_code == 3
    assert result.counts["acknowledged"] == 4
    assert 1 <= result.counts["unknown"] <= 3
    assert sum(result.counts.values()) == 12
    assert world.apply_in_real_time(plan).exit_code == 0


def test_a_canary_goes_through_all_its_steps_before_the_rest(world_of):
    world = world_of(latency_seconds=0.005)
    first = wants_of(world, 12, points=1)
    assert world.apply_in_real_time(world.plan(first)).exit_code == 0
    world.terms = world.short_calls(1, concurrency=6, canary=Limit(3))
    wrapped, connect = wrapping(world)
    plan = world.plan(wants_of(world, 12, "Gold", 5))
    assert world.apply_in_real_time(plan, connect=connect).exit_code == 0
    left = [body for what, body in wrapped.events if what == "leaves"]
    keys = [parse(body)["d"][0]["identity"] for body in left]
    assert sorted(keys[:6]) == sorted(["u000", "u001", "u002"] * 2)
    assert ["$incr" in body.decode() for body in left] == (
        [False] * 3 + [True] * 3 + [False] * 9 + [True] * 9
    )


def test_an_interruption_from_this_thread_waits_for_no_lane(world_of):
    world = world_of()
    world.terms = world.short_calls(1, concurrency=3, timeout_seconds=30)
    world.sandbox.script("none", "hang", "hang", "hang")
    plan = world.plan(wants_of(world, 12))

    class Interrupts(SilentObserver):
        def progressed(self, counts, total):
            if counts["acknowledged"]:
                raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        world.apply_in_real_time(plan, observer=Interrupts())
    assert time.monotonic() - started < 10
    assert world.store.journal() is not None
