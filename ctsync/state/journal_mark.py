"""How far a journal had come when a call left, noted in a small file beside it.

A journal may end after any line: so a crash leaves it. One that was cut between two
lines, or taken away, looks no other, and a counter whose call stood there would be
raised again. The mark is written after the journal was forced to the disk and before
the call leaves, so that a crash never leaves a journal behind its mark.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Lock

from msgspec import Struct

from ctsync.errors import StateError
from ctsync.state.atomic_files import create_private, open_pinned, state_errors
from ctsync.state.journal_lines import checksum_of

_FORM = re.compile(rb"([0-9a-f]{8}) ([0-9]{20})\n")


class JournalMark(Struct, frozen=True):
    """The checksum of a journal's first line, and how many bytes of it are whole."""

    head: int
    length: int

    def as_line(self) -> bytes:
        """Return what the file holds; always as long."""
        return b"%08x %020d\n" % (self.head, self.length)


class MarkWriter:
    """Writes marks over one another, in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._length = 0
        self._fd: int | None = None

    def note(self, mark: JournalMark) -> None:
        """Note how far the journal has come, unless a mark says more already.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            if mark.length <= self._length:
                return
            if self._fd is None:
                self._fd = create_private(self._path)
            # Not flushed: the system keeps it when this process dies, and a mark that a
            # power cut took back says less of the journal, never more.
            os.pwrite(self._fd, mark.as_line(), 0)
            self._length = mark.length

    def close(self) -> None:
        """Close the file. May be called again."""
        with self._lock:
            fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def read_mark(path: Path, location: str) -> JournalMark | None:
    """Return the mark in a file; None where there is none, or none that was finished.

    Raises:
        StateError: it cannot be read.
    """
    file = open_pinned(path, location)
    with state_errors("read", location):
        found = None if file is None else _FORM.fullmatch(b"".join(file.chunks()))
    return None if found is None else JournalMark(int(found[1], 16), int(found[2]))


def is_behind(journal: Path, mark: JournalMark, location: str) -> bool:
    """Return whether a journal lacks lines that stood there when a call left.

    Raises:
        StateError: it cannot be read.
    """
    file = open_pinned(journal, location)
    if file is None or file.size < mark.length:
        return True
    with state_errors("read", location):
        head = file.first_line()
    try:
        return checksum_of(head) != mark.head
    except (IndexError, ValueError):  # no line of a journal: whoever reads it says so
        return False


def journal_cut(location: str) -> StateError:
    """Return the refusal of a journal that lost what it had noted."""
    return StateError(
        f"{location} lacks calls that it had noted before they left: it was cut, or "
        "put back from a copy",
        hint='bring it back; or move it away and run "ctsync state doubt --all", since '
        "what was sent is then not known",
        code="journal_damaged",
    )


def journal_gone(location: str) -> StateError:
    """Return the refusal of a state whose journal was taken away."""
    return StateError(
        f"{location} is gone, and calls had left that it told of",
        hint='bring it back; or run "ctsync state doubt --all", since what was sent is '
        "then not known",
        code="journal_gone",
    )
