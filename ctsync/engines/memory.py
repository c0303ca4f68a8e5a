"""Finding candidates in memory: for projects that fit there."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry
from ctsync.model.key import Key


@dataclass(frozen=True, slots=True)
class Candidate:
    """A profile that may differ from what the snapshot knows.

    Without contributions no place names it any more. `fingerprint` is what the entry
    gets once it equals desired.
    """

    key: Key
    contributions: tuple[Contribution, ...] = ()
    entry: Entry | None = None
    fingerprint: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is an entry that no read found gone."""
        return self.entry is not None and not self.entry.gone


@dataclass(slots=True)
class Tally:
    """Counts of what was looked at.

    `unchanged` are known profiles named by a place whose fingerprint is the one in
    the snapshot; `undeclared` are those that no place names. An entry that a read
    found gone counts as none.
    """

    entries: int = 0
    unchanged: int = 0
    undeclared: int = 0


def fingerprint(contributions: Iterable[Contribution], salt: bytes) -> str:
    """Give the fingerprint of a profile: 32 hex digits.

    Contributions are taken in the order of their digests, so that moving one from one
    place to another changes nothing.
    """
    words = sorted([contribution.digest for contribution in contributions])
    return hashlib.blake2b(b"".join((salt, *words)), digest_size=16).hexdigest()


def find_candidates(
    contributions: Iterable[Contribution],
    entries: Iterable[Entry],
    salt: bytes,
    tally: Tally,
    on_unchanged: Callable[[Entry], None] = lambda _: None,
) -> Iterator[Candidate]:
    """Yield candidates in the order of their keys, counting what is passed over.

    `entries` arrive sorted by key. Every entry that no place names is a candidate.
    """
    places = _by_key(contributions)
    keys = iter(sorted(places))
    key = next(keys, None)
    for entry in entries:
        tally.entries += not entry.gone
        while key is not None and key < entry.key:
            yield _candidate(key, places.pop(key), None, salt)
            key = next(keys, None)
        if key == entry.key:
            candidate = _candidate(entry.key, places.pop(entry.key), entry, salt)
            key = next(keys, None)
            if candidate.fingerprint == entry.fingerprint and not entry.gone:
                tally.unchanged += 1
                on_unchanged(entry)
            else:
                yield candidate
        else:
            tally.undeclared += not entry.gone
            yield Candidate(entry.key, entry=entry)
    while key is not None:
        yield _candidate(key, places.pop(key), None, salt)
        key = next(keys, None)


def _by_key(contributions: Iterable[Contribution]) -> dict[Key, list[Contribution]]:
    places: dict[Key, list[Contribution]] = defaultdict(list)
    for contribution in contributions:
        places[contribution.key].append(contribution)
    return places


def _candidate(
    key: Key, places: list[Contribution], entry: Entry | None, salt: bytes
) -> Candidate:
    if len(places) > 1:
        places.sort(key=_order)
    return Candidate(key, tuple(places), entry, fingerprint(places, salt))


def _order(contribution: Contribution) -> tuple[str, int, int]:
    origin = contribution.origin
    return (origin.file, origin.line or 0, origin.row or 0)
