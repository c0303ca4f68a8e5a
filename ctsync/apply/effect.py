"""What one record does to what is known of one profile.

An effect carries values, never differences: folding it needs no understanding of
kinds, and it means the same however often a record was tried. A doubt carries what was
about to be sent; what it makes uncertain is worked out only where it comes to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ctsync.canon import fold_name
from ctsync.kinds import KINDS
from ctsync.model.change import Change, Settled, settled_from_json
from ctsync.model.entry import Entry, Known, known_from_json
from ctsync.model.operation import Operation
from ctsync.model.record import Record
from ctsync.model.row import RowForm
from ctsync.plan.schedule import records_of

Attributes = Mapping[str, Known]

_OPERATIONS = RowForm(Operation)
_fold = lru_cache(maxsize=4096)(fold_name)  # names are few, and come with every record


@dataclass(frozen=True, slots=True)
class Effect:
    """A write of one entry.

    `is_sent` is False for what touches the state alone: it makes no new entry.
    `cohorts` join the membership; `settled`, where every operation was acknowledged,
    fixes it and what is forgotten.
    """

    attributes: Attributes = field(default_factory=dict)
    cohorts: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    settled: Settled | None = None
    is_sent: bool = True

    def as_json(self) -> dict[str, Any]:
        """Give the form that a journal keeps."""
        data: dict[str, Any] = {
            "attributes": {k: v.as_json() for k, v in self.attributes.items()},
            "cohorts": self.cohorts,
        }
        if self.once:
            data["once"] = self.once
        if self.settled is not None:
            data["settled"] = self.settled.as_json()
        if not self.is_sent:
            data["is_sent"] = False
        return data

    def fold_into(self, entry: Entry | None, empty: Entry) -> Entry | None:
        """Give the entry after the effect; `empty` is what a new one starts from."""
        if not self.is_sent and entry is None:
            return None
        # A profile that a read found gone is made anew by whatever is sent to it.
        before = empty if entry is None or (entry.gone and self.is_sent) else entry
        written = replace(
            before,
            attributes=dict(sorted({**before.attributes, **self.attributes}.items())),
            cohorts=_union(before.cohorts, self.cohorts),
            once=_union(before.once, self.once),
            fingerprint=None,
        )
        return written if self.settled is None else _settle(written, self.settled)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A record of a run whose outcome may never be known."""

    operations: tuple[Operation, ...]
    cohorts: tuple[str, ...]
    run: str

    def as_json(self) -> dict[str, Any]:
        """Give the form that a journal keeps; the run stands once for a call."""
        return {
            "operations": _OPERATIONS.rows(self.operations),
            "cohorts": self.cohorts,
        }

    def effect_on(self, known: Attributes) -> Effect:
        """Give what is known where the outcome never will be."""
        after = _after(self.operations, known, certain=False)
        unsure = {name: _in_doubt(state, self.run) for name, state in after.items()}
        return Effect(unsure, self.cohorts)

    def fold_into(self, entry: Entry | None, empty: Entry) -> Entry | None:
        """Give the entry in doubt; `empty` is what a new one starts from."""
        known = {} if entry is None or entry.gone else entry.attributes
        return self.effect_on(known).fold_into(entry, empty)


def effect_from_json(data: Mapping[str, Any]) -> Effect | Doubt:
    """Read what `as_json` of an effect wrote, or of a doubt, with its run."""
    if "operations" in data:
        operations = _OPERATIONS.values(data["operations"])
        return Doubt(operations, tuple(data["cohorts"]), data["run"])
    settled = data.get("settled")
    return Effect(
        {name: known_from_json(known) for name, known in data["attributes"].items()},
        tuple(data["cohorts"]),
        tuple(data.get("once", ())),
        None if settled is None else settled_from_json(settled),
        data.get("is_sent", True),
    )


def effect_of(record: Record, change: Change, known: Attributes) -> Effect:
    """Give what is known once a record is acknowledged."""
    after = _after(record.operations, known, certain=True)
    once = {_fold(t.attribute) for t in change.targets if t.write == "once"}
    return Effect(
        after,
        change.settled.cohorts,
        tuple(sorted(once.intersection(after))),
        _with_released(change) if record.last else None,
    )


def known_before(record: Record, change: Change, known: Attributes) -> Attributes:
    """Give what is known once the records before this one are acknowledged.

    A record is sent only then, so nothing has to be kept between two waves.
    """
    if len(record.operations) == len(change.operations):
        return known
    for _, earlier in records_of(change):
        if earlier.operations == record.operations:
            break
        known = {**known, **_after(earlier.operations, known, certain=True)}
    return known


def release_of(change: Change) -> Effect:
    """Give what a change does that releases attributes and sends nothing."""
    return Effect(
        cohorts=change.settled.cohorts, settled=_with_released(change), is_sent=False
    )


def settling(settled: Settled) -> Effect:
    """Give the note that an entry is as desired already."""
    return Effect(cohorts=settled.cohorts, settled=settled, is_sent=False)


def _with_released(change: Change) -> Settled:
    if not change.released:
        return change.settled
    released = tuple(fold_name(name) for name in change.released)
    return replace(change.settled, forget=_union(change.settled.forget, released))


def _after(
    operations: Iterable[Operation], known: Attributes, *, certain: bool
) -> dict[str, Known]:
    after: dict[str, Known] = {}
    for operation in operations:
        name = _fold(operation.attribute)
        before = after.get(name, known.get(name))
        kind = KINDS[operation.kind]
        after[name] = kind.apply(before, operation, certain=certain)
    return after


def _in_doubt(known: Known, run: str) -> Known:
    if known.certain and not known.maybe:
        return known
    return replace(known, since=run)


def _settle(entry: Entry, settled: Settled) -> Entry:
    forgotten = frozenset(settled.forget)
    return replace(
        entry,
        attributes={k: v for k, v in entry.attributes.items() if k not in forgotten},
        cohorts=settled.cohorts,
        fingerprint=settled.fingerprint,
    )


def _union(*names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for group in names for name in group}))
