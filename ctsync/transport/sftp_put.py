"""Putting the files of an import on the server: each once, its manifest last.

The platform begins an import when it finds a manifest. So a part is in effect from the
moment in which its manifest takes its own name, and never before. Just before that
moment `intend` is called, just after it `tell`. Where neither reply nor folder shows
whether it came (the connection was lost, and the platform may have taken the files
away), the part is unclear, and is never put again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from msgspec import Struct

from ctsync.errors import CtsyncError, PutFailed
from ctsync.model.sftp_door import SftpDoor
from ctsync.transport.own_loop import run_apart
from ctsync.transport.sftp_folder import (
    PutTimes,
    RemoteFolder,
    Stopped,
    opened_folder,
)

_SLICE_SECONDS = 1.0


class Upload(Struct, frozen=True):
    """A data file and its manifest, both here; the name of the data file is its own."""

    data: Path
    manifest: Path

    @property
    def name(self) -> str:
        """What the part is called."""
        return self.data.name


class PutOrder(Struct, frozen=True):
    """What to put, in the order of upload, and what earlier runs have said of it.

    Of the parts in `put_already` the manifest is in its place. Of those in `intended`
    it may be: an earlier run was about to put it there.
    """

    uploads: Sequence[Upload]
    put_already: AbstractSet[str] = frozenset()
    intended: AbstractSet[str] = frozenset()


class PutEvents(Struct, frozen=True):
    """Who hears of it: of a manifest that is about to take its place, and that has.

    Both are called with the name of the part, in another thread while the caller waits,
    and have written it down when they return. `is_stopped` is asked between pieces of a
    file.
    """

    intend: Callable[[str], None]
    tell: Callable[[str], None]
    is_stopped: Callable[[], bool] = lambda: False


class PutPace(Struct, frozen=True):
    """How patient an upload is.

    It is tried again after each of `pauses`, in seconds; from the first again once the
    server has taken more of the files.
    """

    times: PutTimes = PutTimes()
    pauses: tuple[float, ...] = (1.0, 5.0, 15.0, 60.0)
    sleep: Callable[[float], None] = time.sleep


class PutResult(Struct, frozen=True):
    """What came of an upload: names of parts.

    `put` are in effect, `unclear` may be, `rest` are not. `failure` says what kept it
    from going on; without one, it was stopped if anything is left.
    """

    put: tuple[str, ...]
    unclear: tuple[str, ...]
    rest: tuple[str, ...]
    failure: PutFailed | None = None


def put_parts(
    door: SftpDoor, order: PutOrder, events: PutEvents, pace: PutPace | None = None
) -> PutResult:
    """Put what is not there yet, in order, and say what came of it.

    Call it again with what it told, and it goes on where it was. Blocks; whatever a
    signal raises meanwhile ends it.

    Raises:
        UsageError: the package asyncssh is missing.
        CtsyncError: a file here cannot be read.
    """
    try:
        return _Put(door, order, events, pace or PutPace()).run()
    except OSError as error:
        words = f"a file that is to be put cannot be read: {error.strerror}"
        raise CtsyncError(words, hint="see the folder beside the state") from error


def look_at(door: SftpDoor, times: PutTimes | None = None) -> None:
    """See that files could be put: log in, and find the folder.

    Raises:
        PutFailed: they could not.
        UsageError: the package asyncssh is missing.
    """

    async def look() -> None:
        async with opened_folder(door, times or PutTimes(), lambda: False):
            pass

    run_apart(look)


class _Put:
    """One upload, over as many connections as it takes."""

    def __init__(
        self, door: SftpDoor, order: PutOrder, events: PutEvents, pace: PutPace
    ) -> None:
        self._door, self._uploads = door, order.uploads
        self._events, self._pace = events, pace
        self._intended = set(order.intended)
        self._put = {*order.put_already}
        self._unclear: set[str] = set()
        self._progress = 0

    def run(self) -> PutResult:
        pauses = list(self._pace.pauses)
        while self._left():
            before = self._progress
            try:
                run_apart(self._go_on)
            except Stopped:
                return self._result()
            except PutFailed as failure:
                if self._progress > before:
                    pauses = list(self._pace.pauses)
                if not failure.is_passing or not pauses or self._is_over(pauses.pop(0)):
                    return self._result(failure)
        return self._result()

    def _is_over(self, seconds: float) -> bool:
        """Wait, and return whether to stop meanwhile."""
        while seconds > 0 and not self._events.is_stopped():
            self._pace.sleep(min(seconds, _SLICE_SECONDS))
            seconds -= _SLICE_SECONDS
        return self._events.is_stopped()

    def _left(self) -> list[Upload]:
        settled = self._put | self._unclear
        return [upload for upload in self._uploads if upload.name not in settled]

    def _result(self, failure: PutFailed | None = None) -> PutResult:
        left = [upload.name for upload in self._left()]
        names = [upload.name for upload in self._uploads]
        return PutResult(
            put=tuple(name for name in names if name in self._put),
            unclear=tuple(
                name
                for name in names
                if name in self._unclear or (name in left and name in self._intended)
            ),
            rest=tuple(name for name in left if name not in self._intended),
            failure=failure,
        )

    async def _go_on(self) -> None:
        times, is_stopped = self._pace.times, self._events.is_stopped
        async with opened_folder(self._door, times, is_stopped) as folder:
            for upload in self._left():
                if is_stopped():
                    raise Stopped
                try:
                    await self._put_one(folder, upload)
                finally:
                    self._progress += folder.windows
                    folder.windows = 0

    async def _put_one(self, folder: RemoteFolder, upload: Upload) -> None:
        """Put a part, unless it is there already, or may have been."""
        data, manifest = upload.data, upload.manifest
        if upload.name in self._intended and await self._is_settled(folder, upload):
            return
        if await folder.holds(manifest.name, manifest):
            await self._is_put(folder, upload)
            return
        # The data file first: an import begins with its manifest (public docs on SFTP
        # imports), and would find nothing.
        if not await folder.holds(data.name, data):
            await folder.upload(data.name, data)
            await folder.take_place(data.name)
        await folder.upload(manifest.name, manifest)
        await self._begin(folder, upload)

    async def _begin(self, folder: RemoteFolder, upload: Upload) -> None:
        """Let the manifest take its place, and tell of it."""
        self._events.intend(upload.name)
        self._intended.add(upload.name)
        try:
            await folder.take_place(upload.manifest.name)
        except PutFailed as failure:
            # A refusal may come after the deed. A server that is lost is asked anew.
            if failure.is_passing or not await self._is_settled(folder, upload):
                raise
        else:
            await self._is_put(folder, upload)

    async def _is_settled(self, folder: RemoteFolder, upload: Upload) -> bool:
        """Look whether a manifest has taken its place; false if it certainly has not.

        Where there is none under either name the platform may have taken it.
        """
        if await folder.holds(upload.manifest.name, upload.manifest):
            await self._is_put(folder, upload)
        elif await folder.is_waiting(upload.manifest.name):
            self._intended.discard(upload.name)
            return False
        else:
            self._unclear.add(upload.name)
        return True

    async def _is_put(self, folder: RemoteFolder, upload: Upload) -> None:
        self._events.tell(upload.name)
        self._put.add(upload.name)
        self._progress += 1
        # A server that renames by linking may have died before it removed the other.
        await folder.tidy(upload.data.name)
        await folder.tidy(upload.manifest.name)
