"""Files that survive: private, flushed to the disk, replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ctsync.errors import StateError

OWNER_ONLY = 0o600
OWNER_ENTERS = 0o700
CHUNK = 1 << 20
_READ = 1 << 17  # what a processor keeps at hand: much more takes a fifth longer

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
LOCKLESS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


@contextmanager
def state_errors(action: str, location: str) -> Generator[None]:
    """Turn what the system says into a `StateError`: cannot `action` `location`."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StateError(
            f"cannot {action} {location}: {why}",
            hint=_hint(error.errno),
            code="state_unreadable" if action == "read" else "state_unwritable",
        ) from error


def _hint(number: int | None) -> str:
    if number in _FULL:
        return "make room on the disk; nothing was lost"
    if number in _DENIED:
        return "check owner and mode of the file and of its folder"
    if number in {errno.EISDIR, errno.ENOTDIR, errno.ENXIO}:
        return "name a file that ends in .jsonl, or a folder by a path that ends in /"
    if number in LOCKLESS:
        return "its file system has no locks: keep the state on a local disk"
    return "check the path in `state:` of the project"


class PinnedFile:
    """A file as it was when opened: its bytes stay although its name moves on."""

    def __init__(self, path: Path) -> None:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self.fd)
        status = os.fstat(self.fd)
        if not stat.S_ISREG(status.st_mode):
            number = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.ENXIO
            raise OSError(number, "it is not a regular file")
        self.size = status.st_size

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes from `start` to where the file ended when it was opened."""
        while start < self.size:
            chunk = os.pread(self.fd, min(_READ, self.size - start), start)
            if not chunk:
                return
            start += len(chunk)
            yield chunk

    def first_line(self) -> bytes:
        """Return the first line, however long, with its newline if it has one."""
        pieces = []
        for chunk in self.chunks():
            pieces.append(chunk[: chunk.find(b"\n") + 1] or chunk)
            if pieces[-1].endswith(b"\n"):
                break
        return b"".join(pieces)

    def texts(self, start: int = 0) -> Iterator[list[bytes]]:
        """Yield the lines without their newlines, many at a time."""
        rest = b""
        for chunk in self.chunks(start):
            whole = (rest + chunk).split(b"\n")
            rest = whole.pop()
            yield whole
        if rest:
            yield [rest]

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Yield the lines, each with its newline; the last one may lack it."""
        rest = b""
        for chunk in self.chunks(start):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line + b"\n"
        if rest:
            yield rest


def open_pinned(path: Path, location: str) -> PinnedFile | None:
    """Open a file for reading; None where there is none.

    Raises:
        StateError: it cannot be read.
    """
    with state_errors("read", location):
        try:
            return PinnedFile(path)
        except FileNotFoundError:
            return None


def make_private_folder(path: Path) -> None:
    """Make a folder, if there is none, that only its owner can enter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir()
        path.chmod(OWNER_ENTERS)


def create_private(path: Path, flags: int = 0) -> int:
    """Create a file that only its owner can read, whatever the umask."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags |= os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    fd = os.open(path, flags, OWNER_ONLY)
    # The umask may have taken bits from the mode that its owner needs.
    os.fchmod(fd, OWNER_ONLY)
    return fd


def write_all(fd: int, data: bytes | bytearray) -> None:
    """Write everything; nearly always in one call."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def written_aside(path: Path) -> Generator[int]:
    """Return a file that takes the place of `path` when the context ends well.

    The name aside is always the same, so that what a kill left is replaced and
    leftovers cannot pile up.
    """
    aside = path.with_name(f"{path.name}.tmp")
    aside.unlink(missing_ok=True)
    try:
        fd = create_private(aside)
        try:
            yield fd
            os.fsync(fd)
        finally:
            os.close(fd)
        # Only now, when the bytes are on the disk: a power cut could else leave the
        # name with nothing behind it.
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
    # A rename outlives a power cut once the folder is on the disk, and not before.
    sync_folder(path.parent)


def write_private(path: Path, data: bytes) -> None:
    """Replace a small file; a reader sees all of it or none."""
    with written_aside(path) as fd:
        write_all(fd, data)
