"""One apply, from the checks before the first call to the fold after the last."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from random import Random
from typing import TypeAlias

from msgspec import Struct

from ctsync import __version__
from ctsync.apply.clock import Clock
from ctsync.apply.collection import collected_seldom
from ctsync.apply.dispatch import Dispatch
from ctsync.apply.execute import Execution
from ctsync.apply.fold import fold_journal
from ctsync.apply.guard import check_plan
from ctsync.apply.halt import Halt, halting_error
from ctsync.apply.journal import Head
from ctsync.apply.late_writes import wait_for_late_writes
from ctsync.apply.logbook import JournalLogbook, Logbook, NoLogbook
from ctsync.apply.recover import Present, folded_view, recover
from ctsync.apply.result import ApplyResult
from ctsync.apply.resume import Due, remainder
from ctsync.apply.tally import Tally
from ctsync.apply.terms import Observer, Stop, Surroundings, Terms
from ctsync.errors import CtsyncError, out_of_memory
from ctsync.plan.document import SavedPlan
from ctsync.state.base import JournalWriter, Store
from ctsync.transport.answer import Answer, Transport

Connect: TypeAlias = Callable[[], Transport]


def apply_plan(  # noqa: PLR0913 - the seams of a run, each injected
    plan: SavedPlan,
    store: Store,
    connect: Connect,
    *,
    terms: Terms,
    clock: Clock,
    sleep: Callable[[float], None],
    rng: Random,
    new_id: Callable[[], str],
    observer: Observer,
    stop: Stop,
) -> ApplyResult:
    """Send what a plan says, and write down what was acknowledged.

    Call it under the lock of the store. `connect` is asked only if there is anything
    to send, before the journal is begun. A run that comes to an end, however badly,
    gives a result; one that is cut off leaves a journal, which `recover` takes up.

    Raises:
        PlanRefused, PolicyBlocked: the plan may not be applied to this state.
        StateError: the state cannot be used; nothing was sent.
        TransportError: the passcode or the address cannot be used; nothing was sent.
    """
    around = Surroundings(clock, sleep, rng, observer)
    present = folded_view(store) if terms.dry_run else recover(store)
    standing = check_plan(plan, present)
    with collected_seldom(), ExitStack() as stack:
        due = Due(plan)
        if standing == "continued":
            due = remainder(plan, present.entries(), terms.frame)
            stack.enter_context(due.plan)
        run = _Run(plan, due, store, terms, around, Halt(stop), present, new_id())
        return run.go(connect, new_id, stop)


class _Run(Struct, frozen=True):
    plan: SavedPlan
    due: Due
    store: Store
    terms: Terms
    around: Surroundings
    halt: Halt
    present: Present
    run: str

    def go(
        self, connect: Connect, new_id: Callable[[], str], stop: Stop
    ) -> ApplyResult:
        started = self.around.clock.steady()
        tally = Tally(self.plan.foot.places, self.due.done)
        with closing(connect() if self._sends else _NoTransport()) as transport:
            if self.terms.dry_run or not (self._sends or self._releases):
                dispatch = self._dispatch(transport, NoLogbook())
                error = self._send(dispatch, tally)
            else:
                self._wait_for_earlier_runs()
                head = self._head(new_id)
                dispatch, error = self._write(head, transport, tally)
        return self._result(tally, dispatch, error, started, stop)

    @property
    def _sends(self) -> bool:
        return self.due.plan.foot.places > 0

    @property
    def _releases(self) -> bool:
        foot = self.due.plan.foot
        return foot.survey.changes > foot.places

    def _write(
        self, head: Head, transport: Transport, tally: Tally
    ) -> tuple[Dispatch, CtsyncError | None]:
        """Send under a journal, and fold it."""
        with self.store.open_journal(head.as_json()) as writer:
            logbook = self._logbook(writer)
            logbook.enclose(self.due.plan.pieces())
            dispatch = self._dispatch(transport, logbook)
            error = self._send(dispatch, tally)
            error = error or self._end(logbook, dispatch, tally)
        return dispatch, error or self._fold(dispatch)

    def _wait_for_earlier_runs(self) -> None:
        if self._sends:
            wait_for_late_writes(
                self.present.header, self.around, lambda: self.halt.reason is not None
            )

    def _head(self, new_id: Callable[[], str]) -> Head:
        header, clock = self.present.header, self.around.clock
        return Head(
            lineage=new_id() if header is None else header.lineage,
            serial=0 if header is None else header.serial,
            account=self.plan.head.account,
            run=self.run,
            plan=self.plan.checksum,
            digest=self.plan.foot.digest,
            started=clock.wall(),
            # When calls left is only told where their lines outlive a kill.
            boot=clock.boot if self.store.keeps_unsynced else None,
            tool_version=__version__,
        )

    def _logbook(self, writer: JournalWriter) -> JournalLogbook:
        steady = self.around.clock.steady
        return JournalLogbook(writer, self.terms.timeout_seconds, steady)

    def _dispatch(self, transport: Transport, logbook: Logbook) -> Dispatch:
        return Dispatch(transport, logbook, self.halt, self.terms, self.around)

    def _send(self, dispatch: Dispatch, tally: Tally) -> CtsyncError | None:
        execution = Execution(
            self.due.plan,
            dispatch,
            tally,
            self.halt,
            self.terms,
            self.around.observer,
        )
        try:
            execution.run()
        except (CtsyncError, MemoryError) as error:
            if not dispatch.calls:
                raise
            for cargo, verdicts in dispatch.undecided():
                tally.note(cargo, verdicts)
            return _told(error)
        finally:
            dispatch.close()
        return None

    def _end(
        self, logbook: JournalLogbook, dispatch: Dispatch, tally: Tally
    ) -> CtsyncError | None:
        """Release, wait until no late write can pass the next plan, and say the end."""
        try:
            stopped = self._stopped(tally)
            if stopped is None and self._releases:
                logbook.release()
            self._wait_for_late_writes(dispatch)
            is_whole = tally.acknowledged == tally.total and stopped is None
            may_land = dispatch.unanswered_over_at > self.around.clock.steady()
            logbook.end(is_open=not is_whole, may_land=may_land)
        except (CtsyncError, MemoryError) as error:
            if not dispatch.calls:
                raise
            return _told(error)
        return None

    def _wait_for_late_writes(self, dispatch: Dispatch) -> None:
        rest = dispatch.counters_over_at - self.around.clock.steady()
        if rest > 0:
            why = "a call with counters had no answer, and may still be written"
            self.around.observer.waits(rest, why)
            self.around.sleep(rest)

    def _fold(self, dispatch: Dispatch) -> CtsyncError | None:
        try:
            journal = self.store.journal()
            if journal is not None:
                folding = fold_journal(self.present.header, journal)
                if folding is not None:
                    self.store.amend(folding.header, folding.edits())
            self.store.discard_journal()
        except (CtsyncError, MemoryError) as error:
            if not dispatch.calls:
                raise
            return _told(error)
        return None

    def _stopped(self, tally: Tally) -> str | None:
        reason = self.halt.reason
        if reason == "interrupted" and not tally.counts()["not_sent"]:
            return None
        return reason

    def _result(
        self,
        tally: Tally,
        dispatch: Dispatch,
        error: CtsyncError | None,
        started: float,
        stop: Stop,
    ) -> ApplyResult:
        reason = self.halt.reason if self._stopped(tally) else None
        return ApplyResult(
            run=self.run,
            digest=self.plan.foot.digest,
            environment=self.plan.head.environment,
            tally=tally,
            calls=dispatch.calls,
            seconds=self.around.clock.steady() - started,
            dry_run=self.terms.dry_run,
            called=dispatch.reached or (error is not None and dispatch.calls > 0),
            stopped=reason,
            signal_number=stop.signal_number,
            allow_rejected=self.terms.allow_rejected,
            error=error or halting_error(self.halt, self.plan.head.account.shown),
        )


def _told(error: CtsyncError | MemoryError) -> CtsyncError:
    return out_of_memory() if isinstance(error, MemoryError) else error


class _NoTransport:
    """Stands where nothing is to be sent."""

    def upload(self, body: bytes, *, dry_run: bool) -> Answer:
        raise AssertionError(f"{len(body)} bytes in a plan without calls ({dry_run=})")

    def close(self) -> None:
        pass
