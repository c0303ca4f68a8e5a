"""Threads that read one key after the other, side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TypeAlias

from ctsync.errors import TransportError
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.profile_reply import Reading

ReadOne: TypeAlias = Callable[[ProfileKey], "Reading | None"]
Waiting: TypeAlias = "Future[Reading | None]"


class ReadLanes:
    """Reads what it is given in the order given, so many at a time.

    The threads are daemons: a second signal ends the command while they are still in
    the middle of a read.
    """

    def __init__(self, read_one: ReadOne, lanes: int) -> None:
        """Begin.

        Raises:
            TransportError: the system gives no thread at all.
        """
        self._read_one = read_one
        self._jobs: SimpleQueue[tuple[ProfileKey, Waiting] | None] = SimpleQueue()
        self._threads: list[Thread] = []
        for _ in range(lanes):
            self._start()

    def read(self, key: ProfileKey) -> Waiting:
        """Have a key read; the future gives what came of it."""
        waiting: Waiting = Future()
        self._jobs.put((key, waiting))
        return waiting

    def close(self, *, waits: bool) -> None:
        """Take nothing more; with `waits`, return when what is in flight has ended."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads if waits else ():
            thread.join()

    def _start(self) -> None:
        thread = Thread(target=self._work, name="ctsync-read", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # all that Python says of a limit of the system
            if not self._threads:
                raise TransportError(
                    "the system gives this process no further thread",
                    hint="raise the limit on processes or memory (ulimit -u, ulimit "
                    "-v, or that of the container)",
                    code="no_threads",
                ) from error
        else:
            self._threads.append(thread)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            key, waiting = job
            if not waiting.set_running_or_notify_cancel():
                continue
            try:
                waiting.set_result(self._read_one(key))
            except BaseException as error:  # noqa: BLE001 - raised where it is heard
                waiting.set_exception(error)
