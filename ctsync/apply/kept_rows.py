"""What is kept of changes of which all was acknowledged: their rows, as they stand.

Beside that of a known profile stands what was known before, as its entry has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import UNSET, Raw, Struct
from msgspec.json import Encoder

from ctsync.apply.plain_profiles import SpelledRows
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


def rows_over(known: LinesByKey, rows: SpelledRows) -> Iterator[bytes]:
    """Yield what is kept of rows, which come by key, over lines of their entries."""
    for key_type, ids, texts in rows.by_type():
        yield from map(_kept_line, texts, known.of(key_type, ids))


def _kept_line(text: bytes, line: bytes | None) -> bytes:
    entry = None if line is None else spelled_entry(line)
    if entry is None or entry.gone:  # such a one was made anew
        return canonical({NEW: spelled(text)})
    held, row = entry.attributes, parse(text)
    known = {name: held[name] for name in _folded(*touched(row)) if name in held}
    cohorts = _NO_COHORTS if entry.cohorts is UNSET else entry.cohorts
    return _ENCODER.encode(_KnownRow(cohorts, known, Raw(text)))


@lru_cache(maxsize=4096)  # of most rows they are the same
def _folded(*names: str) -> list[str]:
    return sorted({*map(fold_name, names)})


def touched(row: Row) -> Iterator[str]:
    """Yield the names of attributes that the row of a change is about."""
    yield from (name for name, *_ in row[3])
    yield from row[7] if len(row) > 7 else ()  # what it releases
