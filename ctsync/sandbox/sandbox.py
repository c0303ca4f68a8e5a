"""The sandbox as its users hold it: a context manager around server and platform."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from random import Random
from threading import Event, Thread
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from ctsync.sandbox.api import Api, ApiSettings, NotFound, Request
from ctsync.sandbox.fault_effects import FaultSettings
from ctsync.sandbox.fault_queue import FaultQueue
from ctsync.sandbox.in_flight import InFlightCalls
from ctsync.sandbox.inspection import Inspection
from ctsync.sandbox.origins import refusal_of
from ctsync.sandbox.platform import Platform
from ctsync.sandbox.read_distortions import AS_RECORDED, check_distortions
from ctsync.sandbox.replies import Reply, failure
from ctsync.sandbox.server import Server

if TYPE_CHECKING:
    from ctsync.sandbox.sftp.door import SftpDoor, SftpSettings

_NO_FAULTS: Mapping[str, float] = MappingProxyType({})
_STOP_SECONDS = 5.0
# How soon `stop` is noticed; hundreds of tests start and stop a sandbox each.
_POLL_SECONDS = 0.005


class Sandbox:
    """A local API on 127.0.0.1 that simulates CleverTap's documented behaviour.

    >>> with Sandbox() as sandbox:
    ...     sandbox.script("lost")
    ...     print(sandbox.url, list(sandbox.platform.profiles()))

    `data` keeps profiles in a private file between runs; without it they live in
    memory. Violations, calls and the fault script live as long as the object. After
    `stop` the platform can still be looked into, and `start` serves it again.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing to simulate
        self,
        *,
        data: Path | None = None,
        port: int = 0,
        account_id: str | None = None,
        passcode: str = "sandbox",
        faults: Mapping[str, float] = _NO_FAULTS,
        seed: int = 0,
        ceiling: int = 15,  # uploads in flight of an account (public docs)
        records_ceiling: int = 1000,  # of a call (public docs)
        latency_seconds: float = 0.0,
        busy_slots: int = 0,
        reads_ceiling: int = 3,  # most other calls (public docs)
        slow_seconds: float = 1.0,
        retry_after_seconds: int = 1,
        redirect_to: str = "/redirected",
        not_found: NotFound = "null",
        distortions: Iterable[str] = AS_RECORDED,
        in_progress: int = 0,
        read_faults: Mapping[str, float] = _NO_FAULTS,
        drops: Iterable[str] = (),
        sftp: SftpSettings | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """Prepare a platform; `faults` gives the rate, 0 to 1, of each kind of fault.

        An `account_id` of None admits every account. Of the `ceiling` calls that may
        overlap, `busy_slots` are taken by another client. Reads differ from what is
        stored by `distortions`, meet `read_faults`, and say `not_found` in one of four
        ways; each page is `in_progress` so many times before it is there. Attributes of
        `drops` are acknowledged and not stored. With `sftp` files are imported, too,
        for which the extra `sftp` has to be installed. CSV files, which need nothing,
        show dates as clocks in `zone` do.
        """
        check_distortions(distortions)
        # Two streams, so that a fault more or less leaves the order of records alone.
        order, chance = Random(f"order {seed}"), Random(f"chance {seed}")  # noqa: S311 - repeatable, not secret
        folds_lists = "folded-lists" in distortions
        self.platform = Platform(data, order, drops, folds_lists=folds_lists)
        self._queue = FaultQueue(faults, chance)
        self._read_queue = FaultQueue(read_faults, Random(f"reads {seed}"))  # noqa: S311 - as above
        self._door = _door(self.platform, sftp, user=account_id, seed=seed)
        self._inspection = Inspection(
            self.platform, self._queue, self._read_queue, self._door, zone
        )
        self._stopping = Event()
        self._port = port
        self._running: tuple[Server, Thread] | None = None
        self._api = Api(
            self.platform,
            ApiSettings(
                account_id=account_id,
                passcode=passcode,
                records_ceiling=records_ceiling,
                latency_seconds=latency_seconds,
                not_found=not_found,
                distortions=tuple(distortions),
                in_progress=in_progress,
                faults=FaultSettings(slow_seconds, retry_after_seconds, redirect_to),
            ),
            self._queue,
            self._read_queue,
            InFlightCalls(ceiling, busy_slots),
            InFlightCalls(reads_ceiling),
            self._stopping.wait,
        )

    @property
    def url(self) -> str:
        """The address to use as endpoint, without a slash at the end."""
        if self._running is None:
            raise RuntimeError("the sandbox is not running: call start() first")
        return f"http://127.0.0.1:{self._running[0].server_port}"

    @property
    def sftp(self) -> SftpDoor:
        """The other door, where the sandbox was given one."""
        if self._door is None:
            raise RuntimeError("the sandbox has no door for SFTP: give it sftp=")
        return self._door

    def script(self, *fault_kinds: str) -> None:
        """Queue faults for the next uploads, one each; `none` is a call without."""
        self._queue.script(*fault_kinds)

    def script_reads(self, *fault_kinds: str) -> None:
        """Queue faults for the next reads, one each; `none` is a read without."""
        self._read_queue.script(*fault_kinds)

    def start(self) -> Self:
        """Begin to serve.

        Raises:
            OSError: the port is in use, or no thread can be started.
        """
        if self._running is not None:
            raise RuntimeError(f"the sandbox already runs at {self.url}")
        self._stopping.clear()
        server = Server(self._port, self._respond, self._stopping)
        thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        # Whoever is served again is found at the same address.
        self._port = server.server_port
        try:
            thread.start()
        except RuntimeError as error:  # all that Python says of a limit of the system
            server.server_close()
            raise OSError(errno.EAGAIN, "no thread can be started") from error
        self._running = (server, thread)
        self._open_door()
        return self

    def _open_door(self) -> None:
        if self._door is None:
            return
        try:
            self._door.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop serving and cut every connection, also those that hang."""
        if self._running is None:
            return
        server, thread = self._running
        self._running = None
        self._stopping.set()
        if self._door is not None:
            self._door.stop()
        server.shutdown()
        thread.join()
        server.server_close()
        server.end_connections(_STOP_SECONDS)
        self.platform.release()

    def _respond(self, request: Request) -> Reply:
        stranger = refusal_of(request.header)
        if stranger is not None:
            return failure(403, stranger)
        if request.path.startswith("/sandbox/"):
            return self._inspection.respond(request)
        return self._api.respond(request)

    def __enter__(self) -> Self:
        """Start serving."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.stop()


def _door(
    platform: Platform, settings: SftpSettings | None, *, user: str | None, seed: int
) -> SftpDoor | None:
    if settings is None:
        return None
    from ctsync.sandbox.sftp.door import SftpDoor

    return SftpDoor(platform, settings, user=user, seed=seed)
