"""Parts of a journal, for whoever folds a range of keys where the journal is not.

A slice is a file with lines of the plan as the journal keeps them, in order and under
checksums of its own, and one beside it with what became of their records.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, json

from ctsync.apply.journal.grouped_lines import dues_of, kind_of, sends
from ctsync.apply.journal.journal_records import Line
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.journal.record_fates import RecordFates, SliceFates
from ctsync.model.profile_key import NOBODY, ProfileKey, key_from_json
from ctsync.plan.document.change_codec import CHANGE_KEY, settled_from_data
from ctsync.state.atomic_files import create_private
from ctsync.state.base import Journal
from ctsync.state.journal_file import LineGroup, StoredLines, read_journal
from ctsync.state.journal_lines import checksum_of, head_line, seal_lines
from ctsync.state.key_range import KeyRange

_OF_PLAN = frozenset((CHANGE_KEY, "settled"))


class JournalSlice(Struct, frozen=True):
    """Where a slice lies, how long it is, and the range of keys that is its own."""

    path: str
    size: int
    within: KeyRange

    def fates(self) -> RecordFates:
        """Return what became of its records.

        Raises:
            OSError, ValueError: the file that says it is not here, or cut off.
        """
        data = _beside(Path(self.path)).read_bytes()
        return json.decode(data, type=SliceFates).opened()

    def lines(self) -> Iterator[Line]:
        """Yield its lines.

        Raises:
            OSError, StateError: it is not here, cut off, or damaged.
        """
        path = Path(self.path)
        # A last line without its end would pass for one that a crash tore.
        if path.stat().st_size != self.size:
            raise OSError(self.path)
        journal = read_journal(path, self.path)
        return iter(()) if journal is None else journal.lines()


def cut_journal(
    journal: Journal, replay: JournalReplay, folder: Path, *, most: int
) -> list[JournalSlice]:
    """Write a journal into a folder in about so many slices, which have all keys.

    `replay` is that of the journal.

    Raises:
        OSError: they cannot be written.
        StateError: the journal is damaged.
    """
    found, place = list[_Part](), 0
    numbered = _numbered(journal, -(-replay.lines // most))
    for number, part in groupby(numbered, itemgetter(0)):
        path = folder / f"slice-{number:04}"
        found.append(_written(path, (group for _, group in part)))
        fates = replay.within(range(place, place + found[-1].places))
        _private(_beside(path), [json.encode(fates)])
        place += found[-1].places
    bounds = [None, *(part.start for part in found[1:]), None]
    return [
        JournalSlice(str(part.path), part.size, KeyRange(*within))
        for part, within in zip(found, pairwise(bounds), strict=False)
    ]


class _Part(NamedTuple):
    """A slice before it is known where the next one begins."""

    path: Path
    start: ProfileKey
    size: int
    places: int


def _numbered(journal: Journal, lines_each: int) -> Iterator[tuple[int, LineGroup]]:
    """Yield the groups of the plan, each with the number of its slice."""
    lines, count = journal.lines(), 0
    for group in lines.groups if isinstance(lines, StoredLines) else ():
        if kind_of(group.first) in _OF_PLAN:
            yield count // lines_each, group
            count += len(group)


def _written(path: Path, groups: Iterable[LineGroup]) -> _Part:
    """Write groups as a journal of their own."""
    start, places = NOBODY, 0

    def sealed() -> Iterator[bytes]:
        nonlocal start, places
        head = head_line({})
        checksum = checksum_of(head)
        yield head
        for group in groups:
            if start is NOBODY:
                start = _key_of(group.first)
            places += _places_in(group)
            data, checksum = seal_lines(_kept(group), checksum)
            yield data

    size = _private(path, sealed())
    return _Part(path, start, size, places)


def _private(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file that its owner alone can read; give its length."""
    with os.fdopen(create_private(path), "wb") as file:
        return sum(map(file.write, pieces))


def _beside(path: Path) -> Path:
    return path.with_suffix(".fates")


def _kept(group: LineGroup) -> list[bytes]:
    """Return the lines that a group is kept as: one, if it is packed."""
    text = group.text if group.stored is None else group.stored
    return text[:-1].split(b"\n")


def _places_in(group: LineGroup) -> int:
    """Return how many of the changes have places, which those have that send."""
    dues = dues_of(group)
    if dues is not None:
        return len(dues) - dues.count(0)
    return sum(kind_of(line) == CHANGE_KEY and sends(line) for line in group)


def _key_of(line: Line) -> ProfileKey:
    kind = kind_of(line)
    if kind == CHANGE_KEY:
        row = line[kind]
        return key_from_json({row[1]: row[2]})
    return settled_from_data(line[kind])[0]
