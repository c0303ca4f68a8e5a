"""A table that is adopted: of what comes of candidates, as far as it says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from itertools import compress

from ctsync.canonical_json import canonical, parse
from ctsync.engines.base import Candidate
from ctsync.model.change import Change
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry import Entry
from ctsync.model.row import Row
from ctsync.observe.import_profiles import Beside
from ctsync.observe.import_spec import SpecImport
from ctsync.observe.table_part import TablePart
from ctsync.plan.document.change_codec import CHANGE_KEY, START, change_from_data


class AdoptedTable:
    """Gives changes to whoever takes them in; `read` counts whom the table names."""

    def __init__(
        self,
        adoption: SpecImport,
        part: TablePart,
        entries: Callable[[], Iterable[Entry]],
    ) -> None:
        """`entries` are what is known already, by key."""
        self.read = 0
        self._adoption, self._part, self._entries = adoption, part, entries

    def add_one(
        self, candidate: Candidate, change: Change | None, whole: Collection[str]
    ) -> None:
        """Take in what came of a candidate; `whole` are lists with no other values."""
        places = candidate.contributions
        if any(place.origin.table == self._part.table for place in places):
            self.read += 1
            if change is not None:
                mine = self._part.of_change(change)
                self._adoption.add(candidate.entry, mine, whole)

    def add(self, decided: DecidedRows) -> None:
        """Take in candidates that were decided in columns."""
        place, source = decided.decision.place, decided.source
        tables = {
            each: [file.table for file in source.standing(each)]
            for each in decided.counts(place)
        }
        if all(found == [self._part.table] for found in tables.values()):
            self.read += len(decided)
            self._adoption.add_decided(decided)
            return
        are_named = [self._part.table in tables[each] for each in decided.values(place)]
        self.read += sum(are_named)
        for line in compress(decided.values("line"), are_named):
            self._add(line.encode())

    def _add(self, line: bytes) -> None:
        """Take in what the table says of a profile that may stand elsewhere, too."""
        if not line.startswith(START):
            return
        row = self._part.of_row(parse(line)[CHANGE_KEY])
        if row[3]:
            line = canonical({CHANGE_KEY: row}) + b"\n"
            self._adoption.add_lines(line, len({name for name, *_ in row[3]}))
        else:
            self._add_nothing_new(row)

    def _add_nothing_new(self, row: Row) -> None:
        """Take in that other places alone want something of a profile."""
        change = change_from_data(row)
        self._adoption.add(self._known.at(change.key), change)

    @cached_property
    def _known(self) -> Beside:
        return Beside(self._entries())
