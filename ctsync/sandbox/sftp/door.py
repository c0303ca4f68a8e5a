"""The door as the sandbox holds it: a folder, its keys, a server, imports."""

from __future__ import annotations

import shutil
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from msgspec import Struct, field

from ctsync.sandbox.fault_queue import FaultQueue
from ctsync.sandbox.keys import Json
from ctsync.sandbox.platform import Platform
from ctsync.sandbox.sftp.import_queue import Import, ImportQueue
from ctsync.sandbox.sftp.import_report import check_webhook, keep_summary, post
from ctsync.sandbox.sftp.importer import LIMIT_BYTES, Importer
from ctsync.sandbox.sftp.sftp_faults import IMPORT_FAULTS, TRANSFER_FAULTS
from ctsync.sandbox.sftp.sftp_server import SftpRules, SftpServer
from ctsync.sandbox.sftp.ssh_keys import key_in, public_key_in

REPORTS = "reports"
_ANY_USER = "sandbox"


class SftpSettings(Struct, frozen=True):
    """What the door is to be like.

    `folder` holds keys and files and outlives the sandbox; without it they lie in a
    private folder of their own that goes with it. `authorized_key` is the file of a
    public key; without it a key is made. An import waits `import_delay_seconds`, and
    one that is `late` so much longer. Reports are posted to `webhook`, on this machine.
    A file has fewer than `limit_bytes`. Faults are rates, 0 to 1, by their kinds.
    """

    port: int = 0
    folder: Path | None = None
    authorized_key: Path | None = None
    import_delay_seconds: float = 0.0
    late_seconds: float = 1.0
    webhook: str | None = None
    limit_bytes: int = LIMIT_BYTES
    transfer_faults: Mapping[str, float] = field(default_factory=dict)
    import_faults: Mapping[str, float] = field(default_factory=dict)


class SftpDoor:
    """Takes files over SFTP on 127.0.0.1 and imports them into a platform."""

    def __init__(
        self, platform: Platform, settings: SftpSettings, *, user: str | None, seed: int
    ) -> None:
        """Make the folder and the keys that are not there yet.

        Raises:
            OSError: the folder cannot be used.
            ValueError: a file of a key holds none, or the webhook is elsewhere.
        """
        if settings.webhook is not None:
            check_webhook(settings.webhook)
        self._settings = settings
        self._user = user
        self.folder = (settings.folder or _own_folder(self)).absolute()
        self.files = self.folder / "files"
        self.reports = self.files / REPORTS
        for folder in (self.folder, self.files, self.reports):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._host_key = key_in(self.folder / "host_key")
        self.key_file = (
            self.folder / "client_key" if settings.authorized_key is None else None
        )
        self._client_key = self._authorized()
        chances = (Random(f"{word} {seed}") for word in ("transfers", "imports", "row"))  # noqa: S311 - repeatable, not secret
        transfers, imports, rows = chances
        self.transfers = FaultQueue(
            settings.transfer_faults, transfers, TRANSFER_FAULTS
        )
        self.faults = FaultQueue(settings.import_faults, imports, IMPORT_FAULTS)
        self._importer = Importer(
            platform, self.reports, rows, limit_bytes=settings.limit_bytes
        )
        self._queue = ImportQueue(
            self._run, time.monotonic, delay_seconds=settings.import_delay_seconds
        )
        self._server: SftpServer | None = None
        self._port = settings.port

    def _authorized(self) -> str:
        if self._settings.authorized_key is not None:
            return public_key_in(self._settings.authorized_key)
        return key_in(self.folder / "client_key").export_public_key().decode()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        if self._server is None:
            raise RuntimeError("the door is closed: start the sandbox first")
        return self._server.port

    @property
    def user(self) -> str:
        """A name that is let in: that of the account, or any."""
        return self._user or _ANY_USER

    @property
    def fingerprint(self) -> str:
        """What clients are to hold the host's key to, SHA256:..."""
        return self._host_key.get_fingerprint()

    @property
    def imports(self) -> tuple[Import, ...]:
        """All imports, in the order in which their manifests came."""
        return self._queue.entries()

    def settle(self, timeout_seconds: float = 30.0) -> None:
        """Run every import that waits, at once.

        Raises:
            TimeoutError: they take longer.
        """
        if not self._queue.settle(timeout_seconds):
            raise TimeoutError("imports are still running")

    def start(self) -> None:
        """Open the door.

        Raises:
            OSError: the port is in use.
        """
        self._server = SftpServer(self._port, self._rules())
        self._port = self._server.port
        self._queue.start()

    def stop(self) -> None:
        """Close the door; what waits to be imported waits on."""
        if self._server is not None:
            self._server.stop()
            self._server = None
            self._queue.stop()

    def to_json(self) -> dict[str, Json]:
        """Return what a client has to know."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "key": None if self.key_file is None else str(self.key_file),
            "fingerprint": self.fingerprint,
            "files": str(self.files),
        }

    def _rules(self) -> SftpRules:
        return SftpRules(
            self.files,
            self._user,
            self._host_key,
            self._client_key,
            self.transfers.draw,
            self._arrive,
        )

    def _arrive(self, manifest: Path) -> None:
        fault = self.faults.draw()
        late = self._settings.late_seconds if fault == "late" else 0.0
        self._importer.look_at(manifest)
        self._queue.add(manifest, fault, late)

    def _run(self, each: Import) -> None:
        report = self._importer.run(each.manifest, each.fault)
        if report is not None and each.fault == "taken-away":
            for name in (report.manifest, report.data_file or report.manifest):
                each.manifest.with_name(name).unlink(missing_ok=True)
        if report is None or each.fault == "silent":
            return
        each.report = report
        keep_summary(self.reports / f"{each.manifest.stem}.json", report)
        if self._settings.webhook is not None:
            post(self._settings.webhook, report)


def _own_folder(door: SftpDoor) -> Path:
    folder = Path(mkdtemp(prefix="ctsync-sandbox-sftp-"))
    weakref.finalize(door, shutil.rmtree, folder, ignore_errors=True)
    return folder
