"""Writing down what is about to be sent, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from ctsync.apply.journal.journal_records import (
    CallIntent,
    end_line,
    file_line,
    intended_line,
    intent_line,
    later_line,
    left_line,
    put_line,
    receipt_line,
    release_line,
    rows_line,
    unsent_line,
    waiting_line,
)
from ctsync.model.due_import import DueImport
from ctsync.model.record import RecordOutcome
from ctsync.plan.document.batches import RecordSlice, Span
from ctsync.state.base import JournalWriter

SPANS_A_LINE = 4096


class RunJournal(Protocol):
    """Where a run notes its calls. `is_far` says that it is on a server."""

    is_far: bool

    def write_intent(self, calls: Sequence[tuple[int, RecordSlice]]) -> None:
        """Note that calls leave. They may leave once this returns."""
        ...

    def check_lock(self) -> None:
        """Refuse to let a call leave where another run may hold the lock by now."""
        ...

    def leave(self, call: int) -> None:
        """Note that a call leaves now."""
        ...

    def write_receipt(
        self, call: int, verdicts: Sequence[RecordOutcome], *, is_answered: bool
    ) -> None:
        """Note what came of a call."""
        ...


class StoredRunJournal:
    """Keeps the journal of a run that writes."""

    def __init__(
        self,
        writer: JournalWriter,
        timeout_seconds: float,
        steady: Callable[[], float],
        *,
        is_far: bool,
    ) -> None:
        self.is_far = is_far
        self._writer = writer
        self._timeout_seconds = timeout_seconds
        self._steady = steady

    def append_plan(self, pieces: Iterable[bytes]) -> None:
        """Note what is to be sent: the lines of a plan, which calls then refer to."""
        # They are on the disk as soon as the first call is noted.
        self._writer.append_plan(pieces)

    def write_intent(self, calls: Sequence[tuple[int, RecordSlice]]) -> None:
        """Note that calls leave; survives."""
        for number, (call, records_slice) in enumerate(calls, start=1):
            sent = CallIntent(call, self._steady(), self._timeout_seconds)
            # The disk takes lines in order: one flush is enough for all before it.
            is_last = number == len(calls)
            self._writer.append(intent_line(sent, records_slice), sync=is_last)

    def check_lock(self) -> None:
        """Refuse to let a call leave where another run may hold the lock by now.

        Raises:
            StateError: it cannot be seen that this run still holds it.
        """
        self._writer.check_lock()

    def leave(self, call: int) -> None:
        """Note that a call leaves now."""
        # Unsynced: it outlives the process, and a power cut begins another count.
        self._writer.append(left_line(call, self._steady()), sync=False)

    def write_receipt(
        self, call: int, verdicts: Sequence[RecordOutcome], *, is_answered: bool
    ) -> None:
        """Note what came of a call."""
        # Unsynced: if the line is lost, its outcomes are unknown, which is safe.
        line = receipt_line(call, verdicts, is_answered=is_answered)
        self._writer.append(line, sync=False)

    def list_file(self, number: int, due: DueImport, whom: Sequence[Span]) -> None:
        """Note a file that lies ready, and whom it holds."""
        for start in range(0, len(whom), SPANS_A_LINE):
            some = whom[start : start + SPANS_A_LINE]
            self._writer.append(rows_line(number, some), sync=False)
        # Last, so that a file is there only with all whom it holds. It is on the disk
        # before it is in effect: the line of that is synced.
        self._writer.append(file_line(number, due), sync=False)

    def leave_for_later(self, whom: Sequence[Span]) -> None:
        """Note of whom a second step is left."""
        for start in range(0, len(whom), SPANS_A_LINE):
            self._writer.append(
                later_line(whom[start : start + SPANS_A_LINE]), sync=False
            )

    def wait_for(self, whom: Sequence[Span]) -> None:
        """Note of whom something is in files of earlier runs of the same plan."""
        # Before any call, whose line brings it to the disk: whoever folds what is left
        # of this run cannot tell it from the plan, which has only what was still due.
        for start in range(0, len(whom), SPANS_A_LINE):
            some = whom[start : start + SPANS_A_LINE]
            self._writer.append(waiting_line(some), sync=False)

    def intend(self, name: str) -> None:
        """Note that a file is about to be in effect; survives.

        Raises:
            StateError: it could not be noted, or the lock may be another's by now.
        """
        self._writer.append(intended_line(name), sync=True)
        self._writer.check_lock()

    def put(self, name: str, at: float) -> None:
        """Note that a file is in effect, at a moment of the wall's clock; survives."""
        self._writer.append(put_line(name, at, self._steady()), sync=True)

    def leave_unsent(self, names: Iterable[str]) -> None:
        """Note which files are not in effect, and never will be."""
        self._writer.append(unsent_line(names), sync=False)

    def release(self) -> None:
        """Note that the state alone forgets what the plan releases."""
        self._writer.append(release_line(), sync=False)

    def end(
        self, *, is_open: bool, may_land: bool, seconds: float, stopped: str | None
    ) -> None:
        """Note that the run came to its end by itself; survives."""
        line = end_line(
            is_open=is_open, may_land=may_land, seconds=seconds, stopped=stopped
        )
        self._writer.append(line, sync=True)


class NoRunJournal:
    """Notes nothing: for a dry run."""

    is_far = False

    def write_intent(self, calls: Sequence[tuple[int, RecordSlice]]) -> None:
        """Note nothing."""

    def check_lock(self) -> None:
        """Let every call leave."""

    def leave(self, call: int) -> None:
        """Note nothing."""

    def write_receipt(
        self, call: int, verdicts: Sequence[RecordOutcome], *, is_answered: bool
    ) -> None:
        """Note nothing."""
