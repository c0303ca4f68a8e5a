"""What all places together want of one profile: merged, normalised, checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.diagnostics import Diagnostic
from ctsync.kinds import KINDS
from ctsync.kinds.base import unequal
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.findings.value_diagnostics import (
    DiagnosticCollector,
    Place,
    PlacedFault,
    is_bad,
)
from ctsync.plan.profile.value_reader import ValueReader, Words
from ctsync.project.project import Project
from ctsync.sources.doubtful_cells import doubtful_id

NONE: Mapping[str, Fault] = MappingProxyType({})


class SourcedValue(NamedTuple):
    """A target and the first that wants it: under `name`, of all that stands `among`.

    Most targets are as they should be, and nobody asks for the exact place.
    """

    target: DesiredValue
    name: str
    among: Place

    @property
    def place(self) -> Place:
        """Where the word stands that wants it."""
        return self.among.of(self.name)


class MergedContributions(Struct):
    """What all places together want of one profile.

    `declared` are the targets by folded attribute name, `leaving` those of cohorts that
    it leaves, `standing` the folded names of what is declared and known to be so.
    `cohorts` are those that it is in then. `listed` gives, for each table with a row of
    the profile, the folded names of the attributes that it declares. `skipped` are rows
    that are left alone.
    """

    declared: dict[str, SourcedValue] = field(default_factory=dict)
    leaving: dict[str, SourcedValue] = field(default_factory=dict)
    standing: list[str] = field(default_factory=list)
    cohorts: tuple[str, ...] = ()
    listed: dict[str, frozenset[str]] = field(default_factory=dict)
    skipped: tuple[Contribution, ...] = ()


class ContributionMerger:
    """Reads contributions, and turns what is wrong with them into findings."""

    def __init__(self, project_view: Project, desk: DiagnosticCollector) -> None:
        """`desk` takes what is wrong."""
        self._project_view = project_view
        self._desk = desk
        self._values = ValueReader(project_view)

    def desired(
        self,
        key: ProfileKey,
        contributions: Iterable[Contribution],
        spoilt: Mapping[str, Fault] = NONE,
        known: Mapping[str, KnownValue] | None = None,
    ) -> MergedContributions:
        """Return what a profile should become.

        `spoilt` are attributes, by folded name, whose targets were found to be
        impossible: a row that may be skipped is then skipped for them, and nothing else
        is told, since it was when they were found. Words that say just what is `known`
        get no target: most do, and it is told at a look.
        """
        found = MergedContributions()
        for contribution in contributions:
            words, unjudged = self._values.judgeable(contribution.read())
            words, standing = self._values.parted(words, known)
            standing += unjudged
            targets, faults = self._judge(key, contribution, words)
            spoiling = self._spoiling(targets, spoilt) if contribution.skips else []
            is_skipped = contribution.skips and is_bad((*faults, *spoiling))
            if told := spoiling if spoilt else faults:
                self._desk.take(told, is_skipped=is_skipped)
            if is_skipped:
                found.skipped = (*found.skipped, contribution)
                targets, standing = [], []
            self._take_in(found, contribution, targets, standing, tells=not spoilt)
        if not spoilt:
            self._desk.take(self._age_beside_dob(found.declared))
        return found

    def _take_in(
        self,
        found: MergedContributions,
        contribution: Contribution,
        targets: list[SourcedValue],
        standing: list[str],
        *,
        tells: bool,
    ) -> None:
        folded = _folded(targets)
        # Most profiles stand in one place, and what that wants is all there is.
        if not found.declared and len(folded) == len(targets):
            found.declared = folded
        else:
            for declared in targets:
                self.merge(found.declared, declared, tells=tells)
        if contribution.origin.table is not None:
            listed = frozenset((*folded, *standing))
            found.listed[contribution.origin.table] = listed
        found.standing += standing

    def leave(self, name: str) -> dict[str, SourcedValue]:
        """Return what a cohort gives to those who leave it."""
        cohort = self._project_view.cohorts[name]
        among = Place(cohort.origin, cohort.leave_path)
        merged: dict[str, SourcedValue] = {}
        faults: list[PlacedFault] = []
        words, _ = self._values.judgeable(cohort.leave())
        for attribute, raw in words.items():
            target = self._values.target(attribute, raw, among, faults)
            if target is not None:
                leaving = SourcedValue(replace(target, leaving=True), attribute, among)
                merged[fold_name(attribute)] = leaving
        self._desk.take(faults)
        return merged

    def column_findings(self) -> Iterator[Diagnostic]:
        """Yield what many rows of one column have in common."""
        return self._desk.column_findings()

    def report(self, fault: Fault, rule: Attribute, place: Place) -> None:
        """Make a finding of a fault, with its value masked where it has to be."""
        self._desk.take([PlacedFault(fault, rule, place)])

    def merge(
        self, merged: dict[str, SourcedValue], new: SourcedValue, *, tells: bool
    ) -> None:
        """Join what another place wants to what was wanted before.

        `tells` of what is wrong with that, unless it was told before.
        """
        folded = fold_name(new.target.attribute)
        first = merged.get(folded)
        if first is None:
            merged[folded] = new
            return
        try:
            target = _merged(first, new)
        except Faults as wrong:
            rule = self._project_view.rule_for(new.target.attribute)
            for fault in wrong.faults if tells else ():
                self.report(fault, rule, new.place)
        else:
            merged[folded] = first._replace(target=target)

    def _judge(
        self, key: ProfileKey, contribution: Contribution, words: Words
    ) -> tuple[list[SourcedValue], list[PlacedFault]]:
        """Return the targets of one place, and all that is wrong with it."""
        origin, root = contribution.origin, contribution.path
        said = origin
        if origin.cohort is not None and origin.row is not None:
            # The words stand with the cohort; its file says only who is a member.
            cohort = self._project_view.cohorts[origin.cohort]
            said, root = cohort.origin, cohort.attributes_path
        among = Place(origin, root, key)
        at = among if said is origin else Place(said, root, key)
        here = Place(origin, contribution.path, key)
        faults = [PlacedFault(f, None, here) for f in contribution.faults]
        odd = None if origin.row is None else self._doubt_about(key, origin)
        if odd is not None:
            faults.append(PlacedFault(odd, None, here))
        targets: list[SourcedValue] = []
        for name, raw in words.items():
            target = self._values.target(name, raw, at, faults)
            if target is not None:
                targets.append(SourcedValue(target, name, among))
        if contribution.skips:
            faults += self._age_beside_dob(_folded(targets))
        return targets, faults

    def _spoiling(
        self, targets: Iterable[SourcedValue], spoilt: Mapping[str, Fault]
    ) -> list[PlacedFault]:
        """Return what spoils a row that may be skipped."""
        found = []
        for declared in targets if spoilt else ():
            attribute = declared.target.attribute
            fault = spoilt.get(fold_name(attribute))
            if fault is not None:
                rule = self._project_view.rule_for(attribute)
                found.append(PlacedFault(fault, rule, declared.place))
        return found

    def _doubt_about(self, key: ProfileKey, origin: Origin) -> Fault | None:
        odd = doubtful_id(key.id)
        if odd is None or origin.table is None:
            return odd
        column, _ = self._project_view.tables[origin.table].column_of("")
        return doubtful_id(key.id, column)

    def _age_beside_dob(
        self, declared: Mapping[str, SourcedValue]
    ) -> tuple[PlacedFault, ...]:
        if "age" not in declared or "dob" not in declared:
            return ()
        age = declared["age"]
        rule = self._project_view.rule_for(age.target.attribute)
        return (PlacedFault(_AGE_BESIDE_DOB, rule, age.place),)


_AGE_BESIDE_DOB = Fault(
    "CT308",
    "Age stands beside DOB, from which the platform computes it",
    "declare DOB alone",
)


def _merged(first: SourcedValue, second: SourcedValue) -> DesiredValue:
    one, two = first.target, second.target
    elsewhere = first.place.origin.place
    if one.kind != two.kind:  # nothing declares what the attribute is
        raise Faults(unequal(two, elsewhere))
    return KINDS[one.kind].merge(one, two, elsewhere)


def _folded(targets: Iterable[SourcedValue]) -> dict[str, SourcedValue]:
    return {fold_name(each.target.attribute): each for each in targets}


def targets_of(declared: Mapping[str, SourcedValue]) -> dict[str, DesiredValue]:
    """Return the targets by folded name."""
    return {name: found.target for name, found in declared.items()}
