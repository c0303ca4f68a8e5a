"""What is kept of changes of which all was acknowledged: their rows, as they stand.

Beside that of a known profile stands what was known before, as its entry has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias, TypedDict

from msgspec import Raw, Struct, defstruct
from msgspec.json import Decoder, Encoder

from ctsync.apply.folding.plain_profiles import SpelledRows
from ctsync.canonical_json import canonical, fold_name, spelled
from ctsync.state.base import LinesByKey

NEW, KNOWN = "new", "known_row"
NEW_LINE = b'{"new":'
_EMPTY = Raw(b"[]")
_MOST_READERS = 8  # of as many rows as are told together; making one takes as 100 rows

Names: TypeAlias = tuple[str, ...]


class _KnownRow(Struct, gc=False):
    """One of a known profile, in the order in which a line has it."""

    cohorts: Raw
    known: Mapping[str, Raw]
    known_row: Raw


class _Held(Struct, kw_only=True, gc=False):
    """An entry, of which only what is known of some attributes is read."""

    attributes: Mapping[str, Raw]
    cohorts: Raw = _EMPTY
    gone: bool = False


class _Reader(Struct, frozen=True):
    """Reads what entries know of some attributes; all others cost no more than a look.

    To take all of them out of an entry takes twice as long.
    """

    names: Names
    decoder: Decoder[_Held]

    def kept_line(self, names: Names, text: bytes, line: bytes | None) -> bytes:
        """Return what is kept of a row about names, which are among those read."""
        entry = None if line is None else self.decoder.decode(line)
        if entry is None or entry.gone:  # such a one was made anew
            return canonical({NEW: spelled(text)})
        known = held = entry.attributes
        if names != self.names:
            known = {name: held[name] for name in names if name in held}
        return _ENCODER.encode(_KnownRow(entry.cohorts, known, Raw(text)))


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
        lines = rows.known or known.of(key_type, ids)
        about = rows.names or [*map(_about, texts, lines)]
        reader = _readers({*about})
        for names, text, line in zip(about, texts, lines, strict=True):
            yield reader[names].kept_line(names, text, line)


def _about(text: bytes, line: bytes | None) -> Names:
    """Return the folded names that a row is about, where any entry may know them."""
    return () if line is None else _folded(*touched(text))


def _readers(about: Collection[Names]) -> Mapping[Names, _Reader]:
    """Return who reads what is known of some names, for all names that rows are about.

    Each has its own; where these are many, there is one for all.
    """
    if len(about) <= _MOST_READERS:
        return {names: _reader(names) for names in about}
    return dict.fromkeys(about, _reader(_folded(*chain(*about))))


@lru_cache(maxsize=64)
def _reader(names: Names) -> _Reader:
    some: Any = TypedDict
    held = some("held", dict.fromkeys(names, Raw), total=False)
    kind: type[Any] = defstruct("Held", [("attributes", held)], bases=(_Held,))
    return _Reader(names, Decoder(kind))


@lru_cache(maxsize=4096)  # of most rows they are the same
def _folded(*names: str) -> Names:
    return tuple(sorted({*map(fold_name, names)}))


def touched(row: bytes) -> Names:
    """Return the names of attributes that the row of a change, as JSON, is about.

    Raises:
        ValueError: it is no such row.
    """
    read = _ROWS.decode(row)
    names = tuple([each.name for each in read.operations])
    return names + read.released if read.released else names
