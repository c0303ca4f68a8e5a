"""Waiting until a call that nobody answered cannot be written any more.

A server that is late may write after its client gave up, so that what is sent next
would be undone: a late opt-in wins over its undoing, a late `$incr` moves a counter
that was assigned meanwhile. Who sends waits, and who reads what the platform holds.
"""

from __future__ import annotations

from collections.abc import Callable

from ctsync.apply.clock import Clock
from ctsync.model.snapshot import Header, Unanswered

_WHY = "a call of an earlier run had no answer, and may still be written"
_SLICE_SECONDS = 0.5  # a wait looks for a signal this often


def wait_for_late_writes(
    header: Header | None,
    clock: Clock,
    sleep: Callable[[float], None],
    tell: Callable[[float, str], None],
    is_over: Callable[[], bool],
) -> None:
    """Wait as long as a call of an earlier run may be written, or until `is_over`.

    `tell` hears for how many seconds, and why, if it waits at all.
    """
    unanswered = None if header is None else header.unanswered
    rest = rest_seconds(unanswered, clock)
    if rest > 0:
        tell(rest, _WHY)
    while rest > 0 and not is_over():
        seconds = min(rest, _SLICE_SECONDS)
        sleep(seconds)
        rest -= seconds


def rest_seconds(unanswered: Unanswered | None, clock: Clock) -> float:
    """Return how long the call may still be written.

    Never less than the timeout since it was sent, nor more than that from now on. What
    another machine counted, or this one before it was started anew, tells nothing:
    then it is waited from when this run began.
    """
    if unanswered is None:
        return 0.0
    counts_on = clock.boot is not None and clock.boot == unanswered.boot
    since = unanswered.at if counts_on else clock.began
    rest = since + unanswered.timeout_seconds - clock.steady()
    return min(max(rest, 0.0), unanswered.timeout_seconds)
