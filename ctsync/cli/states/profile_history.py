"""What runs did to one profile, as far as it is kept and quickly read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ctsync.cli.states.state_history import changes_in, marked, run_of
from ctsync.errors import StateError
from ctsync.model.explanation import Past, PastChange
from ctsync.model.profile_key import ProfileKey
from ctsync.model.run import Run

if TYPE_CHECKING:
    from ctsync.state import Store
    from ctsync.state.base import RunRecord

MOST_CHANGES = 200_000  # of all runs together: two seconds of reading

IsSensitive = Callable[[str], bool]


def past_of(store: Store, key: ProfileKey, is_sensitive: IsSensitive) -> Past:
    """Return what runs did to a profile, the last one first.

    Runs are looked into until they have changed `MOST_CHANGES` profiles; the others are
    only counted. A history that cannot be read is no reason to tell nothing.
    """
    from ctsync.apply.folding.history import past_runs

    found: list[PastChange] = []
    most, unread = MOST_CHANGES, 0
    try:
        for record in past_runs(store):
            run = run_of(record)
            most -= sum(run.counts.values())
            if most < 0:
                unread += 1
                continue
            found.extend(_changes_of(record, run, key, is_sensitive))
    except StateError as error:
        return Past(tuple(found), unread, error.message)
    return Past(tuple(found), unread)


def _changes_of(
    record: RunRecord, run: Run, key: ProfileKey, is_sensitive: IsSensitive
) -> Iterator[PastChange]:
    for change in changes_in(record):
        if change.key == key:
            yield PastChange(run, marked(change, is_sensitive))
        if change.key >= key:  # a run keeps its changes by key
            return
