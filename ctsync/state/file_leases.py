"""Files that stay while somebody reads them: a lease is the system's shared lock.

A reader leases each file before it trusts it, and lets go of it with its last
reference, or when its process dies. Whoever tidies up removes a file only where nobody
holds a lease. Neither waits for the other, and both Linux and macOS know such locks.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from ctsync.state.atomic_files import LOCKLESS, PinnedFile


def lease(path: Path) -> PinnedFile:
    """Open a file that nobody removes as long as the result is held.

    Raises:
        FileNotFoundError: it was removed already, or is removed just now.
        OSError: it cannot be read.
    """
    file = PinnedFile(path)
    try:
        fcntl.flock(file.fd, fcntl.LOCK_SH)
    except OSError as error:
        # No state is written where there are no locks, so nobody tidies up there.
        if error.errno not in LOCKLESS:
            raise
    # Between opening and locking it may have been removed: then nothing holds it any
    # more.
    if os.fstat(file.fd).st_nlink == 0:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return file


def remove_unleased(path: Path) -> None:
    """Remove a file unless somebody reads it, or it cannot be removed."""
    with suppress(OSError):
        file = PinnedFile(path)
        fcntl.flock(file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
