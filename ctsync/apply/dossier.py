"""Everything about one profile that sending its records needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ctsync.apply.effect import Attributes
from ctsync.canon import fold_name
from ctsync.model.change import Change
from ctsync.model.entry import Entry
from ctsync.model.key import Key
from ctsync.model.record import Record


@dataclass(frozen=True, slots=True)
class Dossier:
    """A change, its place in the plan (pure releases have none), and the entry."""

    place: int | None
    change: Change
    entry: Entry | None

    @property
    def known(self) -> Attributes:
        """What was known of the attributes before the run."""
        if self.entry is None or self.entry.gone:
            return {}
        return self.entry.attributes


Dossiers = Callable[[], Iterator[Dossier]]


def join(
    changes: Iterable[Change],
    entries: Iterable[Entry],
    due: Callable[[Change, Entry | None], Change],
) -> Iterator[Dossier]:
    """Yield each change, as far as it is due, beside its entry; both sorted by key."""
    waiting = iter(entries)
    entry = next(waiting, None)
    place = 0
    for change in changes:
        while entry is not None and entry.key < change.key:
            entry = next(waiting, None)
        own = entry if entry is not None and entry.key == change.key else None
        is_release = change.action == "release"
        yield Dossier(None if is_release else place, due(change, own), own)
        place += not is_release


class Desk:
    """Knows what earlier records of a run made of attributes that later ones move."""

    def __init__(self) -> None:
        self._learned: dict[Key, Attributes] = {}

    def known(self, dossier: Dossier) -> Attributes:
        """Give what is known of a profile's attributes now."""
        learned = self._learned.get(dossier.change.key)
        return {**dossier.known, **learned} if learned else dossier.known

    def learn(self, dossier: Dossier, record: Record, after: Attributes) -> None:
        """Keep what an acknowledged record made of what a later one moves on."""
        key = dossier.change.key
        if record.last:
            self._learned.pop(key, None)
            return
        sent = set(record.operations)
        later = {
            fold_name(op.attribute)
            for op in dossier.change.operations
            if op not in sent
        }
        moved = {name: known for name, known in after.items() if name in later}
        if moved:
            self._learned[key] = moved
