"""The marks of a journal: one byte a profile that says what came of its records."""

from __future__ import annotations

from functools import lru_cache

from ctsync.model.record import Outcome
from ctsync.plan.document.schedule import FILES

# Two bits a wave, in one byte a place. One that was tried again may have both. One more
# says that any of its records was rejected, which changes nothing that is known. What
# travels in files is due, with the bit above, and no receipt of a call sets it: how far
# files came is kept apart.
DOUBTED, TAKEN = 1, 2
ALL_DOUBTED = 0b010101
REJECTED = 1 << 6
IN_FILES = TAKEN << 2 * (FILES - 1)
WITHOUT_EFFECT = bytes((0, REJECTED))


def worst(mark: int, due: int, in_files: Outcome) -> Outcome:
    """Return the worst outcome of a profile of which so much is due.

    What travels in files came as far as `in_files`.
    """
    taken = mark & due
    if taken == due:
        return Outcome.ACKNOWLEDGED
    # The bit of what was taken, one place lower, is that of its doubt: what was taken
    # in the end is in doubt no more.
    if mark & ALL_DOUBTED & ~(taken >> 1):
        return Outcome.UNKNOWN
    if mark & REJECTED:
        return Outcome.REJECTED
    return in_files if taken == due & ~IN_FILES else Outcome.NOT_SENT


@lru_cache(maxsize=64)
def due_in(waves: bytes) -> int:
    """Return what is due of waves as a line names them, between commas."""
    return sum(TAKEN << 2 * (int(wave) - 1) for wave in waves.split(b",") if wave)
