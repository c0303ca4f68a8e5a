"""What is kept of changes of which all was acknowledged: their rows, as they stand.

Beside that of a known profile stands what was known before, as its entry has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import UNSET, Raw, Struct
from msgspec.json import Decoder, Encoder

from ctsync.apply.plain_profiles import SpelledRows
from ctsync.canonical_json import canonical, fold_name, spelled
from ctsync.model.spelled_entry import spelled_entry
from ctsync.state.base import LinesByKey

NEW, KNOWN = "new", "known_row"
NEW_LINE = b'{"new":'
_EMPTY = Raw(b"[]")


class _KnownRow(Struct):
    """One of a known profile, in the order in which a line has it."""

    cohorts: Raw
    known: dict[str, Raw]
    known_row: Raw


class _Named(Struct, array_like=True, gc=False):
    """An operation, of which only its attribute is read."""

    name: str


class _Touching(Struct, array_like=True, gc=False):
    """The row of a change, of which only the attributes are read that it is about."""

    action: Raw
    id_type: Raw
    id: Raw
    operations: list[_Named]
    origins: Raw = _EMPTY
    fingerprint: Raw = _EMPTY
    cohorts: Raw = _EMPTY
    released: tuple[str, ...] = ()


_ROWS = Decoder(_Touching)
_ENCODER = Encoder()


def rows_over(known: LinesByKey, rows: SpelledRows) -> Iterator[bytes]:
    """Yield what is kept of rows, which come by key, over lines of their entries."""
    for key_type, ids, texts in rows.by_type():
        yield from map(_kept_line, texts, known.of(key_type, ids))


def _kept_line(text: bytes, line: bytes | None) -> bytes:
    entry = None if line is None else spelled_entry(line)
    if entry is None or entry.gone:  # such a one was made anew
        return canonical({NEW: spelled(text)})
    held = entry.attributes
    known = {name: held[name] for name in _folded(*touched(text)) if name in held}
    cohorts = _EMPTY if entry.cohorts is UNSET else entry.cohorts
    return _ENCODER.encode(_KnownRow(cohorts, known, Raw(text)))


@lru_cache(maxsize=4096)  # of most rows they are the same
def _folded(*names: str) -> list[str]:
    return sorted({*map(fold_name, names)})


def touched(row: bytes) -> tuple[str, ...]:
    """Return the names of attributes that the row of a change, as JSON, is about.

    Raises:
        ValueError: it is no such row.
    """
    read = _ROWS.decode(row)
    return (*[each.name for each in read.operations], *read.released)
