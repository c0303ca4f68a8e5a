"""Weighing candidates: what each of them comes to, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from ctsync.canon import fold_name
from ctsync.diagnostics import Findings
from ctsync.engines import memory
from ctsync.engines.base import Candidate, Engine, Search, Tally, Watch
from ctsync.engines.duckdb import find_places
from ctsync.errors import SpecError
from ctsync.kinds.base import Fault
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry
from ctsync.model.key import NOBODY, Key
from ctsync.model.mask import Mask
from ctsync.model.rows import RowSource
from ctsync.plan.blocks import BLOCK_NAMES, BlockWatch
from ctsync.plan.build import Built, Wanted, build_change
from ctsync.plan.desired import NONE, Declared, Desired, Reader, targets_of
from ctsync.plan.ground import Ground
from ctsync.plan.notes import notes, place_of
from ctsync.plan.select import Selection
from ctsync.plan.shields import shields_of
from ctsync.plan.skips import SkipCount
from ctsync.plan.twins import TwinWatch
from ctsync.state.form import StoredAttributes, entry_from_line, entry_line

# Of these, words about other attributes or profiles decide what is wrong.
_IN_COMPANY = BLOCK_NAMES | {"age"}


class Weigher(Struct):
    """Weighs every candidate of a project against a snapshot's entries.

    `sees_undeclared` makes every entry a candidate that no place names.
    """

    ground: Ground
    mask: Mask
    selection: Selection = field(default_factory=Selection)
    findings: Findings = field(default_factory=Findings)
    tally: Tally = field(default_factory=Tally)
    engine: Engine = memory.ENGINE
    skips: SkipCount = field(default_factory=SkipCount)
    sees_undeclared: bool = False
    _blocks: BlockWatch = field(default_factory=BlockWatch)
    _twins: TwinWatch = field(default_factory=TwinWatch)
    _leave: dict[str, dict[str, Declared]] = field(default_factory=dict)
    _sees_all: bool = True

    def weigh(
        self, entries: Iterable[Entry], columns: str | None = None
    ) -> Iterator[tuple[Candidate, Built]]:
        """Yield what comes of every candidate, in the order of keys.

        An engine may read `columns` instead of the entries: the same as SQL.
        """
        reader = self._reader()
        self.selection.meet("cohort", self._leave)
        self.selection.meet("table", self.ground.tables)
        search = Search(
            lambda: self._counted(self.ground.contributions()),
            self.ground.loose_contributions,
            tuple(self.ground.row_sources()),
            lambda: entries,
            columns,
            entry_line,
            entry_from_line,
            self._watch(reader),
            tuple(self.ground.batches()),
            lambda: self._counted(self.ground.unbatched()),
        )
        self._sees_all = not _IN_COMPANY.isdisjoint(self.ground.names)
        try:
            for candidate in self.engine.find_candidates(search, self.tally):
                self.selection.meet_profile(candidate.key, candidate.entry)
                self.findings.extend(self._twins.meet(candidate, self.mask))
                found, built = self._weigh_one(candidate, reader)
                if found.skipped:
                    self.skips.add(found.skipped)
                yield candidate, built
        except SpecError as error:
            self._take_in(error, search.row_sources)
        else:
            self._report_blocks(reader)
            self.skips.count_sources(search.row_sources)
            self.findings.extend(self.skips.notes(self.ground))
        for source in search.row_sources:
            self.findings.extend(source.warnings)

    def weigh_alone(self, candidate: Candidate) -> tuple[dict[str, Declared], Built]:
        """Give what is wanted of one profile, and what comes of it."""
        reader = self._reader()
        found, built = self._weigh_one(candidate, reader)
        return {**found.leaving, **found.declared}, built

    def _reader(self) -> Reader:
        reader = Reader(self.ground, self.mask, self.findings)
        self._leave = {name: reader.leave(name) for name in self.ground.cohorts}
        return reader

    def _take_in(self, error: SpecError, sources: Iterable[RowSource]) -> None:
        """Take in what is wrong with a file of rows, and judge all the other places.

        Of rows, only those that name no one: others are judged beside their entries.

        Raises:
            SpecError: the error itself, if it has no findings that would refuse a plan.
        """
        if not error.findings.has_errors:
            raise error
        self.findings.absorb(error.findings)
        met = Findings()  # an engine may have come across some of it before
        reader = Reader(self.ground, self.mask, met)
        for source in sources:
            try:
                for place in find_places([source], Key(source.key_type, "")):
                    reader.desired(NOBODY, (place,))
            except SpecError as another:
                met.absorb(another.findings)
        for place in self.ground.loose_contributions():
            reader.desired(place.key, (place,))
        self.findings.absorb(met)

    def _weigh_one(self, candidate: Candidate, reader: Reader) -> tuple[Desired, Built]:
        found = self._desired(candidate, reader)
        built = self._build(candidate, found)
        if built.faults and any(place.skips for place in candidate.contributions):
            spoilt = {fold_name(name): fault for name, fault in built.faults}
            found = self._desired(candidate, reader, spoilt)
            built = self._build(candidate, found)
        if self._sees_all:
            self._blocks.declare(found.declared, candidate.entry)
            self._report_blocks(reader)
        if not (built.is_silent and self.selection.is_whole):
            wanted = {**found.leaving, **found.declared}
            names = (each.target.attribute for each in wanted.values())
            self.selection.meet("attribute", names)
            self._report(candidate, built, wanted, reader)
        return found, built

    def _desired(
        self, candidate: Candidate, reader: Reader, spoilt: Mapping[str, Fault] = NONE
    ) -> Desired:
        entry = candidate.entry
        known = None if spoilt else self._known(candidate)
        found = reader.desired(candidate.key, candidate.contributions, spoilt, known)
        before = entry.cohorts if entry is not None and not entry.gone else ()
        current = _cohorts_of(candidate)
        if not before and not current:
            return found
        left = [n for n in before if n not in current and self._parts(n, found)]
        for name in left:
            for folded, given in self._leave.get(name, {}).items():
                if folded not in found.declared and folded not in found.standing:
                    reader.merge(found.leaving, given)
        found.cohorts = tuple(sorted({*current, *before}.difference(left)))
        return found

    def _known(self, candidate: Candidate) -> StoredAttributes | None:
        """Give what stands in an entry, if words that say just that need no look.

        Words of one place alone do not, unless some attributes are judged by others.
        Where part of a plan is chosen, each attribute is met by the name it has there.
        """
        entry = candidate.entry
        if not self.selection.is_whole:
            return None
        if len(candidate.contributions) != 1 or entry is None or entry.gone:
            return None
        if isinstance(entry.attributes, StoredAttributes) and not self._sees_all:
            return entry.attributes
        return None

    def _parts(self, cohort: str, found: Desired) -> bool:
        """Say whether a profile that is no member any more can leave the cohort.

        While a row is skipped, nobody knows whether it declares what the cohort gives
        at parting.
        """
        given = self._leave.get(cohort, {}).keys() - found.declared.keys()
        given -= frozenset(found.standing)
        tables = (row.origin.table or "" for row in found.skipped)
        return not any(given & self.ground.tables[name].attributes for name in tables)

    def _build(self, candidate: Candidate, found: Desired) -> Built:
        wanted = self._wanted(candidate, found)
        ground = self.ground
        return build_change(candidate, wanted, ground.frame, ground.rule_for)

    def refuse_errors(self) -> None:
        """Refuse a project with errors.

        Raises:
            SpecError: it has some; all findings come with it.
        """
        if self.findings.has_errors:
            count = self.findings.count("error")
            words = "1 error" if count == 1 else f"{count} errors"
            raise SpecError(f"the project has {words}", self.findings)

    def _counted(self, contributions: Iterable[Contribution]) -> Iterator[Contribution]:
        for contribution in contributions:
            self.skips.count(contribution.origin)
            yield contribution

    def _watch(self, reader: Reader) -> Watch:
        is_whole = self.selection.is_whole
        removes = self.ground.policy.undeclared == "remove" or any(
            table.missing == "remove" for table in self.ground.tables.values()
        )
        return Watch(
            BLOCK_NAMES & self.ground.names,
            everyone=not is_whole,
            undeclared=removes or self.sees_undeclared or not is_whole,
            on_unchanged=self._pass,
            on_nobody=lambda place: self._judge_nobody(reader, place),
            on_place=self._meet_place,
        )

    def _judge_nobody(self, reader: Reader, contribution: Contribution) -> None:
        self.skips.add(reader.desired(NOBODY, (contribution,)).skipped)

    def _meet_place(self, contribution: Contribution) -> None:
        origin = contribution.origin
        self.selection.meet("file", (origin.file,))
        self.selection.meet("table", filter(None, (origin.table,)))

    def _pass(self, entry: Entry) -> None:
        self.selection.meet_profile(entry.key, entry)
        self._blocks.pass_entry(entry)

    def _report_blocks(self, reader: Reader) -> None:
        for found in self._blocks.contradictions():
            rule = self.ground.rule_for(found.attribute)
            reader.report(found.fault, rule, found.place)

    def _wanted(self, candidate: Candidate, found: Desired) -> Wanted:
        skipped = [row.origin for row in found.skipped]
        places = [c.origin for c in candidate.contributions if c.origin not in skipped]
        return Wanted(
            declared=targets_of(found.declared),
            leaving=targets_of(found.leaving),
            standing=found.standing,
            cohorts=found.cohorts,
            origins=_each_once(places) or _origins_of(found.leaving),
            is_named=bool(candidate.contributions),
            removes=self.ground.policy.undeclared == "remove",
            shields=shields_of(self.ground.tables.values(), found.listed),
            settles=not skipped,
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


def _cohorts_of(candidate: Candidate) -> frozenset[str]:
    names = [place.origin.cohort for place in candidate.contributions]
    return frozenset([name for name in names if name is not None])


def _origins_of(leaving: Mapping[str, Declared]) -> tuple[Origin, ...]:
    return _each_once([found.among.origin for found in leaving.values()])


def _each_once(origins: list[Origin]) -> tuple[Origin, ...]:
    return tuple(origins if len(origins) < 2 else dict.fromkeys(origins))
