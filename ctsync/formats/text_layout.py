"""Where the rows of a text file stand: their lines, and how long they get."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from ctsync.model.row_lines import RowLines

_BLOCK_BYTES = 1 << 20
_EDGE_BYTES = 4096
_TOO_LONG = 128 << 20  # such a file is refused, and no line of it is read whole
# A line of nothing but spaces is a cell of CSV, and no row of JSON Lines.
_BLANK_OF_CSV = re.compile(rb"\n\r?\n")
_BLANK_OF_JSON = re.compile(rb"\n[ \t\r]*\n")


class Layout(RowLines, frozen=True):
    """The lines of a file; no record has more than `longest` bytes."""

    longest: int = 0


class LayoutBuilder:
    """Notes the line of every record that is not just below the one before."""

    def __init__(self) -> None:
        self._count = 0
        self._shift = 1
        self._records = array("q")
        self._shifts = array("q")

    def add(self, line: int) -> None:
        """Take in the line on which the next record begins."""
        if line - self._count != self._shift:
            self._shift = line - self._count
            self._records.append(self._count)
            self._shifts.append(self._shift)
        self._count += 1

    def layout(self, longest: int, heading: int) -> Layout:
        """Return what was noted."""
        return Layout(heading, self._records, self._shifts, longest)


def layout_of(path: Path, *, heading: int, is_quoted: bool) -> Layout:
    """Look through a file; `is_quoted` says that quotes may hold line breaks.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        longest, is_plain = _looked_through(file, is_quoted=is_quoted)
        if is_plain or longest > _TOO_LONG:
            return Layout(heading, longest=longest)
        file.seek(0)
        return _by_line(_lines_of(file), heading, is_quoted=is_quoted)


def _looked_through(file: BufferedReader, *, is_quoted: bool) -> tuple[int, bool]:
    """Return the longest line, at least, and whether every line is a record."""
    odd = _BLANK_OF_CSV if is_quoted else _BLANK_OF_JSON
    longest = tail = 0
    edge, is_plain, has_lines, has_returns = b"\n", True, False, False
    while block := file.read(_BLOCK_BYTES):
        first, last = block.find(b"\n"), block.rfind(b"\n")
        if first < 0:
            tail += len(block)
            has_returns = has_returns or b"\r" in block
        else:
            has_lines = True
            longest = max(longest, tail + first, last - first)
            tail = len(block) - last - 1
        longest = max(longest, tail)
        # A search for either of two is six times slower than one for each.
        is_plain = is_plain and not (is_quoted and b'"' in block)
        is_plain = is_plain and odd.search(edge + block) is None
        # A blank line may lie across two blocks.
        edge = block[-min(tail + 1, _EDGE_BYTES) :]
    return longest, is_plain and (has_lines or not has_returns)


def _lines_of(file: BufferedReader) -> Iterator[bytes]:
    head = file.read(_BLOCK_BYTES)
    file.seek(0)
    if b"\n" in head or b"\r" not in head:
        yield from file
        return
    # Lines end in CR alone. Latin-1 gives each byte back as it was.
    with TextIOWrapper(file, "latin-1", newline="\r") as lines:
        for line in lines:
            yield line.encode("latin-1")


def _by_line(lines: Iterable[bytes], heading: int, *, is_quoted: bool) -> Layout:
    blank = b"\r\n" if is_quoted else None
    builder = LayoutBuilder()
    longest = size = 0
    is_open = False
    for number, text in enumerate(lines, 1):
        if is_open:
            size += len(text)
        elif not text.strip(blank):
            continue
        else:
            size = len(text)
            builder.add(number)
        # A quote in a cell is doubled, so an odd number of them leaves a cell open.
        if is_quoted and text.count(b'"') % 2:
            is_open = not is_open
        longest = max(longest, size)
    return builder.layout(longest, heading)
