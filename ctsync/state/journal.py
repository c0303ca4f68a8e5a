"""A journal in a file: one JSON object a line, each written in one go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from ctsync.canon import canonical, parse
from ctsync.errors import StateError
from ctsync.state.base import Journal, JournalWriter, Line
from ctsync.state.files import (
    PinnedFile,
    create_private,
    open_pinned,
    sync_folder,
    translated,
    write_all,
)
from ctsync.state.form import JOURNAL_FORMAT, check_format


class FileJournalWriter(JournalWriter):
    """Appends to a journal file of its own."""

    def __init__(self, path: Path, location: str) -> None:
        self._location = location
        self._lock = Lock()
        self._length = 0
        self._is_broken = False
        self._fd: int | None = create_private(path, os.O_APPEND)

    def append(self, line: Line, *, sync: bool) -> None:
        """Add a line in one write; on failure, cut off what was written of it."""
        data = canonical(line) + b"\n"
        with translated("write", self._location):
            with self._lock:
                fd = self._open_fd()
                self._write(fd, data)
            if sync:
                self._sync(fd)

    def close(self) -> None:
        """Close the file. May be called again."""
        with self._lock:
            fd, self._fd = self._fd, None
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

    def _write(self, fd: int, data: bytes) -> None:
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

    def _sync(self, fd: int) -> None:
        try:
            os.fsync(fd)
        except OSError:
            # After a failed fsync the kernel may call lost pages clean, so a later
            # success would prove nothing.
            self._is_broken = True
            raise


def create_journal(path: Path, head: Line, location: str) -> FileJournalWriter:
    """Begin a journal file whose head survives a power cut, or leave none.

    Raises:
        StateError: it could not be written.
    """
    with translated("write", location):
        writer = FileJournalWriter(path, location)
        try:
            writer.append({**head, "format": JOURNAL_FORMAT}, sync=True)
            sync_folder(path.parent)
        except BaseException:
            writer.close()
            with suppress(OSError):
                path.unlink()
            raise
    return writer


def read_journal(path: Path, location: str) -> Journal | None:
    """Give the journal in a file; None where there is none, or its head is torn.

    Raises:
        StateError: it cannot be read, or is of a newer format.
    """
    file = open_pinned(path, location)
    if file is None:
        return None
    lines = _whole_lines(file, location)
    head = next(lines, None)
    if head is None:
        return None
    check_format(head.get("format"), JOURNAL_FORMAT, location)
    return Journal(head, lambda: _after_head(file, location))


def _after_head(file: PinnedFile, location: str) -> Iterator[Line]:
    lines = _whole_lines(file, location)
    next(lines, None)
    return lines


def _whole_lines(file: PinnedFile, location: str) -> Iterator[Line]:
    """Yield the lines; the last is left out if a crash tore it."""
    damaged: int | None = None
    with translated("read", location):
        for number, text in enumerate(file.lines(), start=1):
            if damaged is not None:
                raise _damage(location, damaged)
            line = _line(text)
            if line is None:
                damaged = number
            else:
                yield line


def _line(text: bytes) -> Line | None:
    if not text.endswith(b"\n"):
        return None
    try:
        line = parse(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _damage(location: str, number: int) -> StateError:
    return StateError(
        f"line {number} of {location} is damaged, and lines follow it",
        hint="restore a copy of the journal; or move it away and run "
        '"ctsync state doubt --all", since what it sent is then not known',
        code="journal_damaged",
    )
