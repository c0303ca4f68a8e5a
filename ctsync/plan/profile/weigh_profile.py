"""Weighing one candidate: what its places want of it together, and what comes of that.

Nothing here is told to anybody: whoever weighs decides what becomes of findings.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.model.due_import import Waits
from ctsync.model.entry import Entry, KnownValue, membership_in
from ctsync.model.fault import Fault
from ctsync.plan.profile.diff_profile import build_change
from ctsync.plan.profile.merge_contributions import (
    NONE,
    ContributionMerger,
    MergedContributions,
    SourcedValue,
    targets_of,
)
from ctsync.plan.profile.missing_row_rules import missing_row_rules
from ctsync.plan.profile.planned_profile import DesiredProfile, PlannedProfile
from ctsync.project.project import Project

Leaving = Mapping[str, Mapping[str, SourcedValue]]
"""What each cohort gives to those who leave it, by folded name."""


class ProfileWeigher(Struct, frozen=True):
    """Weighs the candidates of a project, one at a time.

    `waits` are the files of which the platform may still tell. Words that say just what
    the snapshot has get no target, unless they are `judged`, too: where words about
    others decide what is wrong, and where attributes are met by the names there.
    """

    project_view: Project
    reader: ContributionMerger
    leave: Leaving
    waits: Waits
    judged: bool

    def weigh(
        self, candidate: Candidate, spoilt: Mapping[str, Fault] = NONE
    ) -> tuple[MergedContributions, PlannedProfile]:
        """Return what places want of a profile, and what comes of it.

        `spoilt` are attributes, by folded name, of which that was found impossible.
        """
        found, view = self._desired(candidate, spoilt), self.project_view
        wanted = self.wanted(candidate, found)
        built = build_change(candidate, wanted, view.frame, view.rule_for)
        if spoilt or not built.faults:
            return found, built
        if not any(place.skips for place in candidate.contributions):
            return found, built
        # A row that wants what cannot be done is left alone as one with a bad cell is,
        # and what the other places say is weighed without it.
        faults = {fold_name(name): fault for name, fault in built.faults}
        return self.weigh(candidate, faults)

    def wanted(
        self, candidate: Candidate, found: MergedContributions
    ) -> DesiredProfile:
        """Return all that the places of a profile, merged, want of it."""
        skipped = [row.origin for row in found.skipped]
        places = [c.origin for c in candidate.contributions if c.origin not in skipped]
        return DesiredProfile(
            declared=targets_of(found.declared),
            leaving=targets_of(found.leaving),
            standing=found.standing,
            waiting=self._waiting(candidate.entry),
            cohorts=found.cohorts,
            origins=_each_once(places) or _origins_of(found.leaving),
            is_named=bool(candidate.contributions),
            removes=self.project_view.policy.undeclared == "remove",
            shields=missing_row_rules(self.project_view.tables.values(), found.listed),
            settles=not skipped,
        )

    def _desired(
        self, candidate: Candidate, spoilt: Mapping[str, Fault]
    ) -> MergedContributions:
        entry = candidate.entry
        known = None if spoilt else self._known(candidate)
        found = self.reader.desired(
            candidate.key, candidate.contributions, spoilt, known
        )
        before = entry.cohorts if entry is not None and not entry.gone else ()
        current = _memberships_of(candidate)
        if not before and not current:
            return found
        left = [n for n in before if n not in current and self._parts(n, found)]
        for name in left:
            for folded, given in self.leave.get(name, {}).items():
                if folded not in found.declared and folded not in found.standing:
                    self.reader.merge(found.leaving, given, tells=not spoilt)
        found.cohorts = tuple(sorted({*current, *before}.difference(left)))
        return found

    def _known(self, candidate: Candidate) -> Mapping[str, KnownValue] | None:
        """Return what stands in an entry, if words that say just that need no look.

        Words of one place alone do not.
        """
        entry = candidate.entry
        if len(candidate.contributions) != 1 or entry is None or entry.gone:
            return None
        return None if self.judged else entry.attributes

    def _parts(self, cohort: str, found: MergedContributions) -> bool:
        """Return whether a profile that is no member any more can leave the cohort.

        While a row is skipped, nobody knows whether it declares what the cohort gives
        at parting.
        """
        given = self.leave.get(cohort, {}).keys() - found.declared.keys()
        given -= frozenset(found.standing)
        tables = (row.origin.table or "" for row in found.skipped)
        return not any(
            given & self.project_view.tables[name].attributes for name in tables
        )

    def _waiting(self, entry: Entry | None) -> frozenset[str]:
        if not self.waits.imports or entry is None or entry.gone:
            return frozenset()
        known, names = entry.attributes.items(), self.waits.names
        return frozenset(n for n, each in known if each.waits_for(names))


def _memberships_of(candidate: Candidate) -> frozenset[str]:
    """The cohorts that name a profile, and the tables that have a row for it."""
    origins = [place.origin for place in candidate.contributions]
    cohorts = [each.cohort for each in origins if each.cohort is not None]
    tables = [membership_in(each.table) for each in origins if each.table is not None]
    return frozenset((*cohorts, *tables))


def _origins_of(leaving: Mapping[str, SourcedValue]) -> tuple[Origin, ...]:
    return _each_once([found.among.origin for found in leaving.values()])


def _each_once(origins: list[Origin]) -> tuple[Origin, ...]:
    return tuple(origins if len(origins) < 2 else dict.fromkeys(origins))
