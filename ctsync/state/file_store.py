"""What the stores in files share: journal, lock and holder beside the snapshot."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ctsync.state.atomic_files import (
    OWNER_ONLY,
    state_errors,
    sync_folder,
    write_private,
)
from ctsync.state.base import Journal, JournalWriter, Line, RunRecord, Store
from ctsync.state.journal_file import read_journal
from ctsync.state.journal_mark import (
    MarkWriter,
    is_behind,
    journal_cut,
    journal_gone,
    read_mark,
)
from ctsync.state.journal_writing import create_journal
from ctsync.state.lock_holder import (
    Holder,
    holder_from_line,
    journal_exists,
    locked,
)
from ctsync.state.run_files import read_runs, write_run

POLL_SECONDS = 0.05


class FileStore(Store):
    """A store whose journal and lock are files, wherever its snapshot is."""

    keeps_unsynced = True

    @abstractmethod
    def _beside(self, what: str) -> Path:
        """Return the path of `journal`, `sent`, `lock`, `holder` or `runs`."""

    @abstractmethod
    def _called(self, what: str) -> str:
        """Return what messages call it."""

    def _make_room(self) -> None:
        """Make the folder that holds them, if there is none."""
        self._beside("lock").parent.mkdir(parents=True, exist_ok=True)

    def journal(self) -> Journal | None:
        """Return the journal file, without a torn end; it has come as far as its mark.

        The mark is looked at first, since the journal may grow meanwhile, and again
        where they differ: a run may have ended and another begun.
        """
        path, location = self._beside("journal"), self._called("journal")
        mark = None
        while True:
            before, mark = mark, read_mark(self._beside("sent"), self._called("sent"))
            journal = read_journal(path, location)
            if mark is None or not is_behind(path, mark, location):
                return journal
            if mark == before:
                raise (journal_gone if journal is None else journal_cut)(location)

    def open_journal(self, head: Line) -> JournalWriter:
        """Create the journal file; one with a torn head is replaced."""
        location = self._called("journal")
        if self.journal() is not None:
            raise journal_exists(location)
        # What is left is a head that a crash tore, or a mark. No call left under it:
        # calls leave after their intents, and those stand after a whole head.
        self.discard_journal()
        with state_errors("write", location):
            self._make_room()
        marks = MarkWriter(self._beside("sent"))
        return create_journal(self._beside("journal"), head, location, marks)

    def discard_journal(self) -> None:
        """Remove the journal file, if there is one, and its mark before it."""
        # The mark first: a mark without its journal says that a journal was taken away,
        # and a crash in between must not look so.
        paths = (self._beside("sent"), self._beside("journal"))
        with state_errors("remove", self._called("journal")):
            for path in paths:
                with suppress(FileNotFoundError):
                    path.unlink()
                    sync_folder(path.parent)

    def append_run(
        self, record: Line, changes: Iterable[Line] = (), *, keep: int
    ) -> None:
        """Write a file of its own into the folder `runs`, then remove the oldest."""
        folder, location = self._beside("runs"), self._called("runs")
        with state_errors("write", location):
            write_run(folder, record, changes, keep=keep, location=location)

    def runs(self) -> Iterator[RunRecord]:
        """Yield what is in the folder `runs`."""
        return read_runs(self._beside("runs"), self._called("runs"))

    @contextmanager
    def lock(self, holder: Holder, *, timeout_seconds: float = 0) -> Generator[None]:
        """Hold the system's lock on `lock`; `holder` says who does."""
        from filelock import FileLock, Timeout

        with state_errors("lock", self.location):
            self._make_room()
            lock = FileLock(
                self._beside("lock"),
                mode=OWNER_ONLY,
                thread_local=False,
                # A soft lock would outlive a holder that is killed.
                fallback_to_soft=False,
            )
            try:
                lock.acquire(timeout=timeout_seconds, poll_interval=POLL_SECONDS)
            except Timeout:
                raise locked(self.location, self._holder()) from None
        try:
            with self._named(holder):
                yield
        finally:
            lock.release()

    @contextmanager
    def _named(self, holder: Holder) -> Generator[None]:
        path = self._beside("holder")
        try:
            with state_errors("write", self._called("holder")):
                # For people alone. The lock is the system's: a name that a kill left is
                # no lock.
                write_private(path, holder.as_line())
            yield
        finally:
            with suppress(OSError):
                path.unlink()

    def _holder(self) -> Holder | None:
        try:
            return holder_from_line(self._beside("holder").read_bytes())
        except OSError:
            return None
