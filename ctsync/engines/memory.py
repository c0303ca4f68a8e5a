"""Finding candidates in memory: for projects that fit there."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.canon import canonical
from ctsync.engines.base import (
    Candidate,
    Engine,
    Search,
    Tally,
    fingerprint,
    in_order,
)
from ctsync.engines.roll import Roll
from ctsync.model.entry import Entry
from ctsync.model.key import Key
from ctsync.model.stored import FINGERPRINT, StoredEntries


def find_candidates(search: Search, tally: Tally) -> Iterator[Candidate]:
    """Yield candidates in the order of their keys, counting what is passed over."""
    roll = Roll(search.seen_batches(), search.watch.named(search.unbatched()))
    for entry in _remaining(search, roll, tally):
        tally.entries += not entry.gone
        while (key := roll.key) is not None and key < entry.key:
            yield _candidate(key, roll, None)
        if key == entry.key:
            candidate = _candidate(key, roll, entry)
            if candidate.fingerprint != entry.fingerprint or entry.gone:
                yield candidate
                continue
            tally.unchanged += 1
            if search.watch.wants(entry):
                search.watch.on_unchanged(entry)
        else:
            tally.undeclared += not entry.gone
            if search.watch.undeclared or entry.is_bound:
                yield Candidate(entry.key, entry=entry)
    while (key := roll.key) is not None:
        yield _candidate(key, roll, None)


def _candidate(key: Key, roll: Roll, entry: Entry | None) -> Candidate:
    places = roll.take()
    return Candidate(key, in_order(places), entry, fingerprint(places))


def _remaining(search: Search, roll: Roll, tally: Tally) -> Iterator[Entry]:
    """Yield all entries but those that are seen to be unchanged by their lines."""
    entries = search.entries()
    if not isinstance(entries, StoredEntries) or search.watch.everyone:
        yield from entries
        return
    watched, width, marks = _watched(search), len(FINGERPRINT), roll.marks
    at = roll.at
    for line in entries.lines:
        mark_at = line.rfind(FINGERPRINT) + width
        if line.startswith(marks[at], mark_at) and watched not in line:
            at += 1
            tally.entries += 1
            tally.unchanged += 1
        else:
            roll.at = at
            yield entries.entry_of(line)
            at = roll.at
    roll.at = at


def _watched(search: Search) -> bytes:
    """Give what stands in the line of every entry that the watch may want."""
    names = sorted(search.watch.attributes)
    if not names:
        return b"\0"
    first, last = names[0], names[-1]
    is_same = [one == other for one, other in zip(first, last, strict=False)]
    return canonical(first[: [*is_same, False].index(False)])[:-1]


ENGINE = Engine("memory", find_candidates)
