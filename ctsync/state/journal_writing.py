"""Writing a journal to a file: one sealed JSON object a line, each in one go."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from ctsync.canonical_json import canonical
from ctsync.errors import StateError
from ctsync.state.atomic_files import (
    create_private,
    state_errors,
    sync_folder,
    write_all,
)
from ctsync.state.base import JournalWriter, Line
from ctsync.state.journal_lines import checksum_of, head_line, seal_lines
from ctsync.state.journal_mark import JournalMark, MarkWriter
from ctsync.state.packed_lines import packed
from ctsync.whole_lines import whole_lines


class FileJournalWriter(JournalWriter):
    """Appends to a journal file of its own."""

    def __init__(
        self, path: Path, location: str, marks: MarkWriter | None = None
    ) -> None:
        self._location = location
        self._marks, self._head = marks, 0
        # Lanes note that their call leaves while other calls are noted: each line is
        # whole, and carries the checksum of all before it.
        self._lock = Lock()
        self._length = self._checksum = 0
        self._is_broken = False
        self._fd: int | None = create_private(path, os.O_APPEND)

    def append(self, line: Line, *, sync: bool) -> None:
        """Add a line in one write; on failure, cut off what was written of it."""
        text = canonical(line)
        with state_errors("write", self._location):
            with self._lock:
                fd = self._open_fd()
                self._write(fd, *seal_lines([text], self._checksum))
                mark = JournalMark(self._head, self._length)
            # Outside of the lock: others go on writing while the disk works.
            if sync:
                self._sync(fd)
                if self._marks is not None:
                    # Not before: a mark of what is not on the disk would refuse a sound
                    # journal.
                    self._marks.note(mark)

    def append_plan(self, pieces: Iterable[bytes]) -> None:
        """Add whole lines, many of them packed; they survive."""
        with state_errors("write", self._location), self._lock:
            fd = self._open_fd()
            for texts in packed(whole_lines(pieces)):
                self._write(fd, *seal_lines(texts, self._checksum))
            # Now rather than with the first call, which is to leave without delay.
            self._sync(fd)

    def check_lock(self) -> None:
        """Go on: the system's lock ends with this process alone."""

    def close(self) -> None:
        """Close the file. May be called again."""
        with self._lock:
            fd, self._fd = self._fd, None
        if self._marks is not None:
            self._marks.close()
        if fd is not None:
            os.close(fd)

    def _open_fd(self) -> int:
        if self._fd is None or self._is_broken:
            why = "it is closed" if self._fd is None else "an earlier write failed"
            raise StateError(
                f"{self._location} takes no further line: {why}",
                hint='run "ctsync apply" again; what was written is kept',
                code="state_unwritable",
            )
        return self._fd

    def begin(self, head: Line) -> None:
        """Write the first line; it survives."""
        data = head_line(head)
        fd = self._open_fd()
        self._head = checksum_of(data)
        self._write(fd, data, self._head)
        self._sync(fd)

    def _write(self, fd: int, data: bytes, checksum: int) -> None:
        try:
            write_all(fd, data)
        except BaseException:
            self._is_broken = True
            # A half line before further lines would be damage, not a torn end.
            with suppress(OSError):
                os.ftruncate(fd, self._length)
                self._is_broken = False
            raise
        self._length += len(data)
        self._checksum = checksum

    def _sync(self, fd: int) -> None:
        try:
            os.fsync(fd)
        except OSError:
            # After a failed fsync the kernel may call lost pages clean, so a later
            # success would prove nothing.
            self._is_broken = True
            raise


def create_journal(
    path: Path, head: Line, location: str, marks: MarkWriter | None = None
) -> FileJournalWriter:
    """Begin a journal file whose head survives a power cut, or leave none.

    Raises:
        StateError: it could not be written.
    """
    with state_errors("write", location):
        writer = FileJournalWriter(path, location, marks)
        try:
            writer.begin(head)
            # Else its lines would be on the disk, and its name would not.
            sync_folder(path.parent)
        except BaseException:
            writer.close()
            with suppress(OSError):
                path.unlink()
            raise
    return writer
