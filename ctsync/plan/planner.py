"""Weighing candidates: what each of them comes to, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from msgspec import Struct, field

from ctsync.canonical_json import fold_name
from ctsync.counted import counted
from ctsync.diagnostics import Findings
from ctsync.engines import memory
from ctsync.engines.base import (
    Candidate,
    Engine,
    FoundProfiles,
    ProfileCounts,
    Search,
    SearchCallbacks,
    Weigher,
)
from ctsync.errors import SpecError
from ctsync.model.contribution import Contribution
from ctsync.model.decided_addresses import DecidedAddresses
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.due_import import NO_WAITS, Waits
from ctsync.model.entry import Entry
from ctsync.model.masking import Mask
from ctsync.model.profile_key import NOBODY
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.model.weighed_run import WeighedRun
from ctsync.plan.among.among_profiles import AmongProfiles
from ctsync.plan.among.dnd_conflicts import BLOCK_NAMES, DndConflicts
from ctsync.plan.among.unread_rows import findings_beside
from ctsync.plan.findings.value_diagnostics import DiagnosticCollector
from ctsync.plan.profile.merge_contributions import (
    ContributionMerger,
    MergedContributions,
    SourcedValue,
)
from ctsync.plan.profile.plan_notices import place_of, plan_notices
from ctsync.plan.profile.planned_profile import DesiredProfile, PlannedProfile
from ctsync.plan.profile.weigh_profile import ProfileWeigher
from ctsync.plan.selection import Selection
from ctsync.project.project import Project
from ctsync.sources.project_sources import ProjectSources

# Of these, words about other attributes or profiles decide what is wrong.
_IN_COMPANY = BLOCK_NAMES | {"age"}


PlannedRows: TypeAlias = tuple[Candidate, PlannedProfile] | DecidedRows | WeighedRun
"""What came of a candidate, or of several that follow each other."""


class Planner(Struct):
    """Decides what comes of every candidate of a project against a snapshot's entries.

    `sees_undeclared` makes every entry a candidate that no place names. `decided`
    counts the candidates that were decided in columns, `one_by_one` all the others.
    `waits` are the files of which the platform may still tell.
    """

    project_view: Project
    sources: ProjectSources
    mask: Mask
    selection: Selection = field(default_factory=Selection)
    findings: Findings = field(default_factory=Findings)
    tally: ProfileCounts = field(default_factory=ProfileCounts)
    engine: Engine = memory.ENGINE
    sees_undeclared: bool = False
    waits: Waits = NO_WAITS
    decided: int = 0
    one_by_one: int = 0
    among: AmongProfiles = field(default_factory=AmongProfiles)
    _blocks: DndConflicts = field(default_factory=DndConflicts)
    _leave: dict[str, dict[str, SourcedValue]] = field(default_factory=dict)
    _sees_all: bool = True

    def plan_profiles(
        self, entries: Iterable[Entry], columns: SnapshotColumns | None = None
    ) -> Iterator[tuple[Candidate, PlannedProfile]]:
        """Yield what comes of every candidate, in the order of keys.

        An engine may read `columns` instead of the entries: the same as SQL.
        """
        for planned in self._planned(entries, columns, decides=False):
            if isinstance(planned, tuple):
                yield planned

    def plan_rows(
        self,
        entries: Iterable[Entry],
        columns: SnapshotColumns | None = None,
        *,
        lets_weigh: bool = False,
    ) -> Iterator[PlannedRows]:
        """Yield the same; what an engine decides in columns, as rows of it.

        An engine that is let may weigh what stays open, too.
        """
        return self._planned(entries, columns, decides=True, lets_weigh=lets_weigh)

    def _planned(
        self,
        entries: Iterable[Entry],
        columns: SnapshotColumns | None,
        *,
        decides: bool,
        lets_weigh: bool = False,
    ) -> Iterator[PlannedRows]:
        self._sees_all = not _IN_COMPANY.isdisjoint(self.project_view.names)
        reader = self._reader()
        self.selection.record_seen("cohort", self._leave)
        self.selection.record_seen("table", self.project_view.tables)
        search = self._search(reader, entries, columns, lets_weigh=lets_weigh)
        weigher = self._weigher(reader)
        try:
            for found in self._found(search, decides=decides):
                planned = self._comes_of(found, weigher)
                if planned is not None:
                    yield planned
        except SpecError as error:
            # A file of rows cannot be read: all other faults are told with it, and at
            # once.
            sources, beside = self.sources, search.row_sources
            for met in findings_beside(error, beside, sources, self._merger):
                self.findings.absorb(met)
        else:
            self._report_blocks(reader)
            self.findings.extend(
                self.among.notes(self.project_view, search.row_sources, self.mask)
            )
        self.findings.extend(reader.column_findings())
        for source in search.row_sources:
            self.findings.extend(source.warnings)

    def _search(
        self,
        reader: ContributionMerger,
        entries: Iterable[Entry],
        columns: SnapshotColumns | None,
        *,
        lets_weigh: bool,
    ) -> Search:
        """Return where the engine is to look."""
        return Search(
            lambda: self.among.counted(self.sources.contributions()),
            self.sources.loose_contributions,
            tuple(self.sources.row_sources()),
            lambda: entries,
            columns,
            self._watch(reader),
            tuple(self.sources.batches()),
            lambda: self.among.counted(self.sources.unbatched()),
            self._elsewhere if lets_weigh else lambda: None,
        )

    def _found(self, search: Search, *, decides: bool) -> Iterator[FoundProfiles]:
        find = self.engine.find_decided
        # Where words about others decide what is wrong, each candidate is looked at.
        if not decides or find is None or self._sees_all:
            return self.engine.find_candidates(search, self.tally)
        from ctsync.plan.columns.decide_rows import row_decision

        selection = self.selection
        wants = None if selection.takes_whole_changes else selection.wants
        decider = partial(row_decision, self.project_view, wants=wants)
        return find(search, self.tally, decider)

    def _comes_of(
        self, found: FoundProfiles, weigher: ProfileWeigher
    ) -> PlannedRows | None:
        """Return what comes of a candidate, or of what was decided already."""
        if isinstance(found, DecidedAddresses):
            self.among.addresses_seen(found)
            return None
        if isinstance(found, DecidedRows):
            self.decided += len(found)
            self.selection.decided_seen(found)
            self.findings.extend(self.among.decided_seen(found, self.mask))
            return found
        if isinstance(found, WeighedRun):
            self.one_by_one += len(found.keys)
            self.findings.extend(self.among.run_seen(found, self.mask))
            return found
        self.one_by_one += 1
        self.selection.profile_seen(found.key, found.entry)
        merged, built = self._weigh_one(found, weigher)
        seen = self.among.weighed_seen(found, merged, built.change, self.mask)
        self.findings.extend(seen)
        return found, built

    def plan_one(
        self, candidate: Candidate
    ) -> tuple[MergedContributions, DesiredProfile, PlannedProfile]:
        """Return what places want of one profile, all of it, and what comes of it."""
        weigher = self._weigher(self._reader())
        found, built = self._weigh_one(candidate, weigher)
        return found, weigher.wanted(candidate, found), built

    def read_apart(
        self, candidate: Candidate
    ) -> Iterator[tuple[Contribution, MergedContributions]]:
        """Yield what each place by itself wants of a profile; findings are not kept."""
        reader = self._merger(Findings())
        for place in candidate.contributions:
            yield place, reader.desired(candidate.key, (place,))

    def _reader(self) -> ContributionMerger:
        reader = self._merger(self.findings)
        self._leave = {name: reader.leave(name) for name in self.project_view.cohorts}
        return reader

    def _merger(self, findings: Findings) -> ContributionMerger:
        desk = DiagnosticCollector(self.project_view, self.mask, findings)
        return ContributionMerger(self.project_view, desk)

    def _elsewhere(self) -> Weigher | None:
        """Return what weighs like this wherever candidates are found."""
        decides = self.engine.find_decided is not None
        if not decides or self._sees_all or not self.selection.is_whole:
            return None
        from ctsync.plan.weigh_elsewhere import elsewhere

        return elsewhere(self.project_view, self.waits)

    def _weigher(self, reader: ContributionMerger) -> ProfileWeigher:
        return ProfileWeigher(
            self.project_view,
            reader,
            self._leave,
            self.waits,
            judged=self._sees_all or not self.selection.takes_whole_changes,
        )

    def _weigh_one(
        self, candidate: Candidate, weigher: ProfileWeigher
    ) -> tuple[MergedContributions, PlannedProfile]:
        found, built = weigher.weigh(candidate)
        reader = weigher.reader
        if self._sees_all:
            self._blocks.declare(found.declared, candidate.entry)
            self._report_blocks(reader)
        if not (built.is_silent and self.selection.is_whole):
            wanted = {**found.leaving, **found.declared}
            names = (each.target.attribute for each in wanted.values())
            self.selection.record_seen("attribute", names)
            self._report(candidate, built, wanted, reader)
        return found, built

    def refuse_errors(self) -> None:
        """Refuse a project with errors.

        Raises:
            SpecError: it has some; all findings come with it.
        """
        if self.findings.has_errors:
            errors = counted(self.findings.count("error"), "error")
            raise SpecError(f"the project has {errors}", self.findings)

    def _watch(self, reader: ContributionMerger) -> SearchCallbacks:
        is_whole = self.selection.is_whole
        removes = self.project_view.policy.undeclared == "remove" or any(
            table.missing == "remove" for table in self.project_view.tables.values()
        )
        return SearchCallbacks(
            BLOCK_NAMES & self.project_view.names,
            everyone=not is_whole,
            undeclared=removes or self.sees_undeclared or not is_whole,
            on_unchanged=self._pass,
            on_nobody=lambda place: self._judge_nobody(reader, place),
            on_place=self._meet_place,
        )

    def _judge_nobody(
        self, reader: ContributionMerger, contribution: Contribution
    ) -> None:
        skipped = reader.desired(NOBODY, (contribution,)).skipped
        self.among.nobody_seen(contribution, skipped)

    def _meet_place(self, contribution: Contribution) -> None:
        origin = contribution.origin
        self.selection.record_seen("file", (origin.file,))
        self.selection.record_seen("table", filter(None, (origin.table,)))

    def _pass(self, entry: Entry) -> None:
        self.selection.profile_seen(entry.key, entry)
        self._blocks.pass_entry(entry)

    def _report_blocks(self, reader: ContributionMerger) -> None:
        for found in self._blocks.contradictions():
            rule = self.project_view.rule_for(found.attribute)
            reader.report(found.fault, rule, found.place)

    def _report(
        self,
        candidate: Candidate,
        built: PlannedProfile,
        places: Mapping[str, SourcedValue],
        reader: ContributionMerger,
    ) -> None:
        for attribute, fault in built.faults:
            place = place_of(candidate, places.get(fold_name(attribute)))
            reader.report(fault, self.project_view.rule_for(attribute), place)
        self.findings.extend(
            plan_notices(candidate, built, places, self.project_view, self.mask)
        )
