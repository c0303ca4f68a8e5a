"""Finding candidates in memory: for projects that fit there."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.canonical_json import canonical
from ctsync.engines.base import (
    Candidate,
    Engine,
    ProfileCounts,
    Search,
)
from ctsync.engines.named_profiles import NamedProfiles
from ctsync.model.entry import Entry, entry_from_line
from ctsync.model.stored_entries import FINGERPRINT, StoredEntries


def find_candidates(search: Search, tally: ProfileCounts) -> Iterator[Candidate]:
    """Yield candidates in the order of their keys, counting what is passed over."""
    named_profiles = NamedProfiles(
        search.seen_batches(), search.watch.named(search.unbatched())
    )
    for entry in _remaining(search, named_profiles, tally):
        tally.entries += not entry.gone
        while (key := named_profiles.key) is not None and key < entry.key:
            yield named_profiles.take(key)
        if key == entry.key:
            candidate = named_profiles.take(key, entry)
            # A profile that a read found gone is created anew, whatever was last sent
            # to it.
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
    while (key := named_profiles.key) is not None:
        yield named_profiles.take(key)


def _remaining(
    search: Search, named_profiles: NamedProfiles, tally: ProfileCounts
) -> Iterator[Entry]:
    """Yield all entries but those that are seen to be unchanged by their lines."""
    entries = search.entries()
    if not isinstance(entries, StoredEntries) or search.watch.everyone:
        yield from entries
        return
    watched, width, marks = _watched(search), len(FINGERPRINT), named_profiles.marks
    at = named_profiles.at
    for line in entries.lines:
        # Where there is none, -1 leads behind the first name, where no mark stands.
        mark_at = line.rfind(FINGERPRINT) + width
        if line.startswith(marks[at], mark_at) and watched not in line:
            at += 1
            tally.entries += 1
            tally.unchanged += 1
        else:
            named_profiles.at = at
            yield entry_from_line(line)
            at = named_profiles.at
    named_profiles.at = at


def _watched(search: Search) -> bytes:
    """Return what stands in the line of every entry that the watch may want."""
    names = sorted(search.watch.attributes)
    if not names:
        return b"\0"
    # What the first and the last name of all have in common at the start, those between
    # have, too: a line is searched once, however many names are watched. Where it is
    # found in vain, the entry is read and asked.
    first, last = names[0], names[-1]
    is_same = [one == other for one, other in zip(first, last, strict=False)]
    return canonical(first[: [*is_same, False].index(False)])[:-1]


ENGINE = Engine("memory", find_candidates)
