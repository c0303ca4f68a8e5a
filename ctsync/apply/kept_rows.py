"""What is kept of changes of which all was acknowledged: their rows, as they stand.

Beside that of a known profile stands what was known before, as its entry has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec import UNSET, Raw, Struct
from msgspec.json import Encoder

from ctsync.apply.plain_profiles import SpelledRow
from ctsync.canonical_json import canonical, fold_name, parse, spelled
from ctsync.model.row import Row
from ctsync.model.spelled_entry import spelled_entry
from ctsync.state.base import LinesByKey

NEW, KNOWN = "new", "known_row"
NEW_LINE = b'{"new":'
_NO_COHORTS = Raw(b"[]")
_ENCODER = Encoder()


class _KnownRow(Struct):
    """One of a known profile, in the order in which a line has it."""

    cohorts: Raw
    known: dict[str, Raw]
    known_row: Raw


def rows_over(known: LinesByKey, rows: Iterable[SpelledRow]) -> Iterator[bytes]:
    """Yield what is kept of rows, which come by key, over lines of their entries."""
    for key_type, some in groupby(rows, key=lambda row: row.key.type):
        own = [*some]
        lines = known.of(key_type, [row.key.id.encode() for row in own])
        yield from map(_kept_line, own, lines)


def _kept_line(row: SpelledRow, line: bytes | None) -> bytes:
    entry = None if line is None else spelled_entry(line)
    if entry is None or entry.gone:  # such a one was made anew
        return canonical({NEW: spelled(row.text)})
    names = sorted(set(map(fold_name, touched(parse(row.text)))))
    held = entry.attributes
    known = {name: held[name] for name in names if name in held}
    cohorts = _NO_COHORTS if entry.cohorts is UNSET else entry.cohorts
    return _ENCODER.encode(_KnownRow(cohorts, known, Raw(row.text)))


def touched(row: Row) -> Iterator[str]:
    """Yield the names of attributes that the row of a change is about."""
    yield from (name for name, *_ in row[3])
    yield from row[7] if len(row) > 7 else ()  # what it releases
