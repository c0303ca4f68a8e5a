"""What no profile shows by itself: twins, renames, and rows that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Change
from ctsync.model.contribution import Contribution
from ctsync.model.decided_addresses import DecidedAddresses, SharedAddress
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.masking import Mask
from ctsync.model.row_source import RowSource
from ctsync.model.weighed_run import WeighedRun
from ctsync.plan.among.counted_rows import CountedRows
from ctsync.plan.among.renamed_profiles import RenamedProfiles
from ctsync.plan.among.shared_addresses import SharedAddresses
from ctsync.plan.among.similar_keys import SimilarKeys
from ctsync.plan.among.skipped_rows import SkippedRows
from ctsync.plan.among.vanished_rows import VanishedRows
from ctsync.plan.profile.merge_contributions import MergedContributions
from ctsync.project.project import Project


class AmongProfiles(Struct):
    """Sees all that is planned pass by, in the order of keys, and says what it found.

    Whichever way profiles were decided, it sees the same of them.
    """

    rows: CountedRows = field(default_factory=CountedRows)
    skips: SkippedRows = field(default_factory=SkippedRows)
    vanished: VanishedRows = field(default_factory=VanishedRows)
    _shared: SharedAddresses = field(default_factory=SharedAddresses)
    _renamed: RenamedProfiles = field(default_factory=RenamedProfiles)
    _twins: SimilarKeys = field(default_factory=SimilarKeys)

    def counted(self, contributions: Iterable[Contribution]) -> Iterator[Contribution]:
        """Yield contributions, and count the rows among them."""
        for contribution in contributions:
            self.rows.count(contribution.origin)
            yield contribution

    def weighed_seen(
        self,
        candidate: Candidate,
        found: MergedContributions,
        change: Change | None,
        mask: Mask,
    ) -> Iterator[Diagnostic]:
        """See a candidate, what places want of it, and what comes of it."""
        self.vanished.record_seen(candidate)
        if found.skipped:
            self.skips.add(found.skipped)
        key, entry, places = candidate.key, candidate.entry, candidate.contributions
        if places:
            if not candidate.is_known:
                self._renamed.new_seen(key, places[0].origin, found.declared)
            if change is not None:
                self._shared.change_seen(change, places[0].origin)
            yield from self._twins.key_seen(key, places[0].origin, mask)
        elif entry is not None:
            self._renamed.leaving_seen(entry)

    def nobody_seen(self, place: Contribution, skipped: Iterable[Contribution]) -> None:
        """See a place that names no one."""
        self.vanished.nobody_seen(place.origin)
        self.skips.add(skipped)

    def decided_seen(self, decided: DecidedRows, mask: Mask) -> Iterator[Diagnostic]:
        """See rows that were decided in columns."""
        self.vanished.decided_seen(decided)
        yield from self._twins.decided_seen(decided, mask)

    def run_seen(self, run: WeighedRun, mask: Mask) -> Iterator[Diagnostic]:
        """See candidates that were weighed where they were found."""
        self.vanished.weighed_seen(run)
        for attribute, row in run.shared_addresses():
            self._address_seen(attribute, row)
        yield from self._twins.weighed_seen(run, mask)

    def addresses_seen(self, addresses: DecidedAddresses) -> None:
        """See the addresses of decided rows that others have, too."""
        for row in addresses.shared(chain(self._shared.marks(), self._renamed.marks())):
            self._address_seen(addresses.attributes[row.name], row)

    def _address_seen(self, attribute: str, row: SharedAddress) -> None:
        self._renamed.decided_seen(attribute, row)
        self._shared.decided_seen(attribute, row)

    def notes(
        self, project_view: Project, sources: Sequence[RowSource], mask: Mask
    ) -> Iterator[Diagnostic]:
        """Yield what was found, once all have been seen."""
        self.rows.count_sources(sources)
        yield from self.skips.notes(project_view, self.rows)
        yield from self.vanished.notes(project_view, self.rows)
        yield from self._renamed.notes(mask)
        yield from self._shared.notes()
