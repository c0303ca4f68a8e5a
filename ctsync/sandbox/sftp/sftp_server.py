"""The SSH server of the door: whom it lets in, and what becomes of files put there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple, NoReturn, cast

import asyncssh
from asyncssh.constants import FXF_WRITE
from msgspec import Struct

MANIFEST = b".manifest"  # as in the example of the public docs
_SOON_SECONDS = 5.0


class SftpRules(Struct, frozen=True):
    """What the server serves, to whom, and whom it tells.

    `user` of None admits every name. `draw` gives the fault of a file that is opened to
    be written; `arrive` hears of manifests under their names.
    """

    folder: Path
    user: str | None
    host_key: asyncssh.SSHKey
    client_key: str
    draw: Callable[[], str]
    arrive: Callable[[Path], None]


class SftpServer:
    """A server in a thread of its own, on loopback."""

    def __init__(self, port: int, rules: SftpRules) -> None:
        """Listen on a port, 0 for any that is free.

        Raises:
            OSError: the port is in use.
        """
        self._rules = rules
        self._guests = _Guests()
        started: Future[int] = Future()
        self._thread = Thread(target=self._run, args=(port, started), daemon=True)
        self._thread.start()
        self.port = started.result()

    def stop(self) -> None:
        """Cut every connection and end."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self, port: int, started: Future[int]) -> None:
        asyncio.run(self._serve(port, started))

    async def _serve(self, port: int, started: Future[int]) -> None:
        try:
            acceptor = await self._listen(port)
        except OSError as error:
            started.set_exception(error)
            return
        # Before the port is told: from then on somebody may call `stop`.
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        started.set_result(acceptor.get_port())
        await self._stopping.wait()
        acceptor.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._guests.dismiss(), _SOON_SECONDS)

    async def _listen(self, port: int) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            port,
            server_factory=lambda: _Doorkeeper(self._rules, self._guests),
            server_host_keys=[self._rules.host_key],
            sftp_factory=lambda channel: _Folder(channel, self._rules, self._guests),
            allow_scp=False,
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            agent_forwarding=False,
            allow_pty=False,
            login_timeout=30,
        )


class _Guests:
    """Who is connected, and the files that they write."""

    def __init__(self) -> None:
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.files: dict[IO[bytes], _Writing] = {}

    async def dismiss(self) -> None:
        """Cut every connection, and close what was left open."""
        for connection in [*self.connections]:
            connection.abort()
            await connection.wait_closed()
        for file in self.files:
            file.close()


class _Writing(NamedTuple):
    """Under which name a file is written, and the fault that it meets."""

    path: bytes
    fault: str


class _Doorkeeper(asyncssh.SSHServer):
    """Admits one key, under one name or any."""

    def __init__(self, rules: SftpRules, guests: _Guests) -> None:
        self._rules = rules
        self._guests = guests

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._guests.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as inherited
        self._guests.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        if self._rules.user in (None, username):
            keys = asyncssh.import_authorized_keys(self._rules.client_key)
            self._connection.set_authorized_keys(keys)
        return True


class _Folder(asyncssh.SFTPServer):
    """The files of the door; each that is opened to be written draws a fault."""

    def __init__(
        self,
        channel: asyncssh.SSHServerChannel[bytes],
        rules: SftpRules,
        guests: _Guests,
    ) -> None:
        super().__init__(channel, chroot=os.fsencode(rules.folder))
        self._rules = rules
        self._writing = guests.files
        self._drawn: dict[bytes, str] = {}

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open a file; one that is written is the owner's alone."""
        if not pflags & FXF_WRITE:
            return super().open(path, pflags, attrs)
        fault = self._rules.draw()
        if fault == "denied":
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        attrs.permissions = 0o600
        file = cast("IO[bytes]", super().open(path, pflags, attrs))
        self._writing[file] = _Writing(path, fault)
        self._drawn[path] = fault
        return file

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write a block, or as much of it as a fault lets."""
        _, fault = self._writing[cast("IO[bytes]", file_obj)]
        if fault == "no-space":
            raise asyncssh.SFTPFailure("No space left on device")
        if fault in {"cut", "hang"}:
            await _done(super().write(file_obj, offset, data[: len(data) // 2]))
            if fault == "hang":
                await self.connection.wait_closed()
            self._cut()
        return await _done(super().write(file_obj, offset, data))

    def close(self, file_obj: object) -> None:
        """Close a file; a manifest that was written under its name has come."""
        super().close(file_obj)
        path, fault = self._writing.pop(
            cast("IO[bytes]", file_obj), _Writing(b"", "none")
        )
        if self.channel.is_closing():
            return  # the client is gone, and did not close it
        self._arrive(path)
        if fault == "cut-at-close":
            self._cut()

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file, unless there is another of the name."""
        fault = self._begin_rename(oldpath)
        super().rename(oldpath, newpath)
        await self._end_rename(newpath, fault)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file in place of another."""
        fault = self._begin_rename(oldpath)
        super().posix_rename(oldpath, newpath)
        await self._end_rename(newpath, fault)

    def _begin_rename(self, path: bytes) -> str:
        fault = self._drawn.pop(path, "none")
        if fault == "cut-before-rename":
            self._cut()
        return fault

    async def _end_rename(self, path: bytes, fault: str) -> None:
        self._arrive(path)
        if fault == "hang-after-rename":
            await self.connection.wait_closed()
        if fault in {"cut-after-rename", "hang-after-rename"}:
            self._cut()

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:  # noqa: ARG002 - as inherited
        """Make no links: they could lead out of the folder."""
        raise asyncssh.SFTPOpUnsupported("no links here")

    link = symlink

    def _arrive(self, path: bytes) -> None:
        if path.endswith(MANIFEST):
            self._rules.arrive(Path(os.fsdecode(self.map_path(path))))

    def _cut(self) -> NoReturn:
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("cut")


async def _done(result: Awaitable[int] | int) -> int:
    return result if isinstance(result, int) else await result
