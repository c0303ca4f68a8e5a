"""What `ctsync sandbox` is asked of its door for SFTP, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.errors import UsageError

if TYPE_CHECKING:
    from ctsync.sandbox import SftpSettings
    from ctsync.sandbox.sftp.door import SftpDoor


class DoorWish(Struct, frozen=True):
    """What the command line asks of the door; without a port there is none."""

    port: int | None
    folder: Path | None
    authorized_key: Path | None
    import_delay_seconds: int
    webhook: str | None


def door_settings(wish: DoorWish, rates: Mapping[str, float]) -> SftpSettings | None:
    """Return the settings of the door, with the rates of the faults that are its own.

    Raises:
        UsageError: there is an option for a door, and no door, or no package for one.
    """
    if wish.port is None:
        _check_is_bare(wish, rates)
        return None
    try:
        from ctsync.sandbox import SftpSettings
    except ImportError as error:
        raise UsageError(
            "a door for SFTP needs the package asyncssh",
            hint='pip install "ctsync[sftp]"',
        ) from error
    return SftpSettings(
        port=wish.port,
        folder=wish.folder,
        authorized_key=wish.authorized_key,
        import_delay_seconds=wish.import_delay_seconds,
        webhook=wish.webhook,
        transfer_faults=_of(rates, _PUT),
        import_faults=_of(rates, _IMPORT),
    )


_PUT, _IMPORT = "put-", "import-"


def door_faults() -> dict[str, str]:
    """Return the kinds of faults of the door, as the command line knows them."""
    from ctsync.sandbox import IMPORT_FAULTS, TRANSFER_FAULTS

    tables = ((_PUT, TRANSFER_FAULTS), (_IMPORT, IMPORT_FAULTS))
    return {
        f"{start}{name}": said
        for start, table in tables
        for name, said in table.items()
        if name != "none"
    }


def _of(rates: Mapping[str, float], start: str) -> dict[str, float]:
    return {
        name.removeprefix(start): rate
        for name, rate in rates.items()
        if name in door_faults() and name.startswith(start)
    }


def _check_is_bare(wish: DoorWish, rates: Mapping[str, float]) -> None:
    given = {
        "--sftp-dir": wish.folder,
        "--sftp-key": wish.authorized_key,
        "--import-delay": wish.import_delay_seconds,
        "--webhook": wish.webhook,
    }
    named = [name for name, value in given.items() if value]
    named += [f"--fault {name}" for name in rates if name in door_faults()]
    if named:
        raise UsageError(
            f"{named[0]} is about imports over SFTP, and there is no door for them",
            hint="add --sftp-port 0",
        )


def door_words(door: SftpDoor) -> str:
    """Return what a project has to say to put files there."""
    key = "" if door.key_file is None else f", key: {door.key_file}"
    return (
        "  channels.sftp: {host: 127.0.0.1, "
        f"port: {door.port}, user: {door.user}{key},\n"
        f'    fingerprint: "{door.fingerprint}"}}\n'
        f"  files that were put, and reports on them: {door.files}\n"
    )
