"""What keeps files from being put, in our words: other texts may quote the server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ctsync.errors import PutFailed
from ctsync.model.sftp_door import SftpDoor
from ctsync.transport.failure_words import innermost, own_words


def unreachable(door: SftpDoor, error: BaseException) -> PutFailed:
    """Return the failure of a server that nobody could talk to."""
    is_unknown = isinstance(error, UnicodeError) or (
        isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN
    )
    why = (
        "that is no name of a host"
        if isinstance(error, UnicodeError)
        else own_words(error)
    )
    return PutFailed(
        f"the SFTP server {door.server} cannot be reached ({why})",
        hint="see channels.sftp.host and port, and that this machine may go there",
        code="CT811",
        is_passing=not is_unknown,
    )


def no_sftp(door: SftpDoor) -> PutFailed:
    """Return the failure of a server that talks in another way."""
    return PutFailed(
        f"{door.server} is no SFTP server that ctsync can talk to",
        hint="see channels.sftp.host and port",
        code="CT811",
    )


def other_host_key(door: SftpDoor, met: list[str]) -> PutFailed:
    """Return the failure of a server that is not the one that was pinned."""
    return PutFailed(
        f"the SFTP server {door.server} has the host key {' or '.join(met)}, not the "
        f"pinned {door.fingerprint}",
        hint="ask whoever runs it which is right: it may be another machine. Nothing "
        "was sent to it",
        code="CT812",
    )


def key_refused(door: SftpDoor) -> PutFailed:
    """Return the failure of a key that the server does not take."""
    which = "no key of the agent" if door.key is None else "the key"
    return PutFailed(
        f"the SFTP server {door.server} does not take {which} for the user "
        f"{door.public_user}",
        hint="add its public half on the platform's page for SFTP; see channels.sftp",
        code="CT813",
    )


def no_such_folder(door: SftpDoor) -> PutFailed:
    """Return the failure of a folder that is not there."""
    return PutFailed(
        f"the SFTP server {door.server} has no folder {door.public_folder}",
        hint="make it there, or see channels.sftp.folder",
        code="CT814",
    )


def not_taken(door: SftpDoor, name: str, why: str) -> PutFailed:
    """Return the failure of a file that the server does not take."""
    return PutFailed(
        f"the SFTP server {door.server} does not take {name} ({why})",
        hint="make room, or let the user write there, and run the command again",
        code="CT815",
    )


def was_cut(door: SftpDoor, error: BaseException) -> PutFailed:
    """Return the failure of a connection that ended in the middle."""
    is_late = isinstance(error, TimeoutError)
    why = "no reply in time" if is_late else "the connection was cut"
    return PutFailed(
        f"the SFTP server {door.server} was lost in the middle ({why})",
        hint="run the command again: it goes on where it was",
        code="CT816",
        is_passing=True,
    )


def other_bytes(door: SftpDoor, name: str) -> PutFailed:
    """Return the failure of a name that another file has."""
    return PutFailed(
        f"the SFTP server {door.server} holds another file that is called {name}",
        hint="look who put it there; ctsync never writes over it",
        code="CT817",
    )


@contextmanager
def failures_of(door: SftpDoor, name: str) -> Iterator[None]:
    """Tell in our words what goes wrong with a file while the context lasts."""
    import asyncssh

    try:
        yield
    except asyncssh.SFTPError as error:
        raise _refusal(door, name, error.code) from error
    except (asyncssh.Error, OSError) as error:
        raise was_cut(door, innermost(error)) from error


def _refusal(door: SftpDoor, name: str, code: int) -> PutFailed:
    import asyncssh

    if code in {asyncssh.FX_NO_CONNECTION, asyncssh.FX_CONNECTION_LOST}:
        return was_cut(door, ConnectionError())
    reasons = {
        asyncssh.FX_PERMISSION_DENIED: "permission denied",
        asyncssh.FX_WRITE_PROTECT: "the folder cannot be written to",
        asyncssh.FX_NO_SPACE_ON_FILESYSTEM: "no space is left",
        asyncssh.FX_QUOTA_EXCEEDED: "the quota is used up",
        asyncssh.FX_NO_SUCH_FILE: "the folder is gone",
        asyncssh.FX_NO_SUCH_PATH: "the folder is gone",
    }
    return not_taken(door, name, reasons.get(code, f"SFTP says {code}"))
