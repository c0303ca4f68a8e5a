"""The calls of a plan as they should be: made in memory, of one record after the other.

What ctsync packs and counts while it writes a plan is held against this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ctsync.canonical_json import canonical
from ctsync.limits import MAX_BODY_BYTES, MAX_RECORDS_PER_CALL
from ctsync.model.change import Change
from ctsync.model.record import Record
from ctsync.plan.document.schedule import WAVES, folded_key, records_of


class Call(Struct, frozen=True):
    """One request: records of distinct profiles, all of one wave."""

    number: int
    wave: int
    records: tuple[Record, ...]

    @property
    def is_idempotent(self) -> bool:
        """Whether the whole call may be sent again after an unknown outcome."""
        return not any(record.is_delta for record in self.records)


def schedule(changes: Iterable[Change], *, records_per_call: int) -> Iterator[Call]:
    """Yield the calls of a plan, wave by wave, numbered from 1."""
    number = 0
    for wave in WAVES:
        sent = (pair for change in changes for pair in records_of(change))
        for batch in pack(record for own, record in sent if own == wave):
            for start in range(0, len(batch), records_per_call):
                number += 1
                own = tuple(batch[start : start + records_per_call])
                yield Call(number, wave, own)


def pack(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield records that may share a call, in order."""
    held: list[Record] = []
    for record in records:
        if held and not may_share_call([*held, record]):
            yield held
            held = []
        held.append(record)
    if held:
        yield held


def may_share_call(records: list[Record]) -> bool:
    """Say whether records are few and small enough, and no two of one person."""
    keys = [folded_key(record.key) for record in records]
    body = canonical({"d": [record.as_wire() for record in records]})
    # Each record has a comma behind it, the last one too.
    is_small = len(body) < MAX_BODY_BYTES and len(records) <= MAX_RECORDS_PER_CALL
    return is_small and len(set(keys)) == len(keys)
