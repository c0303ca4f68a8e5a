"""A journal kept on a server: bytes are gathered, and put there group by group.

While one group is on its way the next gathers, so that however slow the server is, a
put carries all that was noted meanwhile.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Condition, Thread
from typing import TypeAlias

from ctsync.canonical_json import canonical
from ctsync.errors import StateError
from ctsync.state.atomic_files import PinnedFile, state_errors
from ctsync.state.base import JournalWriter, Line
from ctsync.state.journal_lines import checksum_of, seal_lines
from ctsync.state.packed_lines import packed
from ctsync.whole_lines import whole_lines

GROUP_BYTES = 1 << 22
# The plan goes into the journal faster than a server takes it, and is not to gather
# here.
MOST_WAITING = 4 * GROUP_BYTES

Put: TypeAlias = Callable[[int, bytes], None]


def called(location: str) -> str:
    """Return what messages call the journal of a state."""
    return f"the journal of {location}"


class GroupedJournalWriter(JournalWriter):
    """Appends to a journal by `put`, which gets numbered groups, one after another.

    `put` returns when its group would survive, and raises `StateError` where it cannot
    be sure of that; no further group follows then. Group 0 is the head, which is there
    already: the lines follow `after`, its line. `check_lock` is what the store makes
    of it.
    """

    def __init__(
        self,
        put: Put,
        check_lock: Callable[[], None],
        *,
        after: bytes,
        location: str,
    ) -> None:
        self._put = put
        self._check_lock = check_lock
        self._location = location
        self._changed = Condition()
        self._waiting = bytearray()
        self._checksum = checksum_of(after)
        self._added = self._kept = 0
        self._error: BaseException | None = None
        self._is_closed = False
        self._thread = Thread(target=self._carry, name="ctsync-journal", daemon=True)
        self._thread.start()

    def append(self, line: Line, *, sync: bool) -> None:
        """Add a line; with `sync`, wait until its group was put."""
        mark = self._add([canonical(line)])
        if sync:
            self._await(mark)

    def append_plan(self, pieces: Iterable[bytes]) -> None:
        """Add whole lines, many of them packed; they survive."""
        for texts in packed(whole_lines(pieces)):
            self._add(texts)
        # The plan first: a call that is noted names places in it.
        self._await(self._added)

    def check_lock(self) -> None:
        """Ask the store, and refuse after a put that failed."""
        if self._error is not None:
            raise self._broken()
        self._check_lock()

    def close(self) -> None:
        """Put what waits, if that goes well, and let go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _add(self, texts: Sequence[bytes]) -> int:
        with self._changed:
            while len(self._waiting) > MOST_WAITING and self._error is None:
                self._changed.wait()
            if self._is_closed or self._error is not None:
                raise self._broken()
            data, self._checksum = seal_lines(texts, self._checksum)
            self._waiting += data
            self._added += len(data)
            self._changed.notify_all()
            return self._added

    def _await(self, mark: int) -> None:
        with self._changed:
            while self._kept < mark and self._error is None:
                self._changed.wait()
            if self._kept < mark:
                raise self._broken()

    def _broken(self) -> BaseException:
        if self._error is not None:
            return self._error
        return StateError(
            f"{self._location} takes no further line: it is closed",
            hint='run "ctsync apply" again; what was written is kept',
            code="state_unwritable",
        )

    def _carry(self) -> None:
        number = 0
        while group := self._next_group():
            number += 1
            try:
                self._put(number, group)
            except BaseException as error:  # noqa: BLE001 - raised again where it is heard
                self._settle(0, error)
                return
            self._settle(len(group), None)

    def _next_group(self) -> bytes:
        with self._changed:
            while not (self._waiting or self._is_closed):
                self._changed.wait()
            group = bytes(self._waiting[:GROUP_BYTES])
            del self._waiting[:GROUP_BYTES]
            return group

    def _settle(self, kept: int, error: BaseException | None) -> None:
        with self._changed:
            self._kept += kept
            self._error = error
            self._changed.notify_all()


def spooled(groups: Iterable[bytes], location: str) -> PinnedFile:
    """Return the bytes of groups as a file of this machine that has no name any more.

    Raises:
        StateError: it cannot be written here.
    """
    with state_errors("write", f"a copy of {location} on this machine"):
        return _filled(groups)


def _filled(groups: Iterable[bytes]) -> PinnedFile:
    fd, name = tempfile.mkstemp(prefix="ctsync-")
    with os.fdopen(fd, "wb") as filling:
        path = Path(name)
        try:
            file = PinnedFile(path)
        finally:
            path.unlink()  # before anything is in it that a kill could leave behind
        for group in groups:
            filling.write(group)
    file.size = os.fstat(file.fd).st_size
    return file
