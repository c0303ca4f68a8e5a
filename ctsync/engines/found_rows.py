"""What a database found of candidates, as it comes back in the order of keys.

Rows are (type, id, source, file, row, digest, cells, body), with what is said of those
that are decided behind them. One row may stand for a run of candidates that were
weighed where they were found: its `body` says what came of them. Whoever found them,
and on which machine, is all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.engines.base import Candidate, fingerprint, in_order
from ctsync.model.contribution import Contribution
from ctsync.model.decided_addresses import ADDRESSES
from ctsync.model.decided_rows import DecidedRows, RowDecision, Table
from ctsync.model.entry import Entry, entry_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns, RowReader
from ctsync.model.weighed_run import WeighedRun, run_from_text

# What a row is, if not one of a source.
LOOSE, DIFFERS, SAME, WEIGHED = -1, -2, -3, -4
OPEN = ("type", "id", "source", "file", "row", "digest", "cells", "body")
FoundRow: TypeAlias = "tuple[Any, ...]"
Found: TypeAlias = "list[FoundRow] | Table"


class Decision(Struct, frozen=True):
    """How the rows of one source are decided."""

    key_type: str
    source: RowColumns
    query: RowDecision

    def rows(self, table: Table) -> DecidedRows:
        """Return rows that are decided."""
        return DecidedRows(self.key_type, self.source, self.query, table)

    @property
    def addresses(self) -> dict[str, str]:
        """The attributes that are addresses, by folded name."""
        names = {fold_name(each.name): each.name for each in self.query.attributes}
        return {name: names[name] for name in ADDRESSES if name in names}


class FoundRows(Struct, frozen=True):
    """Makes candidates of what was found; passes on the entries that are watched."""

    readers: Sequence[RowReader]
    loose: Sequence[Contribution]
    on_unchanged: Callable[[Entry], None]
    decision: Decision | None = None

    def in_turn(self, found: Found) -> Iterator[Candidate | DecidedRows | WeighedRun]:
        """Yield candidates and, between them, runs of those that are decided."""
        if isinstance(found, list):
            yield from self._candidates(found)
            return
        if self.decision is None or "is_new" not in found.column_names:
            yield from self._candidates(rows_of(found))
            return
        # All of them were decided, as in most ranges that have any.
        if not found["is_new"].null_count:
            if len(found):
                yield self.decision.rows(found)
            return
        start, open_ones = 0, found["is_new"].is_null().to_pylist()
        for is_open, run in groupby(open_ones):
            length = sum(1 for _ in run)
            part, start = found.slice(start, length), start + length
            if is_open:
                yield from self._candidates(rows_of(part))
            else:
                yield self.decision.rows(part)

    def _candidates(self, rows: Iterable[FoundRow]) -> Iterator[Candidate | WeighedRun]:
        for _, group in groupby(rows, itemgetter(0, 1)):
            found = [*group]
            if found[0][2] == WEIGHED:
                yield run_from_text(found[0][7])
                continue
            candidate, is_same = candidate_of(found, self.readers, self.loose)
            if is_same and candidate.entry is not None:
                self.on_unchanged(candidate.entry)
            else:
                yield candidate


def candidate_of(
    found: Iterable[FoundRow],
    readers: Sequence[RowReader],
    loose: Sequence[Contribution] = (),
) -> tuple[Candidate, bool]:
    """Return the candidate that rows of one key are, and whether it is unchanged."""
    entry, is_same, places = None, False, list[Contribution]()
    for kind, identifier, source, file, row, digest, cells, line in found:
        key = ProfileKey(kind, identifier)
        if source >= 0:
            by = readers[source]
            places.append(by.contribution(identifier, digest, file, row, cells))
            # Where rows were to be decided, the line of the entry stands beside them.
            if line is not None:
                entry = entry_from_line(line)
        elif source == LOOSE:
            places.append(loose[row])
        else:
            entry, is_same = entry_from_line(line), source == SAME
    mark = fingerprint(places) if places and not is_same else None
    return Candidate(key, in_order(places), entry, mark), is_same


def rows_of(table: Table) -> Iterator[FoundRow]:
    """Yield the rows of a table, without what is said of those that are decided."""
    return zip(*(table[name].to_pylist() for name in OPEN), strict=True)
