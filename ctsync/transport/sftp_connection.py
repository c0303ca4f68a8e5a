"""Connections to one SFTP server, known by its host key; keys alone open it.

Nothing of this machine's own SSH settings is read: neither its configuration nor its
known hosts nor its usual keys, so that a project does the same everywhere.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsync.errors import PutFailed, UsageError
from ctsync.model.sftp_door import SftpDoor
from ctsync.transport.failure_words import innermost
from ctsync.transport.sftp_failures import (
    key_refused,
    no_sftp,
    other_host_key,
    unreachable,
    was_cut,
)

if TYPE_CHECKING:
    import asyncssh

# A server shows one of its host keys, of the first kind that both know. Which kind the
# pinned one is its fingerprint does not tell.
_KINDS = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
_OF_OTHERS = 0o077
_CLOSE_SECONDS = 5.0


@asynccontextmanager
async def connected(
    door: SftpDoor, connect_seconds: float
) -> AsyncIterator[asyncssh.SFTPClient]:
    """Yield a client of the server, logged in.

    Raises:
        PutFailed: it cannot be reached, has another host key, or takes no key.
        UsageError: the package asyncssh is missing, or the key cannot be used.
    """
    require_package()
    async with _keys(door) as keys:
        connection = await _connect(door, keys, connect_seconds)
        try:
            yield await _client(door, connection, connect_seconds)
        except BaseException:
            connection.abort()  # it may be the server that keeps everybody waiting
            raise
        finally:
            await _close(connection)


def require_package() -> None:
    """See that what talks SFTP is installed.

    Raises:
        UsageError: it is not.
    """
    try:
        import asyncssh  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "putting files by SFTP needs the package asyncssh",
            hint='pip install "ctsync[sftp]"',
        ) from error


@asynccontextmanager
async def _keys(door: SftpDoor) -> AsyncIterator[Sequence[Any]]:
    import asyncssh

    if door.key is not None:
        yield [_key_in(door.key)]
    elif not door.agent:
        raise _no_agent()
    else:
        try:
            agent = await asyncssh.connect_agent(door.agent)
            keys = await agent.get_keys()
        except (OSError, ValueError, asyncssh.Error) as error:
            raise _no_agent() from error
        async with agent:
            if not keys:
                raise _no_agent()
            yield keys


def _key_in(path: Path) -> asyncssh.SSHKey:
    import asyncssh

    try:
        if path.stat().st_mode & _OF_OTHERS:
            raise PutFailed(
                "the key of channels.sftp may be read by others than its owner",
                hint="chmod 600 it, and think of who had it until now",
                code="CT813",
            )
        return asyncssh.read_private_key(path)
    except (ValueError, OSError) as error:
        raise PutFailed(
            "channels.sftp.key names no private key that opens without a passphrase",
            hint="name one that this user may read, or give the key to the agent "
            "(ssh-add) and leave out channels.sftp.key",
            code="CT813",
        ) from error


def _no_agent() -> PutFailed:
    return PutFailed(
        "no SSH agent offers a key",
        hint="add one (ssh-add), or name a file in channels.sftp.key",
        code="CT813",
    )


async def _connect(
    door: SftpDoor, keys: Sequence[Any], connect_seconds: float
) -> asyncssh.SSHClientConnection:
    """Connect to the server that has the pinned key, of whatever kind that is."""
    import asyncssh

    pin = _Pin(door.fingerprint)
    losses: list[Exception] = []
    for kinds in _KINDS:
        try:
            async with asyncio.timeout(connect_seconds):
                return await _login(door, keys, kinds, pin)
        except asyncssh.PermissionDenied as error:
            raise key_refused(door) from error
        except asyncssh.DisconnectError as error:
            if pin.is_met:
                # A server ends a login that has shown it too many keys.
                is_cut = isinstance(error, asyncssh.ConnectionLost)
                raise (was_cut(door, error) if is_cut else key_refused(door)) from error
            # It has no key of this kind, or another one; some just hang up then.
            losses.append(error)
        except (OSError, UnicodeError, asyncssh.Error) as error:
            # Who was shown to be another may hang up on the next question.
            if not pin.others:
                raise unreachable(door, innermost(error)) from error
            losses.append(error)
    if pin.others:
        raise other_host_key(door, pin.others) from losses[-1]
    if any(isinstance(each, asyncssh.ConnectionLost) for each in losses):
        raise unreachable(door, ConnectionResetError()) from losses[-1]
    raise no_sftp(door) from losses[-1]


class _Pin:
    """The host key that is wanted, and those that were met instead of it."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self.is_met = False
        self.others: list[str] = []

    def meet(self, key: asyncssh.SSHKey) -> bool:
        """Take in a key that the server shows; return whether it is the one."""
        found = key.get_fingerprint("sha256")
        self.is_met = hmac.compare_digest(found, self._fingerprint)
        if not self.is_met:
            self.others.append(found)
        return self.is_met


async def _login(
    door: SftpDoor, keys: Sequence[Any], kinds: Sequence[str], pin: _Pin
) -> asyncssh.SSHClientConnection:
    import asyncssh

    class Pinned(asyncssh.SSHClient):
        def validate_host_public_key(
            self, host: str, addr: str, port: int, key: asyncssh.SSHKey
        ) -> bool:
            del host, addr, port
            return pin.meet(key)

    return await asyncssh.connect(
        door.host,
        door.port,
        username=door.user,
        client_factory=Pinned,
        client_keys=keys,
        server_host_key_algs=kinds,
        # With nobody known, asyncssh asks about each key; None would let all pass.
        known_hosts=([], [], []),
        config=None,
        agent_path=None,
        preferred_auth="publickey",
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_auth=False,
        gss_kex=False,
        # A login that asks for no key proves nothing to anybody.
        disable_trivial_auth=True,
    )


async def _client(
    door: SftpDoor, connection: asyncssh.SSHClientConnection, connect_seconds: float
) -> asyncssh.SFTPClient:
    import asyncssh

    try:
        async with asyncio.timeout(connect_seconds):
            return await connection.start_sftp_client()
    except TimeoutError as error:
        raise was_cut(door, error) from error
    except (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost) as error:
        raise was_cut(door, ConnectionResetError()) from error
    except (asyncssh.Error, OSError) as error:
        raise no_sftp(door) from error


async def _close(connection: asyncssh.SSHClientConnection) -> None:
    """Close, but never wait long for a server that is gone."""
    connection.close()
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()
