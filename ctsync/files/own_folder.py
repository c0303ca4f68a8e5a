"""A folder for scratch that goes with its process, however that ends.

The process holds the system's lock on the folder. Where it is killed the lock goes with
it, and the next to make such a folder removes what was left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Self


class OwnFolder:
    """A private folder in TMPDIR that goes with its last user, or its context."""

    def __init__(self) -> None:
        remove_abandoned(Path(tempfile.gettempdir()))
        self.path, lock = _locked_folder()
        self._end = weakref.finalize(self, _remove, self.path, lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()


PREFIX = "ctsync-mirror-"


def remove_abandoned(folder: Path) -> None:
    """Remove copies in a folder that a killed process of this user left."""
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = _opened(path)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _opened(path: Path) -> int:
    """Open a folder, unless it is a link or somebody else's."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    if os.fstat(fd).st_uid != os.geteuid():
        os.close(fd)
        raise PermissionError(str(path))
    return fd


def _locked_folder() -> tuple[Path, int]:
    """Make a folder that nobody removes as long as its descriptor is open."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):
            lock = _opened(path)
            fcntl.flock(lock, fcntl.LOCK_SH)
            # Whoever tidies up may have met it before it was locked.
            if path.exists():
                return path, lock
            os.close(lock)


def _remove(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)
