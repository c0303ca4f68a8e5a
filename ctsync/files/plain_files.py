"""Opening the files of a project: regular ones only, and exactly those that were meant.

A named pipe or a device could hold a run for ever, and a link that was put in the way
after a path was checked could lead anywhere.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_plain(path: Path) -> BufferedReader:
    """Open a regular file by a path that was resolved: no part of it may be a link.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    fd = _open_in_order(path)
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(fd, "rb")
    os.close(fd)
    raise OSError(errno.EINVAL, "it is no regular file")


def _open_in_order(path: Path) -> int:
    """Open each folder inside the one before, so that no name is looked up twice."""
    folder = os.open(path.anchor, _FOLDER | os.O_CLOEXEC)
    try:
        for name in path.parts[1:-1]:
            inner = os.open(name, _FOLDER | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(path.name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)
