"""What a plan wants of one profile, and what came of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct, field

from ctsync.canonical_json import fold_name
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Fault
from ctsync.plan.profile.missing_row_rules import MissingRowRules


class DesiredProfile(Struct, frozen=True):
    """All that a plan wants of one profile.

    `declared` are the targets of places that name it, `leaving` those of cohorts that
    it leaves, both by folded name; of what is `standing` it is known already that the
    snapshot has just that. What is `waiting` is in a file of which the platform has not
    told yet: it is left alone. `removes` says that what left the spec is removed,
    `shields` what tables say of it. Unless it `settles`, what is wanted is not wholly
    known, and no fingerprint is kept.
    """

    declared: Mapping[str, DesiredValue]
    leaving: Mapping[str, DesiredValue] = field(default_factory=dict)
    standing: Collection[str] = ()
    waiting: Collection[str] = ()
    cohorts: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    is_named: bool = True
    removes: bool = False
    shields: MissingRowRules = field(default_factory=MissingRowRules)
    settles: bool = True


class PlannedProfile(Struct):
    """What came of one candidate.

    `change` is None where nothing is to be done, else its operations reach `targets`;
    `settled` is then what the entry
    gets at the next fold, if anything. `held` are attributes whose one write has been,
    `stuck` those that policy wants removed and the API cannot, `waiting` those that are
    in a file of which the platform has not told yet, with its name, `faults` what
    cannot be done at all.
    """

    change: Change | None = None
    targets: tuple[DesiredValue, ...] = ()
    settled: EntryAfter | None = None
    held: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, Fault]] = field(default_factory=list)

    @property
    def locked(self) -> tuple[str, ...]:
        """The attributes that may not change, and would."""
        return () if self.change is None else self.change.locked

    @property
    def whole_lists(self) -> frozenset[str]:
        """The lists, by folded name, that are to hold their values and no others."""
        exact = (each for each in self.targets if each.exact is not None)
        return frozenset(fold_name(each.attribute) for each in exact)

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to say of it besides its change."""
        return not (self.faults or self.held or self.locked or self.stuck)
