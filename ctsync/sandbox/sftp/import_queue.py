"""The imports of a door: one after the other, in the order of their manifests.

An import waits a while, as those of the platform do; who does not want to wait moves
the clock forward with `settle`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Condition, Thread

from msgspec import Struct

from ctsync.sandbox.keys import Json
from ctsync.sandbox.sftp.import_report import ImportReport


class Import(Struct):
    """One manifest that was put, and what became of it."""

    manifest: Path
    due_seconds: float
    fault: str
    is_done: bool = False
    report: ImportReport | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the import as the inspection endpoint shows it."""
        said = None if self.report is None else self.report.to_json()
        return {
            "manifest": self.manifest.name,
            "done": self.is_done,
            "fault": None if self.fault == "none" else self.fault,
            "report": said,
        }


class ImportQueue:
    """Runs imports in a thread of its own, from `start` to `stop`."""

    def __init__(
        self,
        run: Callable[[Import], None],
        clock: Callable[[], float],
        *,
        delay_seconds: float,
    ) -> None:
        """Wait so long with each import, by a monotonic clock in seconds."""
        self._run = run
        self._clock = clock
        self._delay_seconds = delay_seconds
        self._imports: list[Import] = []
        self._next = 0
        self._hurries = self._is_stopping = False
        self._changed = Condition()
        self._thread: Thread | None = None

    def add(self, manifest: Path, fault: str, late_seconds: float = 0.0) -> None:
        """Queue an import behind those that came before."""
        due = self._clock() + self._delay_seconds + late_seconds
        with self._changed:
            self._imports.append(Import(manifest, due, fault))
            self._changed.notify_all()

    def entries(self) -> tuple[Import, ...]:
        """Return all imports, in the order in which they came."""
        with self._changed:
            return tuple(self._imports)

    def settle(self, timeout_seconds: float) -> bool:
        """Run what waits without waiting; say whether all of it is done in time."""
        with self._changed:
            self._hurries = True
            self._changed.notify_all()
            done = self._changed.wait_for(self._is_idle, timeout_seconds)
            self._hurries = False
            return done

    def start(self) -> None:
        """Begin, or go on."""
        self._is_stopping = False
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the import that is running; the others wait for `start`."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _is_idle(self) -> bool:
        return self._next == len(self._imports)

    def _work(self) -> None:
        while (each := self._wait()) is not None:
            self._run(each)
            with self._changed:
                each.is_done = True
                self._next += 1
                self._changed.notify_all()

    def _wait(self) -> Import | None:
        """Return the next import once it is due, or None at the end."""
        with self._changed:
            while not self._is_stopping:
                if self._is_idle():
                    self._changed.wait()
                    continue
                each = self._imports[self._next]
                left = each.due_seconds - self._clock()
                if left <= 0 or self._hurries:
                    return each
                self._changed.wait(left)
        return None
