"""`channels: {sftp: ...}`: where files for imports are put, and with which key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, TypeAlias

from msgspec import Struct

from ctsync.diagnostics import Diagnostic
from ctsync.files.roots import resolved
from ctsync.model.contribution import Path
from ctsync.model.sftp_door import SSH_PORT, SftpDoor
from ctsync.model.snapshot import Account
from ctsync.project.environment_variables import Reference, refused

Folders: TypeAlias = tuple[FilePath, ...]
WHERE: Path = ("channels", "sftp")
_TEXTS = ("host", "user", "fingerprint", "folder", "key")
_HOME = "~/"
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
# 32 bytes in base64, of which ssh-keygen leaves the padding out.
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_HINT_FINGERPRINT = (
    "as the platform says, or whoever runs the server: ssh-keygen -l shows it, "
    "SHA256: and 43 characters"
)


class SftpText(Struct, frozen=True):
    """The server as written; variables are read where they are first used.

    Without a `user` it is the account's id, as the platform has it.
    """

    host: Reference
    fingerprint: Reference
    user: Reference | None = None
    folder: Reference | None = None
    key: Reference | None = None
    port: int = SSH_PORT

    @property
    def _written(self) -> dict[str, Reference]:
        texts = {name: getattr(self, name) for name in _TEXTS}
        return {name: text for name, text in texts.items() if text is not None}

    def faults(self, project: Folders) -> Iterator[Diagnostic]:
        """Yield what is wrong with texts that hold no variable, nor lie at home."""
        for name, text in self._written.items():
            if not (text.names or (name == "key" and text.text.startswith(_HOME))):
                yield from _faults_of(name, text.text, text, project)

    def identity(self, account: Account, variables: Mapping[str, str]) -> str:
        """Return what a plan is bound to: user, server, folder and host key.

        A variable that is not set stands there as it is written.
        """
        user, host, folder = self._named(account.id, variables)
        fingerprint = _known(self.fingerprint, variables).rstrip("=")
        return f"{user}@{host}:{self.port} {fingerprint} {folder}"

    def shown(self, account: Account, variables: Mapping[str, str]) -> str:
        """Return where files go, as everybody may see it."""
        _, host, _ = self._named("", variables)
        user = account.shown.id if self.user is None else self.user.text
        where = f"{user}@{host}" + ("" if self.port == SSH_PORT else f":{self.port}")
        return where if self.folder is None else f"{where}, folder {self.folder.text}"

    def _named(
        self, account_id: str, variables: Mapping[str, str]
    ) -> tuple[str, str, str]:
        user = account_id if self.user is None else _known(self.user, variables)
        folder = "" if self.folder is None else _known(self.folder, variables)
        return user, _known(self.host, variables), folder

    def resolve(
        self,
        account: Account,
        variables: Mapping[str, str],
        project: Folders,
    ) -> SftpDoor:
        """Return where files are put; `project` are the folders that hold it.

        Raises:
            SpecError: a variable is not set, or what it gives cannot be used.
        """
        written = self._written
        faults = [f for text in written.values() for f in text.unset(variables)]
        if faults:
            raise refused(*faults)
        said = {name: text.resolve(variables) for name, text in written.items()}
        if "key" in said:
            said["key"] = _expanded(said["key"], variables)
        for name, text in written.items():
            faults += _faults_of(name, said[name], text, project)
        if faults:
            raise refused(*faults)
        key = said.get("key")
        return SftpDoor(
            host=said["host"],
            port=self.port,
            user=said.get("user", account.id),
            fingerprint=said["fingerprint"].rstrip("="),
            folder=said.get("folder", ""),
            key=None if key is None else project[0] / key,
            agent=variables.get("SSH_AUTH_SOCK"),
            shown_user=self._shown("user", account.shown.id),
            shown_folder=self._shown("folder", None),
        )

    def _shown(self, name: str, otherwise: str | None) -> str | None:
        """Return what people see of a text, if that is another than it holds."""
        text = self._written.get(name)
        if text is None:
            return otherwise
        return text.text if text.names else None


def read_sftp(
    words: Mapping[str, Any],
    reference: Callable[[str, Path], Reference],
    add: Callable[[Diagnostic | None], None],
) -> SftpText | None:
    """Read what a well-shaped map says; None where it names no server."""
    texts = {
        name: reference(words[name], (*WHERE, name)) for name in _TEXTS if name in words
    }
    if "host" not in texts:
        return None
    if "fingerprint" not in texts:
        message = "channels.sftp.host stands without the fingerprint of its host key"
        add(texts["host"].finding("CT810", message, _HINT_FINGERPRINT))
        return None
    port = int(words.get("port", SSH_PORT))
    return SftpText(**texts, port=port)


def _faults_of(
    name: str,
    value: str,
    text: Reference,
    project: Folders,
) -> Iterator[Diagnostic]:
    """Yield what is wrong with one text; what a variable gave is never shown."""
    if name == "host" and _HOST.fullmatch(value) is None:
        hint = "write its name or address alone; the port has a key of its own"
        yield text.finding("CT810", "channels.sftp.host is no name of a host", hint)
    if name == "fingerprint" and _FINGERPRINT.fullmatch(value) is None:
        message = "channels.sftp.fingerprint is no SHA256 fingerprint of a host key"
        yield text.finding("CT810", message, _HINT_FINGERPRINT)
    if name == "folder" and not value.isprintable():
        message = "channels.sftp.folder has characters that nobody sees"
        yield text.finding("CT810", message, "write a path of the server")
    if name == "key" and _is_in(project[0] / value, project):
        message = "the key of channels.sftp lies with the project"
        hint = "keep it where no pull request and no clone goes, as in ~/.ssh"
        yield text.finding("CT810", message, hint)


def _known(text: Reference, variables: Mapping[str, str]) -> str:
    return text.text if text.unset(variables) else text.resolve(variables)


def _expanded(path: str, variables: Mapping[str, str]) -> str:
    home = variables.get("HOME", "").rstrip("/")
    return f"{home}/{path[len(_HOME) :]}" if path.startswith(_HOME) and home else path


def _is_in(path: FilePath, folders: Folders) -> bool:
    real = resolved(path)
    return any(real.is_relative_to(resolved(folder)) for folder in folders)
