"""Weighing candidates: what each of them comes to, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ctsync.canon import fold_name
from ctsync.diagnostics import Findings
from ctsync.engines.memory import Candidate, Tally, find_candidates
from ctsync.errors import SpecError
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry
from ctsync.model.key import NOBODY
from ctsync.model.mask import Mask
from ctsync.plan.blocks import BlockWatch
from ctsync.plan.build import Built, Wanted, build_change
from ctsync.plan.desired import Declared, Reader, targets_of
from ctsync.plan.ground import Ground
from ctsync.plan.notes import notes, place_of
from ctsync.plan.select import Selection


@dataclass(slots=True)
class Weigher:
    """Weighs every candidate of a project against a snapshot's entries."""

    ground: Ground
    mask: Mask
    selection: Selection = field(default_factory=Selection)
    findings: Findings = field(default_factory=Findings)
    tally: Tally = field(default_factory=Tally)
    _blocks: BlockWatch = field(default_factory=BlockWatch)
    _leave: dict[str, dict[str, Declared]] = field(default_factory=dict)

    def weigh(self, entries: Iterable[Entry]) -> Iterator[tuple[Candidate, Built]]:
        """Yield what comes of every candidate, in the order of keys."""
        reader = self._reader()
        self.selection.meet("cohort", self._leave)
        for candidate in find_candidates(
            self._contributions(reader),
            entries,
            self.ground.salt,
            self.tally,
            self._pass,
        ):
            self.selection.meet_profile(candidate.key, candidate.entry)
            declared = reader.desired(candidate.key, candidate.contributions)
            yield candidate, self._weigh_one(candidate, declared, reader)
        self._report_blocks(reader)

    def weigh_alone(self, candidate: Candidate) -> tuple[dict[str, Declared], Built]:
        """Give what is wanted of one profile, and what comes of it."""
        reader = self._reader()
        declared = reader.desired(candidate.key, candidate.contributions)
        built = self._weigh_one(candidate, declared, reader)
        return {**self._leaving(candidate, declared, reader), **declared}, built

    def _reader(self) -> Reader:
        reader = Reader(self.ground, self.mask, self.findings)
        self._leave = {name: reader.leave(name) for name in self.ground.cohorts}
        return reader

    def _weigh_one(
        self, candidate: Candidate, declared: Mapping[str, Declared], reader: Reader
    ) -> Built:
        self._blocks.declare(declared, candidate.entry)
        self._report_blocks(reader)
        leaving = self._leaving(candidate, declared, reader)
        found = (*declared.values(), *leaving.values())
        self.selection.meet("attribute", (each.target.attribute for each in found))
        built = build_change(
            candidate,
            self._wanted(candidate, declared, leaving),
            self.ground.frame,
            self.ground.rule_for,
        )
        self._report(candidate, built, {**leaving, **declared}, reader)
        return built

    def refuse_errors(self) -> None:
        """Refuse a project with errors.

        Raises:
            SpecError: it has some; all findings come with it.
        """
        if self.findings.has_errors:
            count = self.findings.count("error")
            words = "1 error" if count == 1 else f"{count} errors"
            raise SpecError(f"the project has {words}", self.findings)

    def _contributions(self, reader: Reader) -> Iterator[Contribution]:
        for contribution in self._named_places():
            if contribution.key is NOBODY:
                reader.desired(NOBODY, (contribution,))
            else:
                yield contribution

    def _named_places(self) -> Iterator[Contribution]:
        if self.selection.is_whole:
            yield from self.ground.contributions()
            return
        meet = self.selection.meet
        for contribution in self.ground.contributions():
            meet("file", (contribution.origin.file,))
            meet("table", filter(None, (contribution.origin.table,)))
            yield contribution

    def _pass(self, entry: Entry) -> None:
        self.selection.meet_profile(entry.key, entry)
        self._blocks.pass_entry(entry)

    def _report_blocks(self, reader: Reader) -> None:
        for found in self._blocks.contradictions():
            rule = self.ground.rule_for(found.attribute)
            reader.report(found.fault, rule, found.place)

    def _leaving(
        self, candidate: Candidate, declared: Mapping[str, Declared], reader: Reader
    ) -> dict[str, Declared]:
        current = _cohorts_of(candidate)
        entry = candidate.entry
        before = entry.cohorts if entry is not None and not entry.gone else ()
        leaving: dict[str, Declared] = {}
        for name in before:
            if name not in current:
                for folded, found in self._leave.get(name, {}).items():
                    if folded not in declared:
                        reader.merge(leaving, found)
        return leaving

    def _wanted(
        self,
        candidate: Candidate,
        declared: Mapping[str, Declared],
        leaving: Mapping[str, Declared],
    ) -> Wanted:
        places = (c.origin for c in candidate.contributions)
        return Wanted(
            declared=dict(targets_of(declared)),
            leaving=dict(targets_of(leaving)),
            cohorts=_cohorts_of(candidate),
            origins=tuple(dict.fromkeys(places)) or _origins_of(leaving),
            is_named=bool(candidate.contributions),
            removes=self.ground.policy.undeclared == "remove",
        )

    def _report(
        self,
        candidate: Candidate,
        built: Built,
        places: Mapping[str, Declared],
        reader: Reader,
    ) -> None:
        for attribute, fault in built.faults:
            place = place_of(candidate, places.get(fold_name(attribute)))
            reader.report(fault, self.ground.rule_for(attribute), place)
        self.findings.extend(notes(candidate, built, places, self.ground, self.mask))


def _cohorts_of(candidate: Candidate) -> tuple[str, ...]:
    names = {contribution.origin.cohort for contribution in candidate.contributions}
    return tuple(sorted(name for name in names if name is not None))


def _origins_of(leaving: Mapping[str, Declared]) -> tuple[Origin, ...]:
    return tuple(dict.fromkeys(found.place.origin for found in leaving.values()))
