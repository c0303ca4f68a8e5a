"""What one record does to what is known of one profile.

An effect carries values, never differences: it means the same however often a record
was tried. It is worked out where a journal is folded, from the change and from what was
known before; the journal itself only says which records were taken, and which are in
doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.model.change import Change, EntryAfter
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.record import Record

Attributes = Mapping[str, KnownValue]

_fold = lru_cache(maxsize=4096)(fold_name)  # names are few, and come with every record


class EntryWrite(Struct, frozen=True):
    """A write of one entry.

    `is_sent` is False for what touches the state alone: it makes no new entry.
    `cohorts` join the membership; `settled`, where every operation was acknowledged,
    fixes it and what is forgotten.
    """

    attributes: Attributes = field(default_factory=dict)
    cohorts: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    settled: EntryAfter | None = None
    is_sent: bool = True

    def fold_into(self, entry: Entry | None, empty: Entry) -> Entry | None:
        """Return the entry after the effect; `empty` is what a new one starts from."""
        if not self.is_sent and entry is None:
            return None
        # A profile that a read found gone is made anew by whatever is sent to it.
        before = empty if entry is None or (entry.gone and self.is_sent) else entry
        attributes, cohorts = {**before.attributes, **self.attributes}, self.cohorts
        fingerprint = None
        if self.settled is None:
            cohorts = _union(before.cohorts, cohorts)
        else:
            cohorts, fingerprint = self.settled.cohorts, self.settled.fingerprint
            for name in self.settled.forget:
                attributes.pop(name, None)
            for name, ours in self.settled.ours:
                if name in attributes:
                    attributes[name] = _with_ours(attributes[name], ours)
        return Entry(
            before.key,
            dict(sorted(attributes.items())),
            cohorts,
            _union(before.once, self.once),
            fingerprint,
            before.gone,
        )


class UncertainRecord(Struct, frozen=True):
    """A record of a run whose outcome may never be known."""

    operations: tuple[Operation, ...]
    cohorts: tuple[str, ...]
    run: str

    def effect_on(self, known: Attributes) -> EntryWrite:
        """Return what is known where the outcome never will be."""
        after = _after(self.operations, known, certain=False)
        unsure = {name: _in_doubt(state, self.run) for name, state in after.items()}
        return EntryWrite(unsure, self.cohorts)

    def fold_into(self, entry: Entry | None, empty: Entry) -> Entry | None:
        """Return the entry in doubt; `empty` is what a new one starts from."""
        known = {} if entry is None or entry.gone else entry.attributes
        return self.effect_on(known).fold_into(entry, empty)


class AcknowledgedRecord(Struct, frozen=True):
    """A record that was acknowledged.

    What is known of its profile then follows from the change and from what was known
    before it, which the earlier records of the profile made.
    """

    record: Record
    change: Change

    def fold_into(self, entry: Entry | None, empty: Entry) -> Entry | None:
        """Return the entry after the record; `empty` is what a new one starts from."""
        known = {} if entry is None or entry.gone else entry.attributes
        effect = entry_write_of(self.record, self.change, known)
        return effect.fold_into(entry, empty)


def entry_write_of(record: Record, change: Change, known: Attributes) -> EntryWrite:
    """Return what is known once a record is acknowledged."""
    after = _after(record.operations, known, certain=True)
    begun = frozenset(change.once).intersection(after)
    due = _left_after(record, change) if begun else frozenset()
    # Half of the one write is not it: nothing may take what is there for the whole.
    half = {name: replace(after[name], certain=False) for name in begun & due}
    return EntryWrite(
        {**after, **half},
        change.settled.cohorts,
        tuple(sorted(begun - due)),
        _with_released(change) if record.last else None,
    )


def _left_after(record: Record, change: Change) -> frozenset[str]:
    """Return the folded names of attributes of which a later record has a step."""
    steps = {operation.attribute: operation.step for operation in record.operations}
    return frozenset(
        _fold(operation.attribute)
        for operation in change.operations
        if operation.step > steps.get(operation.attribute, operation.step)
    )


def release_of(change: Change) -> EntryWrite:
    """Return what a change does that releases attributes and sends nothing."""
    return EntryWrite(
        cohorts=change.settled.cohorts, settled=_with_released(change), is_sent=False
    )


def settling(settled: EntryAfter) -> EntryWrite:
    """Return the note that an entry is as desired already."""
    return EntryWrite(cohorts=settled.cohorts, settled=settled, is_sent=False)


def _with_ours(known: KnownValue, ours: tuple[str, ...] | None) -> KnownValue:
    """Return what is known of a list of which these values are ours, or the whole."""
    held = frozenset(ours or ()).intersection((*known.present, *known.maybe))
    owned = ours is None or bool(held)
    return replace(known, owned=owned, ours=tuple(sorted(held)))


def _with_released(change: Change) -> EntryAfter:
    if not change.released:
        return change.settled
    # Of a list that is still declared in part, what is released stays known.
    kept = {name for name, _ in change.settled.ours}
    released = tuple({fold_name(name) for name in change.released} - kept)
    return replace(change.settled, forget=_union(change.settled.forget, released))


def _after(
    operations: Iterable[Operation], known: Attributes, *, certain: bool
) -> dict[str, KnownValue]:
    after: dict[str, KnownValue] = {}
    for operation in operations:
        name = _fold(operation.attribute)
        before = after.get(name, known.get(name))
        kind = KINDS[operation.kind]
        after[name] = kind.apply(before, operation, certain=certain)
    return after


def _in_doubt(known: KnownValue, run: str) -> KnownValue:
    if known.certain and not known.maybe:
        return known
    return replace(known, since=run)


def _union(names: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*names, *more}))
