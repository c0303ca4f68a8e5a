"""Weighing where candidates are found: in another process, or on another machine.

What travels there is what decides, and nothing of the account: no passcode, no
location, no words of the project about people. What would have to be told of a
candidate is not told there: it is left to whoever has all of them, in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace as with_fields

from ctsync.canonical_json import canonical
from ctsync.diagnostics import Findings
from ctsync.engines.base import Candidate
from ctsync.files.object_copies import ObjectCopies
from ctsync.files.roots import Roots
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.change import Change, Origin
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.decided_addresses import address_mark, addresses_in
from ctsync.model.due_import import Waits
from ctsync.model.flows import UnboundedFlows
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.weighed_run import WeighedAddress, WeighedRun
from ctsync.plan.among.vanished_rows import VanishedRows
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.plan.document.digest import effect_of, effect_of_settled
from ctsync.plan.document.plan_writer import check_shape
from ctsync.plan.document.schedule import FILES, WAVES, records_of
from ctsync.plan.findings.value_diagnostics import DiagnosticCollector, PlacedFault
from ctsync.plan.profile.merge_contributions import ContributionMerger
from ctsync.plan.profile.planned_profile import PlannedProfile
from ctsync.plan.profile.weigh_profile import ProfileWeigher
from ctsync.project.cohorts import Cohort
from ctsync.project.environment_variables import Reference
from ctsync.project.project import Project
from ctsync.project.source_positions import SourcePositions
from ctsync.project.tables import FileText, Table
from ctsync.timezones import zone_named


class ElsewhereWeigher(Struct, frozen=True):
    """What weighs the candidates of a project in any process; may be pickled.

    The project has its time zone by name, and `kinds` are those that there are here.
    """

    project_view: Project
    timezone: str
    waits: Waits
    kinds: frozenset[str]

    def open(self) -> WeighedRuns | None:
        """Return what weighs in this process; None where it would not do the same."""
        zone = zone_named(self.timezone)
        if zone is None or self.kinds != frozenset(KINDS):
            return None
        frame = with_fields(self.project_view.frame, timezone=zone)
        project_view = replace(self.project_view, frame=frame)
        desk = _NothingToTell(project_view, Mask(), Findings())
        reader = ContributionMerger(project_view, desk)
        try:
            leave = {name: reader.leave(name) for name in project_view.cohorts}
        except _SomethingToTell:
            return None
        return WeighedRuns(
            ProfileWeigher(project_view, reader, leave, self.waits, judged=False)
        )


def elsewhere(project_view: Project, waits: Waits) -> ElsewhereWeigher:
    """Return what weighs a project's candidates in any process."""
    bare = replace(
        project_view,
        root=Path(),
        account_words=None,
        state_words=None,
        notify_words=None,
        sftp_words=None,
        frame=with_fields(project_view.frame, timezone=ValueContext().timezone),
        profiles=(),
        cohorts={name: _bare(each) for name, each in project_view.cohorts.items()},
        tables={name: _without_file(t) for name, t in project_view.tables.items()},
        inputs=(),
        roots=Roots(()),
        copies=ObjectCopies(),
        findings=Findings(),
        variables={},
        locator=SourcePositions(Path()),
    )
    return ElsewhereWeigher(bare, project_view.timezone, waits, frozenset(KINDS))


def _bare(cohort: Cohort) -> Cohort:
    """Return what a cohort gives, without its members."""
    given = {key: cohort.node[key] for key in _GIVEN if key in cohort.node}
    return with_fields(
        cohort, node=given, members=[], lines=[], keys=(), member_file=None
    )


_GIVEN = ("attributes", "leave")


def _without_file(table: Table) -> Table:
    words = FileText(Reference("", table.file, table.path, SourcePositions(Path())))
    return with_fields(table, words=words)


class _SomethingToTell(Exception):
    """A candidate has a finding."""


class _NothingToTell(DiagnosticCollector):
    """Takes no finding at all."""

    def take(
        self,
        faults: Iterable[PlacedFault],
        *,
        is_skipped: bool = False,  # noqa: ARG002 - as asked of all
    ) -> None:
        """See that there is nothing to tell.

        Raises:
            _SomethingToTell: there is.
        """
        for _ in faults:
            raise _SomethingToTell


class WeighedRuns:
    """Takes candidates that follow each other, and tells what comes of them."""

    def __init__(self, weigher: ProfileWeigher) -> None:
        self._weigher = weigher
        self._begin()

    def _begin(self) -> None:
        self._keys: list[ProfileKey] = []
        self._origins: list[Origin] = []
        self._lines: list[bytes] = []
        self._effects: list[bytes] = []
        self._sizes: tuple[list[int | None], ...] = tuple([] for _ in WAVES)
        self._files = [0, 0]
        self._still = 0
        self._addresses: list[WeighedAddress] = []
        self._vanished = VanishedRows()
        self._statistics = ChangeStatistics(flows=UnboundedFlows())

    def take(self, candidate: Candidate) -> bool:
        """Take a candidate in; False says that it is to be looked at one by one.

        So is whoever no place names: an address that somebody had stays beside those
        of all who are new.
        """
        if not candidate.contributions:
            return False
        try:
            found, built = self._weigher.weigh(candidate)
        except _SomethingToTell:
            return False
        if not built.is_silent or built.waiting or found.skipped:
            return False
        self._note(candidate, built.change)
        self._write(candidate, built)
        return True

    def close(self) -> WeighedRun:
        """Return what came of those taken since the last time: one at least."""
        statistics, (gone, added) = self._statistics, self._vanished.moved
        run = WeighedRun(
            self._keys,
            self._origins,
            b"".join(self._lines).decode(),
            b"".join(self._effects).decode(),
            self._sizes,
            (self._files[0], self._files[1]),
            [(*name, n) for name, n in statistics.operations.items()],
            dict(statistics.traits),
            [*statistics.flows.rows()],
            self._still,
            gone,
            added,
            self._addresses,
        )
        self._begin()
        return run

    def _note(self, candidate: Candidate, change: Change | None) -> None:
        """Note what is told apart by whoever sees all candidates."""
        place = len(self._keys)
        self._keys.append(candidate.key)
        self._origins.append(candidate.contributions[0].origin)
        self._vanished.record_seen(candidate)
        operations = () if change is None else change.operations
        for name, attribute, said in addresses_in(operations):
            mark, is_new = address_mark(said).hex(), not candidate.is_known
            address = WeighedAddress(place, name, attribute, mark, is_new)
            self._addresses.append(address)

    def _write(self, candidate: Candidate, built: PlannedProfile) -> None:
        sizes: dict[int, int] = {}
        if built.change is not None:
            self._write_change(built.change, sizes)
        else:
            self._still += candidate.is_known
        if built.settled is not None:
            self._lines.append(settled_line(candidate.key, built.settled))
            self._effects.append(effect_of_settled(candidate.key, built.settled))
        for wave, listed in zip(WAVES, self._sizes, strict=True):
            listed.append(sizes.get(wave))

    def _write_change(self, change: Change, sizes: dict[int, int]) -> None:
        check_shape(change)
        records = records_of(change)
        for wave, record in records:
            if wave == FILES:
                self._files[0] += 1
                self._files[1] += len(record.operations)
            else:
                sizes[wave] = len(canonical(record.as_wire()))
        traits = self._statistics.add(change)
        self._effects.append(effect_of(change))
        self._lines.append(change_line(change, traits, [wave for wave, _ in records]))
