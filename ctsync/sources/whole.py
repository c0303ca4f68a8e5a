"""Making sure that packed files are whole, which DuckDB does not."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from ctsync.diagnostics import Diagnostic
from ctsync.sources.files import DataFile, Unreadable, refused
from ctsync.sources.packing import DAMAGES, GZIP, ZSTANDARD, is_whole, unpacked


def require_whole(file: DataFile) -> None:
    """Make sure that a Zstandard file is one, to its end; others are not looked at.

    Raises:
        Unreadable: it is not, or has been cut off.
    """
    if file.path.suffix != ZSTANDARD:
        return
    try:
        is_sound = is_whole(file.path)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise Unreadable("CT612", message, "check its permissions") from error
    if not is_sound:
        message = "is no whole Zstandard file"
        raise Unreadable("CT612", message, "it may be cut off; export it again")


@contextmanager
def checked(files: Sequence[DataFile]) -> Generator[None]:
    """Check the sums of gzip files beside what is done in the context.

    Raises:
        SpecError: a file is damaged; after the context.
    """
    packed = [file for file in files if file.path.suffix == GZIP]
    if not packed:
        yield
        return
    pool = ThreadPoolExecutor(1, "ctsync-gzip")
    try:
        found: list[Future[Diagnostic | None]]
        found = [pool.submit(_damage, file) for file in packed]
        yield
        faults = [fault for fault in (each.result() for each in found) if fault]
    finally:
        pool.shutdown(cancel_futures=True)
    if faults:
        raise refused(faults)


def _damage(file: DataFile) -> Diagnostic | None:
    try:
        with unpacked(file.path) as stream:
            while stream.read(1 << 20):
                pass
    except DAMAGES as error:
        return damaged(error).in_file(file.name)
    return None


def damaged(error: Exception) -> Unreadable:
    """Give the fault of a file of which the system cannot read the rest."""
    hint = "export it again; its name says how it is packed"
    return Unreadable("CT612", f"cannot be read to its end: {error}", hint)
