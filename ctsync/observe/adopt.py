"""Filling a state from the spec, as if everything declared were so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ctsync.canon import fold_name
from ctsync.kinds import KINDS
from ctsync.model.change import Change
from ctsync.model.entry import Entry, Known


def adopt_changes(
    entries: Iterable[Entry], changes: Iterable[Change]
) -> Iterator[Entry]:
    """Yield the entries as if every change had long been so; both sorted by key.

    Nothing counts as sent by ctsync. Counters are uncertain, since what they would be
    compared with was never seen, and so the next plan assigns them.
    """
    waiting = iter(changes)
    change = next(waiting, None)
    for entry in entries:
        while change is not None and change.key < entry.key:
            yield adopted(Entry(change.key), change)
            change = next(waiting, None)
        if change is not None and change.key == entry.key:
            yield adopted(entry, change)
            change = next(waiting, None)
        else:
            yield entry
    while change is not None:
        yield adopted(Entry(change.key), change)
        change = next(waiting, None)


def adopted(entry: Entry, change: Change) -> Entry:
    """Give an entry as if a change had long been so."""
    before = {} if entry.gone else {**entry.attributes}
    after = {**before, **_after(before, change)}
    kept = {name: k for name, k in after.items() if name not in change.settled.forget}
    once = {fold_name(t.attribute) for t in change.targets if t.write == "once"}
    doubtful = any(not known.certain for known in kept.values())
    return replace(
        entry,
        attributes=dict(sorted(kept.items())),
        cohorts=change.settled.cohorts,
        once=tuple(sorted(once.union(entry.once))),
        fingerprint=None if doubtful else change.settled.fingerprint,
        gone=False,
    )


def _after(before: Mapping[str, Known], change: Change) -> dict[str, Known]:
    after: dict[str, Known] = {}
    exact = {fold_name(t.attribute) for t in change.targets if t.exact is not None}
    for operation in change.operations:
        name = fold_name(operation.attribute)
        held = after.get(name, before.get(name))
        known = KINDS[operation.kind].apply(held, replace(operation, ours=()))
        after[name] = replace(
            known,
            owned=held.owned if held is not None else False,
            certain=operation.kind != "counter",
            complete=known.complete or name in exact,
        )
    return after
