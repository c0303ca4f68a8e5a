"""How many calls may be in flight."""

from hypothesis import given
from hypothesis import strategies as st

from ctsync.limits import MAX_CONCURRENCY
from ctsync.transport.concurrency_limit import ConcurrencyLimit, full


def test_a_run_begins_with_what_was_configured_up_to_the_ceiling():
    assert full(4).allowed == 4
    assert full(99).allowed == MAX_CONCURRENCY
    assert full(0).allowed == 1


def test_too_many_in_flight_halves_the_allowance():
    assert full(15).throttled(3, next_call=16).allowed == 7


def test_a_whole_round_that_is_refused_halves_it_once():
    allowance = full(15)
    for call in range(1, 16):
        allowance = allowance.throttled(call, next_call=16)
    assert allowance.allowed == 7
    assert allowance.throttled(16, next_call=17).allowed == 3


def test_it_never_falls_below_one():
    allowance = full(2)
    for call in range(1, 9):
        allowance = allowance.throttled(call, next_call=call + 1)
    assert allowance.allowed == 1
    assert allowance.is_least


def test_it_grows_by_one_after_each_round_that_went_through():
    allowance, seen = ConcurrencyLimit(ceiling=4, allowed=1), []
    for _ in range(8):
        allowance = allowance.call_succeeded()
        seen.append(allowance.allowed)
    assert seen == [2, 2, 3, 3, 3, 4, 4, 4]


def test_where_growing_was_refused_the_next_try_takes_twice_as_long():
    allowance, tries = ConcurrencyLimit(ceiling=15, allowed=1), []
    for _ in range(6):
        passed = 0
        while allowance.allowed == 1:
            allowance, passed = allowance.call_succeeded(), passed + 1
        tries.append(passed)
        allowance = allowance.throttled(99, next_call=0)
    assert tries == [1, 2, 4, 8, 16, 16]


def test_a_fall_in_one_go_does_not_slow_the_way_back():
    allowance = full(8).throttled(1, next_call=2).throttled(2, next_call=3)
    assert (allowance.allowed, allowance.rounds) == (2, 1)
    for _ in range(2 + 3 + 4 + 5 + 6 + 7):
        allowance = allowance.call_succeeded()
    assert allowance.allowed == 8


def test_a_halving_begins_the_round_anew():
    allowance = ConcurrencyLimit(ceiling=8, allowed=4).call_succeeded().call_succeeded()
    assert allowance.throttled(1, next_call=5).passed == 0


@given(
    ceiling=st.integers(1, 15),
    events=st.lists(st.tuples(st.booleans(), st.integers(0, 15)), max_size=80),
)
def test_it_stays_between_one_and_the_ceiling(ceiling, events):
    allowance, calls = full(ceiling), 1
    for went_through, age in events:
        calls += 1
        call = max(1, calls - age)
        allowance = (
            allowance.call_succeeded()
            if went_through
            else allowance.throttled(call, next_call=calls)
        )
        assert 1 <= allowance.allowed <= ceiling
