"""A folder of a server, as whoever puts files sees it; it can be lost at any step."""

from collections.abc import Callable
from pathlib import Path

from ctsync.apply.file_wave import FileTerms
from ctsync.channels import CHANNELS
from ctsync.channels.base import ChannelSettings
from ctsync.errors import PutFailed
from ctsync.transport.sftp_put import PutEvents, PutOrder, PutResult

LOST = PutFailed("the server is gone", hint="try again", code="CT812", is_passing=True)


class FarFolder:
    """Takes files as the platform's server does; a manifest begins an import.

    `steps` are done before each step, in its name; whatever they raise ends it.
    """

    def __init__(self, folder: Path, wait_seconds: float = 4 * 3600.0) -> None:
        self.files: dict[str, bytes] = {}
        self.begun: list[str] = []  # imports, in order
        self.before: Callable[[str], None] = lambda step: None
        self.terms = FileTerms(
            folder / "imports",
            lambda: CHANNELS["sftp"](ChannelSettings(email="ops@example.com")),
            self.put,
            wait_seconds,
        )

    def put(self, order: PutOrder, events: PutEvents) -> PutResult:
        put: list[str] = []
        unclear: list[str] = []
        names = [upload.name for upload in order.uploads]
        failure = None
        for upload in order.uploads:
            try:
                if self._is_there(upload) or not self._put_one(upload, order, events):
                    events.tell(upload.name)
                    put.append(upload.name)
                else:
                    unclear.append(upload.name)
            except PutFailed as error:
                failure = error
                if self.doubts:
                    unclear.append(upload.name)
                break
        rest = tuple(n for n in names if n not in (*put, *unclear))
        return PutResult(tuple(put), tuple(unclear), rest, failure)

    doubts = False

    def _is_there(self, upload):
        return upload.manifest.name in self.files

    def _put_one(self, upload, order, events) -> bool:
        """Put a part; true if it cannot be told any more whether it was."""
        if upload.name in order.intended and upload.name not in self.files:
            return True
        self.before("data")
        self.files[upload.name] = upload.data.read_bytes()
        self.before("intend")
        events.intend(upload.name)
        self.doubts = True
        self.before("manifest")
        self.files[upload.manifest.name] = upload.manifest.read_bytes()
        self.begun.append(upload.name)
        self.before("tell")
        self.doubts = False
        return False

    def take_away(self) -> None:
        """Let the platform process what there is, and keep none of it."""
        self.files.clear()
