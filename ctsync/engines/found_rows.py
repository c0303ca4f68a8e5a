"""What a database found of candidates, as it comes back in the order of keys.

Rows are (type, id, source, file, row, digest, cells, body), with what is said of those
that are decided behind them. Whoever found them, and on which machine, is all the same.
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
from ctsync.model.row_source import RowColumns, RowSource

# What a row is, if not one of a source.
LOOSE, DIFFERS, SAME = -1, -2, -3
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

    sources: Sequence[RowSource]
    loose: Sequence[Contribution]
    on_unchanged: Callable[[Entry], None]
    decision: Decision | None = None

    def in_turn(self, found: Found) -> Iterator[Candidate | DecidedRows]:
        """Yield candidates and, between them, runs of those that are decided."""
        if isinstance(found, list):
            yield from self._candidates(found)
            return
        if self.decision is None or "is_new" not in found.column_names:
            yield from self._candidates(_rows_of(found))
            return
        start, open_ones = 0, found["is_new"].is_null().to_pylist()
        for is_open, run in groupby(open_ones):
            length = sum(1 for _ in run)
            part, start = found.slice(start, length), start + length
            if is_open:
                yield from self._candidates(_rows_of(part))
            else:
                yield self.decision.rows(part)

    def _candidates(self, rows: Iterable[FoundRow]) -> Iterator[Candidate]:
        for (kind, identifier), found in groupby(rows, itemgetter(0, 1)):
            entry, is_same, places = None, False, []
            for _, _, source, file, row, digest, cells, line in found:
                if source >= 0:
                    by = self.sources[source]
                    places.append(by.contribution(identifier, digest, file, row, cells))
                    if line is not None:
                        entry = entry_from_line(line)
                elif source == LOOSE:
                    places.append(self.loose[row])
                else:
                    entry, is_same = entry_from_line(line), source == SAME
            if is_same and entry is not None:
                self.on_unchanged(entry)
            else:
                mark = fingerprint(places) if places else None
                yield Candidate(
                    ProfileKey(kind, identifier), in_order(places), entry, mark
                )


def _rows_of(table: Table) -> Iterator[FoundRow]:
    return zip(*(table[name].to_pylist() for name in OPEN), strict=True)
