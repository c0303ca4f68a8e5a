"""Who lost the lock on the state sends nothing more, and loses nothing."""

from itertools import count

import pytest

from ctsync.errors import StateError


def losing(store, after):
    """Give a store whose lock is lost after so many calls."""
    calls = count()

    class Losing(type(store)):
        def open_journal(self, head):
            writer = super().open_journal(head)
            writer.check_lock = check_lock
            return writer

    def check_lock():
        if next(calls) >= after:
            raise StateError("the lock is lost", code="lock_lost")

    return Losing(store.path, store.location)


@pytest.mark.parametrize("after", range(6))
def test_nothing_leaves_once_the_lock_is_lost(world, after):
    world.terms = world.short_calls(1, concurrency=3)
    wants = {f"u{n}": (world.counter("Points", 10 + n),) for n in range(5)}
    assert world.bring(wants).exit_code == 0
    sent = len(world.sandbox.platform.calls)
    wants = {f"u{n}": (world.counter("Points", 20 + n),) for n in range(5)}
    lost = losing(world.store, after)
    if after == 0:
        # Nothing has left, so that this apply has done nothing.
        with pytest.raises(StateError, match="lock is lost"):
            world.apply(world.plan(wants), store=lost)
    else:
        result = world.apply(world.plan(wants), store=lost)
        assert (result.exit_code == 0) == (after >= 5)
        assert result.calls == min(after, 5)
    assert len(world.sandbox.platform.calls) - sent == min(after, 5)
    for _ in range(2):
        world.bring(wants)
    points = {n: world.attributes(f"u{n}")["Points"] for n in range(5)}
    assert points == {n: 20 + n for n in range(5)}
