"""What time it is: for people by the wall, for waiting by a count that nobody sets."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ctsync.model.due_import import Now


class Clock(Struct, frozen=True):
    """The time as a run sees it.

    `wall` gives epoch seconds, which people and machines set as they like. `steady`
    gives seconds that only ever pass; two runs may compare them where `boot`, which
    names what they count from, is the same and not None. `began` is what `steady` gave
    once no other run could send any more: when the lock was taken.
    """

    wall: Callable[[], float]
    steady: Callable[[], float]
    began: float
    boot: str | None = None


def now_by(clock: Clock) -> Now:
    """Return what time it is, for whoever waits for a report."""
    return Now(clock.wall(), clock.steady(), clock.boot)
