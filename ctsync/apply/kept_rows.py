"""What is kept of changes of which all was acknowledged: their rows, as they stand.

Beside that of a known profile stands what was known before, as its entry has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import repeat, starmap
from operator import itemgetter

from msgspec import UNSET, Raw, Struct
from msgspec.json import Encoder

from ctsync.alike_places import alike_places
from ctsync.apply.plain_profiles import SpelledRows
from ctsync.canonical_json import canonical, fold_name, parse, spelled
from ctsync.model.cut_entries import EntryCutter, is_worth_cutting
from ctsync.model.row import Row
from ctsync.model.spelled_entry import spelled_entry
from ctsync.state.base import LinesByKey

NEW, KNOWN = "new", "known_row"
NEW_LINE = b'{"new":'
_KEPT = b'{"cohorts":%%b,"known":{%b},"known_row":%%b}'
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
        lines = known.of(key_type, ids)
        kept = _cut_lines(ids, texts, lines)
        for at in [at for at, line in enumerate(kept) if not line]:
            kept[at] = _kept_line(texts[at], lines[at])
        yield from kept


def _cut_lines(
    ids: Sequence[bytes], texts: Sequence[bytes], lines: Sequence[bytes | None]
) -> list[bytes]:
    """Return what is kept of those rows whose entries can be cut; empty of others."""
    kept = [b""] * len(texts)
    try:
        alike = alike_places(_names_in(texts))
    except (TypeError, ValueError, LookupError):
        # One that nobody wrote so is met when its turn comes.
        return kept
    for names, places in alike.items():
        there = [(at, line) for at in places if (line := lines[at]) is not None]
        if is_worth_cutting(there):
            for at, line in _cutting(names).lines(ids, texts, there):
                kept[at] = line
    return kept


def _names_in(texts: Iterable[bytes]) -> Iterator[tuple[str, ...]]:
    """Yield the names of attributes that rows are about, which say nothing else."""
    operations = map(itemgetter(3), parse(b"[%b]" % b",".join(texts)))
    return map(next, starmap(zip, operations), repeat(()))


class _Cutting:
    """Cuts what is kept out of entries that know something of some attributes."""

    def __init__(self, names: Sequence[str]) -> None:
        self._cutter = EntryCutter(names)
        folded = (canonical(fold_name(each)) for each in names)
        known = (b"%b:%%b" % each.replace(b"%", b"%%") for each in folded)
        self._template = _KEPT % b",".join(known)

    def lines(
        self,
        ids: Sequence[bytes],
        texts: Sequence[bytes],
        there: Sequence[tuple[int, bytes]],
    ) -> Iterator[tuple[int, bytes]]:
        """Yield what is kept of rows with their places, as far as these can be cut."""
        cut = self._cutter.cut(
            [ids[at] for at, _ in there], [line for _, line in there]
        )
        places = [there[at][0] for at in cut.places]
        rows = [texts[at] for at in places]
        parts = zip(cut.cohorts, *cut.known, rows, strict=True)
        return zip(places, map(self._template.__mod__, parts), strict=True)


@lru_cache(maxsize=256)
def _cutting(names: tuple[str, ...]) -> _Cutting:
    return _Cutting(sorted({*names}, key=fold_name))


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


def touched(row: Row) -> tuple[str, ...]:
    """Return the names of attributes that the row of a change is about."""
    names = tuple([each[0] for each in row[3]])
    return (*names, *row[7]) if len(row) > 7 else names  # what it releases
