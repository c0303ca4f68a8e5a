"""The order in which a journal's edits have to come: by key, each key once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctsync.errors import StateError
from ctsync.model.profile_key import ProfileKey
from ctsync.state.edit_stream import (
    KeyedEdit,
    KnownEntries,
    NewEntries,
    ends_of,
)
from ctsync.state.journal_file import journal_damaged


def runs_in_order(
    runs: Iterable[Iterable[KeyedEdit]],
) -> Iterator[Iterable[KeyedEdit]]:
    """Yield runs of edits as they are; each is taken before the next is asked for.

    Stores take edits in this order only, and a run wrote its lines in it.

    Raises:
        StateError: a key does not come after the one before (code `journal_damaged`).
    """
    order = _Order()
    for run in runs:
        if isinstance(run, NewEntries):
            order.take_all(run.columns.key_type, run.columns.ids)
            yield run
        elif isinstance(run, KnownEntries):
            order.take_all(run.key_type, run.ids)
            yield run
        else:
            yield order.one_by_one(run)


class _Order:
    """Keeps the last key."""

    def __init__(self) -> None:
        self._last: ProfileKey | None = None

    def one_by_one(self, edits: Iterable[KeyedEdit]) -> Iterator[KeyedEdit]:
        for key, edit in edits:
            self._take(key, key)
            yield key, edit

    def take_all(self, key_type: str, ids: Sequence[bytes]) -> None:
        try:
            ends = ends_of(key_type, ids)
        except ValueError as error:
            raise _disorder() from error
        self._take(*ends)

    def _take(self, first: ProfileKey, last: ProfileKey) -> None:
        if self._last is not None and first <= self._last:
            raise _disorder()
        self._last = last


def _disorder() -> StateError:
    return journal_damaged("lines of the journal come twice, or not by key")
