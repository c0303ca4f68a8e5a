"""Where files for an import by SFTP are put, and by what the server is known."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

SSH_PORT = 22


class SftpDoor(Struct, frozen=True):
    """A folder of an SFTP server.

    `fingerprint` is that of the server's host key, as `ssh-keygen -l` shows it; no
    other key is talked to. `key` is the file of a private key; without one the keys of
    the agent are used that listens at `agent`. There are no passwords. `folder` is
    where a login lands if it is empty. `shown_user` and `shown_folder` are what people
    see where a variable gave them.
    """

    host: str
    user: str
    fingerprint: str
    port: int = SSH_PORT
    folder: str = ""
    key: Path | None = None
    agent: str | None = None
    shown_user: str | None = None
    shown_folder: str | None = None

    @property
    def server(self) -> str:
        """Host and port, as messages name the server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == SSH_PORT else f"{host}:{self.port}"

    @property
    def public_user(self) -> str:
        """The user as everybody may see it."""
        return self.user if self.shown_user is None else self.shown_user

    @property
    def public_folder(self) -> str:
        """The folder as everybody may see it."""
        shown = self.folder if self.shown_folder is None else self.shown_folder
        return shown or "the folder that a login lands in"
