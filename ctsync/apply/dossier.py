"""Everything about one profile that sending its records needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ctsync.apply.effect import Attributes
from ctsync.model.change import Change
from ctsync.model.entry import Entry

Place: TypeAlias = "int | None"  # in the plan; what sends nothing has none


@dataclass(frozen=True, slots=True)
class Dossier:
    """A change, its place in the plan, and the entry as it was before the run."""

    place: Place
    change: Change
    entry: Entry | None

    @property
    def known(self) -> Attributes:
        """What was known of the attributes before the run."""
        if self.entry is None or self.entry.gone:
            return {}
        return self.entry.attributes


# Given a wave, only those with a record in it are of interest.
Dossiers = Callable[["int | None"], Iterator[Dossier]]


def placed(changes: Iterable[Change]) -> Iterator[tuple[Place, Change]]:
    """Yield each change with its place."""
    place = 0
    for change in changes:
        is_release = change.action == "release"
        yield None if is_release else place, change
        place += not is_release


def join(
    changes: Iterable[tuple[Place, Change]],
    entries: Iterable[Entry],
    due: Callable[[Change, Entry | None], Change],
) -> Iterator[Dossier]:
    """Yield each change, as far as it is due, beside its entry; both sorted by key."""
    waiting = iter(entries)
    entry = next(waiting, None)
    for place, change in changes:
        while entry is not None and entry.key < change.key:
            entry = next(waiting, None)
        own = entry if entry is not None and entry.key == change.key else None
        yield Dossier(place, due(change, own), own)
