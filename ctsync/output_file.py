"""Files that a user names for output: private, and whole or as they were.

A name may stand for a device, a pipe, a folder, or a link that somebody put there; none
of these is ever replaced, written or given another mode.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Self


class OutputFile:
    """A file that takes its place once it is `kept`; else nothing has happened."""

    def __init__(self, path: Path) -> None:
        """Begin it beside its place, readable by its owner alone.

        Raises:
            OSError: it cannot be there, or is something else than a file.
        """
        check_place(path)
        self._path = path
        self._aside = path.with_name(f".{path.name}.{os.getpid()}")
        # Nobody else may have put a file or a link there, to read along.
        self._aside.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self.file = os.fdopen(os.open(self._aside, flags, 0o600), "wb")
        self._is_whole = False

    def pause(self) -> None:
        """Let go of it for now, as whoever has too many open must.

        Raises:
            OSError: it cannot be written.
        """
        self.file.close()

    def resume(self) -> None:
        """Go on at its end, if it was let go of.

        Raises:
            OSError: it cannot be written.
        """
        if self.file.closed:
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self.file = os.fdopen(os.open(self._aside, flags), "ab")

    def finish(self) -> None:
        """Let go of it, all of it on the disk; its place it takes when it is kept.

        Whoever writes many files holds no more of them open than it writes at once.

        Raises:
            OSError: it cannot be written.
        """
        if not self._is_whole:
            self.resume()
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            self._is_whole = True

    def keep(self) -> None:
        """Put it in its place, all of it on the disk.

        Raises:
            OSError: it cannot be written, or its place is taken by something else now.
        """
        self.finish()
        check_place(self._path)
        self._aside.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what could not be flushed was told when it was kept
            self.file.close()
        with suppress(OSError):
            self._aside.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Refuse what no output may take the place of.

    Raises:
        OSError: there is something that is no regular file.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, f"it is {_name_of(mode)}, and stays what it is")


def _name_of(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISLNK(mode):
        return "a link"
    return "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"
