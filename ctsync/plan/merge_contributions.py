"""What all places together want of one profile: merged, normalised, checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.diagnostics import Diagnostic
from ctsync.kinds import KINDS, kind_of
from ctsync.kinds.base import Kind, unequal
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import Literal, Raw
from ctsync.plan.value_diagnostics import (
    DiagnosticCollector,
    Place,
    ValueDiagnostic,
    diagnostic_of,
    is_bad,
)
from ctsync.project.project import Project
from ctsync.project.spoiled_parts import UNSPOILED
from ctsync.sources.doubtful_cells import doubtful_id, doubtful_words

Words: TypeAlias = "Mapping[str, Raw | Fault]"

NONE: Mapping[str, Fault] = MappingProxyType({})
REMEMBERED = 1_000  # of an attribute's words, in the hope that others use them too


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
        self._judges_all = project_view.spoiled == UNSPOILED
        self._desk = desk
        self._flawless: defaultdict[str, dict[Literal, DesiredValue]] = defaultdict(
            dict
        )
        self._asked: dict[str, tuple[str, Attribute, Kind | None]] = {}

    def desired(
        self,
        key: ProfileKey,
        contributions: Iterable[Contribution],
        spoilt: Mapping[str, Fault] = NONE,
        known: Mapping[str, KnownValue] | None = None,
    ) -> MergedContributions:
        """Return what a profile should become.

        `spoilt` are attributes, by folded name, whose targets were found to be
        impossible: a row that may be skipped is then skipped for them. Words that say
        just what is `known` get no target: most do, and it is told at a look.
        """
        found = MergedContributions()
        for contribution in contributions:
            words, unjudged = self._judgeable(contribution.read())
            words, standing = self._parted(words, known)
            standing += unjudged
            targets, complaints = self._judge(key, contribution, words)
            if contribution.skips:
                complaints += _spoiling(targets, spoilt, self._project_view)
            is_skipped = contribution.skips and is_bad(complaints)
            if complaints:
                self._desk.take(complaints, is_skipped=is_skipped)
            if is_skipped:
                found.skipped = (*found.skipped, contribution)
                targets, standing = [], []
            self._take_in(found, contribution, targets, standing)
        self._desk.take(self._age_beside_dob(found.declared))
        return found

    def _take_in(
        self,
        found: MergedContributions,
        contribution: Contribution,
        targets: list[SourcedValue],
        standing: list[str],
    ) -> None:
        folded = _folded(targets)
        if not found.declared and len(folded) == len(targets):
            found.declared = folded
        else:
            for declared in targets:
                self.merge(found.declared, declared)
        if contribution.origin.table is not None:
            listed = frozenset((*folded, *standing))
            found.listed[contribution.origin.table] = listed
        found.standing += standing

    def leave(self, name: str) -> dict[str, SourcedValue]:
        """Return what a cohort gives to those who leave it."""
        cohort = self._project_view.cohorts[name]
        among = Place(cohort.origin, cohort.leave_path)
        merged: dict[str, SourcedValue] = {}
        complaints: list[ValueDiagnostic] = []
        words, _ = self._judgeable(cohort.leave())
        for attribute, raw in words.items():
            target = self._target(attribute, raw, among, complaints)
            if target is not None:
                leaving = SourcedValue(replace(target, leaving=True), attribute, among)
                merged[fold_name(attribute)] = leaving
        self._desk.take(complaints)
        return merged

    def column_findings(self) -> Iterator[Diagnostic]:
        """Yield what many rows of one column have in common."""
        return self._desk.column_findings()

    def report(self, fault: Fault, rule: Attribute, place: Place) -> None:
        """Make a finding of a fault, with its value masked where it has to be."""
        self._desk.take([ValueDiagnostic(fault, rule, place)])

    def merge(self, merged: dict[str, SourcedValue], new: SourcedValue) -> None:
        """Join what another place wants to what was wanted before."""
        folded = fold_name(new.target.attribute)
        first = merged.get(folded)
        if first is None:
            merged[folded] = new
            return
        try:
            target = _merged(first, new)
        except Faults as wrong:
            rule = self._project_view.rule_for(new.target.attribute)
            for fault in wrong.faults:
                self.report(fault, rule, new.place)
        else:
            merged[folded] = first._replace(target=target)

    def _judgeable(self, words: Words) -> tuple[Words, list[str]]:
        """Part words from the folded names of those of which no rule is known.

        Their rules have findings, and what a value lacks would follow from those.
        """
        if self._judges_all:
            return words, []
        is_judged = self._project_view.is_judged
        unjudged = [fold_name(name) for name in words if not is_judged(name)]
        return {n: raw for n, raw in words.items() if is_judged(n)}, unjudged

    def _parted(
        self, words: Words, known: Mapping[str, KnownValue] | None
    ) -> tuple[Words, list[str]]:
        """Part words from the folded names of those that say just what is known."""
        standing: list[str] = []
        if known is None:
            return words, standing
        rest, frame = {}, self._project_view.frame
        for name, raw in words.items():
            folded, rule, kind = self._asked.get(name) or self._ask(name)
            if not isinstance(raw, Fault):
                kind = kind or kind_of(raw)
                stored = known.get(folded)
                held = None if stored is None else stored.held(kind.name)
                if held is not None and kind.is_unchanged(raw, held, rule, frame):
                    standing.append(folded)
                    continue
            rest[name] = raw
        return rest, standing

    def _ask(self, name: str) -> tuple[str, Attribute, Kind | None]:
        """Return the folded name, the rule and, if that has one, the kind of a name."""
        rule = self._project_view.rule_for(name)
        kind = None if rule.kind is None else KINDS[rule.kind]
        asked = self._asked[name] = fold_name(name), rule, kind
        return asked

    def _judge(
        self, key: ProfileKey, contribution: Contribution, words: Words
    ) -> tuple[list[SourcedValue], list[ValueDiagnostic]]:
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
        complaints = [diagnostic_of(f, None, here) for f in contribution.faults]
        odd = self._doubt_about(key, origin)
        if odd is not None:
            complaints.append(ValueDiagnostic(odd, None, here, is_warning=True))
        targets: list[SourcedValue] = []
        for name, raw in words.items():
            target = self._target(name, raw, at, complaints)
            if target is not None:
                targets.append(SourcedValue(target, name, among))
        if contribution.skips:
            complaints += self._age_beside_dob(_folded(targets))
        return targets, complaints

    def _doubt_about(self, key: ProfileKey, origin: Origin) -> Fault | None:
        odd = doubtful_id(key.id) if origin.row is not None else None
        if odd is None or origin.table is None:
            return odd
        column, _ = self._project_view.tables[origin.table].column_of("")
        return doubtful_id(key.id, column)

    def _target(
        self,
        name: str,
        raw: Raw | Fault,
        among: Place,
        complaints: list[ValueDiagnostic],
    ) -> DesiredValue | None:
        """Return the target that a raw value means, None where it has faults.

        Add what is wrong with it, or only odd, to `complaints`.
        """
        if not isinstance(raw, Literal):
            return self._understood(name, raw, among, complaints)
        flawless = self._flawless[name]
        target = flawless.get(raw)
        if target is None:
            before = len(complaints)
            target = self._understood(name, raw, among, complaints)
            is_new = len(complaints) == before and len(flawless) < REMEMBERED
            if target is not None and is_new:
                flawless[raw] = target
        return target

    def _understood(
        self,
        name: str,
        raw: Raw | Fault,
        among: Place,
        complaints: list[ValueDiagnostic],
    ) -> DesiredValue | None:
        rule = self._project_view.rule_for(name)
        if isinstance(raw, Fault):
            complaints.append(diagnostic_of(raw, rule, among.of(name)))
            return None
        try:
            target = _normalize(raw, rule, self._project_view)
        except Faults as wrong:
            place = among.of(name)
            complaints += [
                ValueDiagnostic(fault, rule, place) for fault in wrong.faults
            ]
            return None
        odd = doubtful_words(rule.attribute, raw) if among.origin.table else ()
        for fault in (*KINDS[target.kind].lint(target), *odd):
            complaint = ValueDiagnostic(fault, rule, among.of(name), is_warning=True)
            complaints.append(complaint)
        return target

    def _age_beside_dob(
        self, declared: Mapping[str, SourcedValue]
    ) -> tuple[ValueDiagnostic, ...]:
        if "age" not in declared or "dob" not in declared:
            return ()
        age = declared["age"]
        rule = self._project_view.rule_for(age.target.attribute)
        return (ValueDiagnostic(_AGE_BESIDE_DOB, rule, age.place),)


_AGE_BESIDE_DOB = Fault(
    "CT308",
    "Age stands beside DOB, from which the platform computes it",
    "declare DOB alone",
)


def _spoiling(
    targets: Iterable[SourcedValue],
    spoilt: Mapping[str, Fault],
    project_view: Project,
) -> Iterator[ValueDiagnostic]:
    for declared in targets:
        attribute = declared.target.attribute
        fault = spoilt.get(fold_name(attribute))
        if fault is not None:
            yield ValueDiagnostic(
                fault, project_view.rule_for(attribute), declared.place
            )


def _normalize(raw: Raw, rule: Attribute, project_view: Project) -> DesiredValue:
    if rule.kind is not None:
        return KINDS[rule.kind].normalize(raw, rule, project_view.frame)
    return kind_of(raw).normalize(raw, rule, project_view.frame)


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
