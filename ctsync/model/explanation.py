"""All that is told of one profile, for those who ask why."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ctsync.model.change import Change, Origin
from ctsync.model.desired_value import DesiredValue
from ctsync.model.due_import import NO_WAITS, Waits
from ctsync.model.entry import Entry
from ctsync.model.operation import Prior
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Record
from ctsync.model.run import Run, RunChange

Reason = Literal[
    "sent",
    "left",
    "taken_back",
    "removed",
    "locked",
    "equal",
    "once",
    "released",
    "stuck",
    "shielded",
    "undeclared",
    "waiting",
    "impossible",
]


class Wanted(Struct, frozen=True):
    """One target, and the first place that declares it."""

    target: DesiredValue
    origin: Origin


class Declaration(Struct, frozen=True):
    """What one place says of a profile.

    `wanted` are its targets with the line of each. `is_skipped` says that it is a row
    with faults, which is left alone.
    """

    origin: Origin
    wanted: tuple[Wanted, ...] = ()
    is_skipped: bool = False


class Verdict(Struct, frozen=True):
    """What comes of one attribute, and why.

    `reason` is one of these: operations are *sent* since a place declares it, since a
    cohort is *left*, since included values are *taken_back*, or since what left the
    spec is *removed*; the catalog has it *locked*, so that the change blocks. Nothing
    is sent: it is *equal*, was written *once*, is *released*, is *stuck* since the API
    cannot remove it, is *shielded* by `tables`, is *undeclared* with its profile, is
    *waiting* for what the platform tells of a `file`, `until` some epoch seconds, or
    *impossible*. `prior` is what the snapshot knew where something is sent, `since` the
    run that left it uncertain.
    """

    attribute: str
    reason: Reason
    prior: Prior | None = None
    since: str | None = None
    tables: tuple[str, ...] = ()
    file: str | None = None
    until: float | None = None

    @property
    def is_sent(self) -> bool:
        """Whether operations say what comes of it."""
        return self.prior is not None


class PastChange(Struct, frozen=True):
    """What one run did to the profile."""

    run: Run
    change: RunChange


class Past(Struct, frozen=True):
    """What was done to a profile, the last run first.

    `unread` counts the runs that were not looked into, since there is too much in
    them. `fault` says why the history cannot be read.
    """

    changes: tuple[PastChange, ...] = ()
    unread: int = 0
    fault: str | None = None

    def last_for(self, attribute: str) -> PastChange | None:
        """Return the last run that sent something for an attribute, by folded name."""
        touched = (each for each in self.changes if each.change.touches(attribute))
        return next(touched, None)


class Explanation(Struct, frozen=True):
    """Where a profile's values come from, what is known, and what would be sent.

    `records` come with their waves. `held` are attributes that are written once and
    have been, `waits` the files of which the platform may still tell.
    """

    key: ProfileKey
    declarations: tuple[Declaration, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    entry: Entry | None = None
    change: Change | None = None
    records: tuple[tuple[int, Record], ...] = ()
    held: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    past: Past = Past()
    waits: Waits = NO_WAITS

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The places that name the profile, each once."""
        return tuple(dict.fromkeys(each.origin for each in self.declarations))
