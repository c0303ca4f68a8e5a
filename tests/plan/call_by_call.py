"""The calls of a plan as they should be: made in memory, of one record after the other.

What ctsync packs and counts while it writes a plan is held against this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ctsync.model.change import Change
from ctsync.model.record import Record
from ctsync.plan.schedule import WAVES, Batch, BatchBuilder, records_of


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
            for own in batch.calls(records_per_call):
                number += 1
                yield Call(number, wave, own)


def pack(records: Iterable[Record]) -> Iterator[Batch]:
    """Yield batches of records that may share a call, in order."""
    packer = BatchBuilder()
    for record in records:
        full = packer.add(record)
        if full is not None:
            yield full
    rest = packer.flush()
    if rest is not None:
        yield rest
