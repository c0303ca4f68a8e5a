"""The lines of a journal by the groups in which they are kept, and what they begin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

from ctsync.apply.journal.journal_records import Line
from ctsync.apply.journal.record_marks import TAKEN, due_in
from ctsync.plan.document.change_codec import FIRST_ALONE, START, waves_in
from ctsync.state.journal_file import LineGroup, StoredLine, StoredLines

G = TypeVar("G", bound=Collection[Line])


def kind_of(line: Line) -> str:
    """Return what a line is, by its first name."""
    return next(iter(line), "")


def sends(line: Line) -> bool:
    """Return whether a change sends anything, or only releases."""
    return due_of(line) != 0


def due_of(line: Line) -> int:
    """Return the marks of a change of which every record was acknowledged."""
    if isinstance(line, StoredLine):
        return due_in(waves_in(line.text))
    return due_in(",".join(map(str, line["does"][1:])).encode())


def numbered(lines: Iterable[Line]) -> Iterator[tuple[int, Collection[Line]]]:
    """Yield lines by the groups in which they are kept, with the first one's number."""
    groups: Iterator[Collection[Line]] = (
        iter(lines.groups)
        if isinstance(lines, StoredLines)
        else ((line,) for line in lines)
    )
    return numbered_groups(groups)


def numbered_groups(groups: Iterable[G]) -> Iterator[tuple[int, G]]:
    """Yield groups with the number of the first line of each."""
    # The head is line 1.
    number = 2
    for group in groups:
        yield number, group
        number += len(group)


def dues_of(group: Collection[Line]) -> bytes | None:
    """Return what is due of each line of a group, if all are lines of changes."""
    if not isinstance(group, LineGroup) or len(group) < 2:
        return None
    # Of most plans all is sent in the first wave, which one count tells of thousands of
    # lines. End and beginning stand side by side between lines alone: JSON escapes the
    # newlines within.
    if _are_between(group, FIRST_ALONE) and group.text.endswith(FIRST_ALONE):
        return bytes([TAKEN]) * len(group)
    if not _are_between(group, b"\n"):
        return None
    try:
        return bytes([due_in(waves_in(text)) for text in group.texts])
    except ValueError:  # one of them is none that is written: its number has to be said
        return None


def _are_between(group: LineGroup, ending: bytes) -> bool:
    """Return whether all lines are of changes, and all but the last end so."""
    text = group.text
    return text.startswith(START) and text.count(ending + START) == len(group) - 1
