"""The keys of the door: its own, by which clients know it, and that of its client.

They are made when first needed and stay in the door's folder, for the owner alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import asyncssh

_KIND = "ssh-ed25519"


def key_in(path: Path) -> asyncssh.SSHKey:
    """Return the private key of a file, made if there is none.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it holds no key.
    """
    if not path.exists():
        _keep(path, asyncssh.generate_private_key(_KIND))
    try:
        return asyncssh.read_private_key(path)
    except asyncssh.KeyImportError as error:
        raise ValueError(f"{path} holds no key") from error


def _keep(path: Path, key: asyncssh.SSHKey) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.export_private_key())
    key.write_public_key(path.with_name(f"{path.name}.pub"))


def public_key_in(path: Path) -> str:
    """Return the line of a public key.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no public key.
    """
    try:
        return asyncssh.read_public_key(path).export_public_key().decode()
    except asyncssh.KeyImportError as error:
        raise ValueError(f"{path} holds no public key") from error
