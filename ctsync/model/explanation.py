"""All that a plan makes of one profile, for those who ask why."""

from __future__ import annotations

from msgspec import Struct

from ctsync.model.change import Change, Origin
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Record


class Wanted(Struct, frozen=True):
    """One target, and the first place that declares it."""

    target: DesiredValue
    origin: Origin


class Explanation(Struct, frozen=True):
    """Where a profile's values come from, what is known, and what would be sent.

    `records` come with their waves. `held` are attributes that are written once and
    have been. `is_settled` says that the entry equals what is declared.
    """

    key: ProfileKey
    origins: tuple[Origin, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    entry: Entry | None = None
    change: Change | None = None
    records: tuple[tuple[int, Record], ...] = ()
    held: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be done."""
        return self.change is None
