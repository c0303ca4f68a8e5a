"""SFTP servers on this machine's loopback, and a way to them that loses things."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import asyncssh

from ctsync.model.sftp_door import SftpDoor

PATIENCE_SECONDS = 30.0


class SftpServer:
    """A server with keys of its own; what lies in `folder` is what was put there.

    Whoever comes by `read_only_port` may change nothing.
    """

    name = ""
    port: int
    read_only_port: int

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = _new_key(root / "host_key")
        self.client_key = _new_key(root / "client_key")
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.authorized = root / "authorized_keys"
        self.authorized.write_bytes(self.client_key.export_public_key())

    def door(self, folder: Path, **other: Any) -> SftpDoor:
        """Return what a project says of it, with what it says otherwise."""
        said: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "fingerprint": self.host_key.get_fingerprint(),
            "folder": str(folder),
            "key": self.root / "client_key",
        }
        return SftpDoor(**said | other)

    def close(self) -> None:
        """End it."""


def _new_key(path: Path) -> asyncssh.SSHKey:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(path)
    path.chmod(0o600)
    return key


class OpensshServer(SftpServer):
    """OpenSSH's own server, run by this user with a configuration of its own."""

    name = "OpenSSH"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        if os.geteuid() == 0:
            # Where OpenSSH was installed and never begun as a service.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.port, self.read_only_port = _free_port(), _free_port()
        config = root / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1:{self.port}\n"
            f"ListenAddress 127.0.0.1:{self.read_only_port}\n"
            f"HostKey {root / 'host_key'}\n"
            f"AuthorizedKeysFile {self.authorized}\n"
            "PidFile none\nUsePAM no\nStrictModes no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\n"
            "Subsystem sftp internal-sftp\n"
            f"Match LocalPort {self.read_only_port}\n"
            "  ForceCommand internal-sftp -R\n"
        )
        sshd = shutil.which(
            "sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
        )
        assert sshd is not None, "install openssh-server"
        self._log = (root / "sshd.log").open("wb")
        self._process = subprocess.Popen(
            [sshd, "-D", "-e", "-f", config],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )  # fmt: skip
        for port in (self.port, self.read_only_port):
            _await_listener(port)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _await_listener(port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


class AsyncsshServer(SftpServer):
    """The server that asyncssh brings; `fault` is raised when anybody writes."""

    name = "asyncssh"

    def __init__(self, root: Path, more_keys: Sequence[str] = ()) -> None:
        super().__init__(root)
        self.more_host_keys = [
            asyncssh.generate_private_key(kind) for kind in more_keys
        ]
        self.fault: Exception | None = None
        self.has_room = True
        self._ends: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_ready = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._is_ready.wait(PATIENCE_SECONDS)

    async def _serve(self) -> None:
        self._loop, self._ends = asyncio.get_running_loop(), asyncio.Event()
        usual, read_only = self._factories()
        async with (
            await self._listen(usual) as first,
            await self._listen(read_only) as second,
        ):
            self.port, self.read_only_port = first.get_port(), second.get_port()
            self._is_ready.set()
            await self._ends.wait()

    async def _listen(self, factory: Any) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key, *self.more_host_keys],
            authorized_client_keys=str(self.authorized),
            sftp_factory=factory,
            allow_scp=False,
        )

    def _factories(self) -> tuple[Any, Any]:
        owner = self

        class Usual(asyncssh.SFTPServer):
            def write(self, file_obj: object, offset: int, data: bytes) -> int:
                if owner.fault is not None:
                    raise owner.fault
                written = super().write(file_obj, offset, data)
                assert isinstance(written, int)
                return written

            def statvfs(self, path: bytes) -> Any:
                found = os.statvfs(os.fsdecode(path))
                return asyncssh.SFTPVFSAttrs(
                    bsize=found.f_bsize, frsize=found.f_frsize, blocks=found.f_blocks,
                    bfree=0, bavail=found.f_bavail if owner.has_room else 0,
                )  # fmt: skip

        class ReadOnly(asyncssh.SFTPServer):
            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                if pflags & asyncssh.FXF_WRITE:
                    msg = "nobody writes here"
                    raise asyncssh.SFTPPermissionDenied(msg)
                return super().open(path, pflags, attrs)

        return Usual, ReadOnly

    def close(self) -> None:
        assert self._loop is not None
        assert self._ends is not None
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join()


class LossyWay:
    """A way to a server that is cut, stalls, or swallows what the server says.

    After `cut_after` bytes have gone to the server all connections end; after
    `stall_after` no more get there, and `has_stalled` is set. While `is_swallowing`,
    the first thing that the server says ends the connection instead.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self.cut_after: int | None = None
        self.stall_after: int | None = None
        self.has_stalled = Event()
        self.is_swallowing = False
        self.connections = 0
        self._sent = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections now."""
        for pair in self._pairs:
            for end in pair:
                _end(end)

    def close(self) -> None:
        _end(self._listener)
        self._listener.close()
        self.cut()
        for pair in self._pairs:
            for end in pair:
                end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._target))
            self._pairs.append((client, server))
            Thread(target=self._there, args=(client, server), daemon=True).start()
            Thread(target=self._back, args=(client, server), daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket) -> None:
        while data := _received(client):
            self._sent += len(data)
            if self.stall_after is not None and self._sent > self.stall_after:
                self.has_stalled.set()
                return
            if self.cut_after is not None and self._sent > self.cut_after:
                self.cut_after = None
                break
            _send(server, data)
        _end(client)
        _end(server)

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        while data := _received(server):
            if self.is_swallowing:
                self.is_swallowing = False
                break
            _send(client, data)
        _end(client)
        _end(server)


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 16)
    except OSError:
        return b""


def _send(end: socket.socket, data: bytes) -> None:
    try:
        end.sendall(data)
    except OSError:
        _end(end)


def _end(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
