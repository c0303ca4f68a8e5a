"""The folder on the server: uploads under a name for now, then under their own.

A file that is being written has a name that no import looks for. It takes its own in
one step, and never in the place of another.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from stat import S_ISDIR
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from msgspec import Struct

from ctsync.errors import PutFailed
from ctsync.model.sftp_door import SftpDoor
from ctsync.transport.sftp_connection import connected
from ctsync.transport.sftp_failures import (
    failures_of,
    no_such_folder,
    not_taken,
    other_bytes,
)

if TYPE_CHECKING:
    import asyncssh

WINDOW_BYTES = 2 << 20
"""How much is on its way at once; the next begins when all of it was acknowledged.

So whatever a cut upload left behind is whole up to the window that it was in.
"""

_T = TypeVar("_T")
_WHOLE_BYTES = 1 << 20  # a file up to this size is compared byte by byte
_END_BYTES = 1 << 16  # of a larger one both ends are


class PutTimes(Struct, frozen=True):
    """How long to wait for the server, in seconds: for a login, and for each reply."""

    connect_seconds: float = 20.0
    reply_seconds: float = 120.0


class Stopped(Exception):
    """Whoever runs the upload wants it to end; what was written stays."""


@asynccontextmanager
async def opened_folder(
    door: SftpDoor, times: PutTimes, is_stopped: Callable[[], bool]
) -> AsyncIterator[RemoteFolder]:
    """Yield the folder of a server.

    Raises:
        PutFailed: the server cannot be used, or the folder is not there.
        UsageError: the package asyncssh is missing.
    """
    async with connected(door, times.connect_seconds) as sftp:
        folder = RemoteFolder(sftp, door, times.reply_seconds, is_stopped)
        await folder.check()
        yield folder


class RemoteFolder:
    """A folder on the server; `windows` counts what it took since it was opened."""

    def __init__(
        self,
        sftp: asyncssh.SFTPClient,
        door: SftpDoor,
        reply_seconds: float,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._sftp = sftp
        self._door = door
        self._reply_seconds = reply_seconds
        self._is_stopped = is_stopped
        self.windows = 0

    async def check(self) -> None:
        """See that the folder is there.

        Raises:
            PutFailed: it is not, or is no folder.
        """
        found = await self._stat(self._door.folder or ".")
        if found is None or not S_ISDIR(found.permissions or 0):
            raise no_such_folder(self._door)

    async def holds(self, name: str, local: Path) -> bool:
        """Return whether a file is in its place already.

        Raises:
            PutFailed: another file has that name, or the server is lost.
        """
        found = await self._stat(self._path(name))
        if found is None:
            return False
        with local.open("rb") as file:
            size = _size(file)
            is_same = found.size == size and await self._agrees(name, file, size)
        if not is_same:
            raise other_bytes(self._door, name)
        return True

    async def is_waiting(self, name: str) -> bool:
        """Return whether a file has yet to take its place.

        Raises:
            PutFailed: the server is lost.
        """
        return await self._stat(self._path(for_now(name))) is not None

    async def upload(self, name: str, local: Path) -> None:
        """Write a file under its name for now; go on where an earlier upload was cut.

        Raises:
            PutFailed: the server does not take it, or is lost.
            Stopped: the upload is to end.
            OSError: the local file cannot be read.
        """
        with local.open("rb") as file:
            size = _size(file)
            start = await self._certain(name, file, size)
            try:
                await self._write(name, file, start)
            except PutFailed as failure:
                if failure.is_passing or await self._has_room(size - start):
                    raise
                raise not_taken(self._door, name, "no space is left") from failure
        found = await self._stat(self._path(for_now(name)))
        if found is None or found.size != size:
            raise not_taken(self._door, name, "not all of it arrived")

    async def take_place(self, name: str) -> None:
        """Give an upload its own name.

        Raises:
            PutFailed: the server does not do so, or is lost: then it may have.
        """
        before, after = self._path(for_now(name)), self._path(name)
        # The plain rename of SFTP: OpenSSH's own would take the place of another file.
        await self._asked(name, lambda: self._sftp.rename(before, after))

    async def tidy(self, name: str) -> None:
        """Remove what an upload left under its name for now, where that goes."""
        path = self._path(for_now(name))
        with suppress(PutFailed):
            if await self.is_waiting(name):
                await self._asked(name, lambda: self._sftp.remove(path))

    async def _write(self, name: str, file: BinaryIO, start: int) -> None:
        remote = await self._open(name, start)
        file.seek(start)
        while data := file.read(WINDOW_BYTES):
            if self._is_stopped():
                raise Stopped
            await self._asked(name, lambda: remote.write(data, start))  # noqa: B023
            start += len(data)
            self.windows += 1
        # After an error nobody waits for it: it ends with the connection.
        await self._close(remote)

    async def _has_room(self, size: int) -> bool:
        """Return whether so much more would fit, as far as the server tells.

        OpenSSH says of a full disk only that something failed.
        """
        import asyncssh

        try:
            async with asyncio.timeout(self._reply_seconds):
                found = await self._sftp.statvfs(self._door.folder or ".")
        except (asyncssh.Error, OSError):
            return True
        return (found.bavail or 0) * (found.frsize or 0) >= size

    async def _open(self, name: str, start: int) -> asyncssh.SFTPClientFile:
        import asyncssh

        path = self._path(for_now(name))
        flags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT
        if not start:
            flags |= asyncssh.FXF_TRUNC
        return await self._asked(
            name, lambda: self._sftp.open(path, flags, encoding=None)
        )

    async def _certain(self, name: str, file: BinaryIO, size: int) -> int:
        """Return up to where an earlier upload certainly arrived."""
        found = await self._stat(self._path(for_now(name)))
        there = 0 if found is None else found.size or 0
        if not 0 < there <= size:
            return 0
        # The last window may have holes: its pieces travel side by side.
        start = (there - 1) // WINDOW_BYTES * WINDOW_BYTES
        is_ours = start and await self._agrees(for_now(name), file, start)
        return start if is_ours else 0

    async def _agrees(self, name: str, file: BinaryIO, size: int) -> bool:
        """Return whether a file there begins with `size` bytes of one here.

        Of a long one both ends are looked at. Where the server lets nobody read, the
        size has to do: the name says the run.
        """
        import asyncssh

        try:
            remote = await self._sftp.open(self._path(name), "rb", encoding=None)
        except asyncssh.SFTPError:
            return True
        for start, length in _looked_at(size):
            file.seek(start)
            here = file.read(length)
            if await self._read(name, remote, start, length) != here:
                await self._close(remote)
                return False
        await self._close(remote)
        return True

    async def _read(
        self, name: str, remote: asyncssh.SFTPClientFile, start: int, length: int
    ) -> bytes:
        found = await self._asked(name, lambda: remote.read(length, start))
        return found if isinstance(found, bytes) else b""

    async def _close(self, remote: asyncssh.SFTPClientFile) -> None:
        """Close a file; what is wrong with that shows in what is there then."""
        with suppress(PutFailed):
            await self._asked("", remote.close)

    async def _stat(self, path: str) -> asyncssh.SFTPAttrs | None:
        import asyncssh

        async def stat() -> asyncssh.SFTPAttrs | None:
            try:
                return await self._sftp.stat(path)
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

        return await self._asked(posixpath.basename(path), stat)

    async def _asked(self, name: str, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Return what the server answers about a file."""
        with failures_of(self._door, name):
            async with asyncio.timeout(self._reply_seconds):
                return await ask()

    def _path(self, name: str) -> str:
        return posixpath.join(self._door.folder, name)


def for_now(name: str) -> str:
    """Return the name of a file that is not whole yet."""
    return f".{name}.part"


def _looked_at(size: int) -> tuple[tuple[int, int], ...]:
    """Return from where, and how much, of a file of a size is compared."""
    if size <= _WHOLE_BYTES:
        return ((0, size),)
    return (0, _END_BYTES), (size - _END_BYTES, _END_BYTES)


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
