"""Joining a journal to the snapshot that it extends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from ctsync.apply.effect import Doubt, Effect, settling
from ctsync.apply.journal import Ending, effects_in, head_from_json
from ctsync.apply.sorting import EffectsByKey
from ctsync.model.change import Settled
from ctsync.model.entry import Entry
from ctsync.model.key import Key
from ctsync.model.snapshot import Header, LastPlan
from ctsync.state.base import Journal, Snapshot


@dataclass(frozen=True, slots=True)
class Folding:
    """The snapshot that a journal leads to. `header` has no digest yet."""

    header: Header
    entries: Callable[[], Iterator[Entry]]


def fold_entries(
    entries: Iterable[Entry], effects: Iterable[tuple[Key, Iterable[Effect | Doubt]]]
) -> Iterator[Entry]:
    """Yield the entries after the effects; both come sorted by key."""
    waiting = iter(effects)
    next_effect = next(waiting, None)
    for entry in entries:
        while next_effect is not None and next_effect[0] < entry.key:
            yield from _folded(None, *next_effect)
            next_effect = next(waiting, None)
        if next_effect is not None and next_effect[0] == entry.key:
            yield from _folded(entry, *next_effect)
            next_effect = next(waiting, None)
        else:
            yield entry
    if next_effect is not None:
        for key, group in chain([next_effect], waiting):
            yield from _folded(None, key, group)


def _folded(
    entry: Entry | None, key: Key, effects: Iterable[Effect | Doubt]
) -> Iterator[Entry]:
    empty = Entry(key)
    for effect in effects:
        entry = effect.fold_into(entry, empty)
    if entry is not None:
        yield entry


def fold_journal(
    snapshot: Snapshot, journal: Journal, settled: Iterable[tuple[Key, Settled]] = ()
) -> Folding | None:
    """Give what a journal makes of the snapshot it extends; None if it did nothing.

    `settled` are entries found to be as desired already: they go in at a fold, and
    are no reason for one.
    """
    if next(effects_in(journal.lines()), None) is None:
        return None
    notes = ((key, settling(each).as_json()) for key, each in settled)
    ending = Ending()
    heard = effects_in(ending.watch(journal.lines()))
    effects = EffectsByKey(chain(notes, heard))
    return Folding(
        _header_after(snapshot.header, journal, ending),
        lambda: fold_entries(snapshot.entries(), effects),
    )


def _header_after(header: Header | None, journal: Journal, ending: Ending) -> Header:
    head = head_from_json(journal.head)
    begun = header or Header(head.lineage, head.serial, head.account)
    return replace(
        begun,
        serial=head.serial + 1,
        last_plan=LastPlan(head.plan, ending.is_open),
        tool_version=head.tool_version,
    )
