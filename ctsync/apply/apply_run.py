"""One run: from the first call to the fold after the last, or to what stopped it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TypeAlias

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from ctsync import __version__
from ctsync.apply.apply_result import ApplyResult
from ctsync.apply.apply_settings import ApplySettings, Runtime, StopRequest
from ctsync.apply.calls.late_writes import wait_for_late_writes
from ctsync.apply.calls.no_transport import NoTransport
from ctsync.apply.calls.sender import Sender
from ctsync.apply.calls.stop_reason import StopReason, stopping_error
from ctsync.apply.file_wave import FileRun, FileTerms, FileWave
from ctsync.apply.folding.fold import Folding, fold_journal
from ctsync.apply.folding.history import keep_run
from ctsync.apply.folding.kept_fold import fold_kept
from ctsync.apply.folding.run_keeping import RunKeeping
from ctsync.apply.journal.journal_records import JournalHead
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.journal.journal_writer import (
    NoRunJournal,
    RunJournal,
    StoredRunJournal,
)
from ctsync.apply.outcome_counts import OutcomeCounts
from ctsync.apply.recover import CurrentSnapshot
from ctsync.apply.remainder import Due
from ctsync.apply.wave_runner import WaveRunner
from ctsync.errors import CtsyncError, out_of_memory
from ctsync.model.due_import import DueImport
from ctsync.model.policy import REVEAL
from ctsync.model.workers import Workers
from ctsync.plan.document.batches import spans
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.state.base import Journal, JournalWriter, Store
from ctsync.transport.upload_result import Transport

Connect: TypeAlias = Callable[[], Transport]


class ApplyRun(Struct, frozen=True):
    """A plan that may be applied, and what of it is due.

    `present` is the state that it is applied to, `unfinished` are files that an earlier
    run was to put. Without `files` what travels in files is not sent. `workers` may
    help to send a large plan, and to fold its journal.
    """

    plan: SavedPlan
    due: Due
    store: Store
    terms: ApplySettings
    around: Runtime
    stop_reason: StopReason
    present: CurrentSnapshot
    run: str
    began: float  # by the steady clock
    files: FileTerms | None = None
    unfinished: tuple[DueImport, ...] = ()
    workers: Workers | None = None

    def go(
        self, connect: Connect, new_id: Callable[[], str], stop: StopRequest
    ) -> ApplyResult:
        """Send what is due under a journal, fold it, and say what came of it.

        Raises:
            StateError, TransportError, CtsyncError: nothing was sent.
        """
        due = self.due
        tally = OutcomeCounts(self.plan.foot.places, due.done, due.sent, due.wait)
        wave = None
        with closing(connect() if self._sends else NoTransport()) as transport:
            if self.terms.dry_run or not (self._sends or self._releases or self._puts):
                dispatch = self._dispatch(transport, NoRunJournal())
                error = self._send(dispatch, tally)
                self._forget_marks()
            else:
                self._wait_for_earlier_runs()
                head = self._head(new_id)
                dispatch, wave, error = self._write(head, transport, tally)
        return self._result(tally, dispatch, wave, error, stop)

    @property
    def _sends(self) -> bool:
        calls: int = self.due.plan.foot.summary["calls"]
        return calls > 0

    @property
    def _puts(self) -> bool:
        in_files = self.due.plan.foot.by_file or self.unfinished
        return self.files is not None and bool(in_files)

    @property
    def _releases(self) -> bool:
        foot = self.due.plan.foot
        return foot.survey.changes > foot.places

    def _write(
        self, head: JournalHead, transport: Transport, tally: OutcomeCounts
    ) -> tuple[Sender, FileWave | None, CtsyncError | None]:
        """Send under a journal, and fold it."""
        with self.store.open_journal(to_builtins(head)) as writer:
            run_journal = self._run_journal(writer)
            run_journal.append_plan(self.due.plan.pieces())
            run_journal.wait_for(spans(self.due.wait))
            dispatch = self._dispatch(transport, run_journal)
            wave = self._wave(run_journal, tally)
            error = self._send(dispatch, tally, wave)
            error = error or self._end(run_journal, dispatch, tally, wave)
        error = error or self._fold(dispatch, wave)
        if wave is not None:
            error = error or wave.failure
        return dispatch, wave, error

    def _wave(
        self, run_journal: StoredRunJournal, tally: OutcomeCounts
    ) -> FileWave | None:
        if self.files is None:
            return None
        of_run = FileRun(
            self.due.plan,
            self.run,
            self.plan.foot.digest,
            self.around.clock,
            lambda: self.stop_reason.reason is not None,
        )
        return FileWave(self.files, of_run, run_journal, tally)

    def _wait_for_earlier_runs(self) -> None:
        if self._sends:
            wait_for_late_writes(
                self.present.header,
                self.around.clock,
                self.around.sleep,
                self.around.observer.waits,
                lambda: self.stop_reason.reason is not None,
            )

    def _head(self, new_id: Callable[[], str]) -> JournalHead:
        header, clock = self.present.header, self.around.clock
        return JournalHead(
            lineage=new_id() if header is None else header.lineage,
            serial=0 if header is None else header.serial,
            account=self.plan.head.account.bare,
            run=self.run,
            plan=self.plan.checksum,
            digest=self.plan.foot.digest,
            started=clock.wall(),
            # When calls left is only told where their lines outlive a kill.
            boot=clock.boot if self.store.keeps_unsynced else None,
            tool_version=__version__,
            environment=self.plan.head.environment,
            author=self.terms.author,
            talks_to=self.terms.talks_to,
            marks=tuple(sorted(self._marks)),
        )

    def _forget_marks(self) -> None:
        """Write down that fewer attributes are sensitive, if that is all there is."""
        header, marks = self.present.header, tuple(sorted(self._marks))
        if self.terms.dry_run or header is None or set(header.marks) <= set(marks):
            return
        after = replace(header, serial=header.serial + 1, marks=marks)
        self.store.amend(after, iter(()))

    @property
    def _marks(self) -> frozenset[str]:
        """What stays sensitive: only as many marks go as were agreed on."""
        header = self.present.header
        remembered = frozenset(() if header is None else header.marks)
        dropped = remembered - self.terms.marks
        is_agreed = self.plan.head.accepted.get(REVEAL) == len(dropped)
        return self.terms.marks if is_agreed else remembered | self.terms.marks

    def _run_journal(self, writer: JournalWriter) -> StoredRunJournal:
        steady = self.around.clock.steady
        is_far = not self.store.keeps_unsynced
        return StoredRunJournal(
            writer, self.terms.timeout_seconds, steady, is_far=is_far
        )

    def _dispatch(self, transport: Transport, run_journal: RunJournal) -> Sender:
        return Sender(transport, run_journal, self.stop_reason, self.terms, self.around)

    def _send(
        self, dispatch: Sender, tally: OutcomeCounts, wave: FileWave | None = None
    ) -> CtsyncError | None:
        execution = WaveRunner(
            self.due.plan,
            dispatch,
            tally,
            self.stop_reason,
            self.terms,
            self.around.observer,
            wave,
            self.workers,
        )
        try:
            if wave is not None:
                # Before anything of this plan: the platform imports in the order of
                # upload (public docs), and these files are older.
                wave.go_on(self.unfinished)
            execution.run()
        except (CtsyncError, MemoryError) as error:
            if not _has_begun(dispatch, wave):
                raise
            for records_slice, verdicts in dispatch.undecided():
                tally.note(records_slice, verdicts)
            return _told(error)
        finally:
            dispatch.close()
        return None

    def _end(
        self,
        run_journal: StoredRunJournal,
        dispatch: Sender,
        tally: OutcomeCounts,
        wave: FileWave | None,
    ) -> CtsyncError | None:
        """Release, wait until no late write can pass the next plan, and say the end."""
        try:
            stopped = self._stopped(tally)
            if stopped is None and self._releases:
                run_journal.release()
            self._wait_for_late_writes(dispatch)
            is_whole = tally.acknowledged == tally.total and stopped is None
            run_journal.end(
                is_open=not is_whole,
                may_land=dispatch.heard.unanswered_over_at > self.around.clock.steady(),
                seconds=round(self._seconds, 3),
                stopped=stopped,
            )
        except (CtsyncError, MemoryError) as error:
            if not _has_begun(dispatch, wave):
                raise
            return _told(error)
        return None

    def _wait_for_late_writes(self, dispatch: Sender) -> None:
        rest = dispatch.heard.counters_over_at - self.around.clock.steady()
        if rest > 0:
            why = "a call with counters had no answer, and may still be written"
            self.around.observer.waits(rest, why)
            self.around.sleep(rest)

    def _fold(self, dispatch: Sender, wave: FileWave | None) -> CtsyncError | None:
        try:
            journal = self.store.journal()
            if journal is not None:
                kept, replay = self.terms.history_runs, JournalReplay(journal.lines())
                # In the order of `recover`, which goes on wherever this breaks off.
                run = (self.store, self.present, journal, replay)
                keeping = RunKeeping(partial(keep_run, *run, keep=kept))
                folding = fold_journal(self.present.header, journal, replay)
                if folding is None:
                    keeping.keep()
                else:
                    self._fold_into_state(folding, journal, replay, keeping)
            self.store.discard_journal()
        except (CtsyncError, MemoryError) as error:
            if not _has_begun(dispatch, wave):
                raise
            return _told(error)
        return None

    def _fold_into_state(
        self,
        folding: Folding,
        journal: Journal,
        replay: JournalReplay,
        keeping: RunKeeping,
    ) -> None:
        if self.workers is None:
            fold_kept(self.store, folding, journal, replay, keeping)
            return
        from ctsync.apply.folding.fold_elsewhere import fold_by_workers

        fold_by_workers(self.workers, self.store, folding, journal, replay, keeping)

    @property
    def _seconds(self) -> float:
        return self.around.clock.steady() - self.began

    def _stopped(self, tally: OutcomeCounts) -> str | None:
        reason = self.stop_reason.reason
        if reason == "interrupted" and not tally.counts()["not_sent"]:
            return None
        return reason

    def _result(
        self,
        tally: OutcomeCounts,
        dispatch: Sender,
        wave: FileWave | None,
        error: CtsyncError | None,
        stop: StopRequest,
    ) -> ApplyResult:
        reason = self.stop_reason.reason if self._stopped(tally) else None
        return ApplyResult(
            run=self.run,
            digest=self.plan.foot.digest,
            environment=self.plan.head.environment,
            tally=tally,
            calls=dispatch.calls,
            seconds=self._seconds,
            dry_run=self.terms.dry_run,
            called=dispatch.heard.reached
            or (error is not None and _has_begun(dispatch, wave)),
            stopped=reason,
            signal_number=stop.signal_number,
            allow_rejected=self.terms.allow_rejected,
            by_file=self.due.plan.foot.by_file if wave is None else wave.later,
            put=None if self.files is None else tuple(wave.put if wave else ()),
            error=error
            or stopping_error(self.stop_reason, self.plan.head.account.shown),
        )


def _has_begun(dispatch: Sender, wave: FileWave | None) -> bool:
    return dispatch.calls > 0 or (wave is not None and wave.has_begun)


def _told(error: CtsyncError | MemoryError) -> CtsyncError:
    return out_of_memory() if isinstance(error, MemoryError) else error
