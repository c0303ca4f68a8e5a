"""One apply, from the checks before the first call to the fold after the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import TypeAlias

from ctsync import __version__
from ctsync.apply.collection import collected_seldom
from ctsync.apply.dispatch import Dispatch
from ctsync.apply.dossier import Dossier, join, placed
from ctsync.apply.execute import Execution
from ctsync.apply.fold import fold_journal
from ctsync.apply.guard import Standing, check_plan
from ctsync.apply.halt import Halt, halting_error
from ctsync.apply.journal import Head
from ctsync.apply.logbook import JournalLogbook, Logbook, NoLogbook
from ctsync.apply.recover import Present, folded_view, recover
from ctsync.apply.result import ApplyResult
from ctsync.apply.resume import still_due
from ctsync.apply.tally import Tally
from ctsync.apply.terms import Observer, Stop, Surroundings, Terms
from ctsync.errors import CtsyncError
from ctsync.model.change import Change, Settled
from ctsync.model.entry import Entry
from ctsync.model.key import Key
from ctsync.plan.document import SavedPlan
from ctsync.plan.schedule import records_of
from ctsync.state.base import JournalWriter, Snapshot, Store
from ctsync.transport.answer import Answer, Transport

Connect: TypeAlias = Callable[[], Transport]


def apply_plan(  # noqa: PLR0913 - the seams of a run, each injected
    plan: SavedPlan,
    store: Store,
    connect: Connect,
    *,
    terms: Terms,
    clock: Callable[[], float],
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
    present = (
        folded_view(store)
        if terms.dry_run
        else recover(store, clock=clock, sleep=sleep)
    )
    standing = check_plan(plan, present)
    run = _Run(plan, store, terms, around, Halt(stop), present, standing, new_id())
    with collected_seldom():
        return run.go(connect, new_id, stop)


@dataclass(frozen=True, slots=True)
class _Survey:
    """What there is to do: who, in which waves, and whether the state forgets."""

    tally: Tally
    waves: frozenset[int]
    releases: bool


@dataclass(frozen=True, slots=True)
class _Run:
    plan: SavedPlan
    store: Store
    terms: Terms
    around: Surroundings
    halt: Halt
    present: Present
    standing: Standing
    run: str

    def go(
        self, connect: Connect, new_id: Callable[[], str], stop: Stop
    ) -> ApplyResult:
        started = self.around.clock()
        survey = self._survey()
        with closing(connect() if survey.waves else _NoTransport()) as transport:
            if self.terms.dry_run or not (survey.waves or survey.releases):
                dispatch = self._dispatch(transport, NoLogbook())
                error = self._send(dispatch, survey)
            else:
                head = self._head(new_id, started)
                dispatch, error = self._write(head, transport, survey)
        return self._result(survey.tally, dispatch, error, started, stop)

    def _write(
        self, head: Head, transport: Transport, survey: _Survey
    ) -> tuple[Dispatch, CtsyncError | None]:
        """Send under a journal, and fold it."""
        with self.store.open_journal(head.as_json()) as writer:
            logbook = self._logbook(writer)
            dispatch = self._dispatch(transport, logbook)
            error = self._send(dispatch, survey)
            error = error or self._end(logbook, dispatch, survey)
        return dispatch, error or self._fold(dispatch)

    def dossiers(self, wave: int | None = None) -> Iterator[Dossier]:
        """Yield what is due; given a wave, perhaps only those with a part in it."""
        entries = self.present.entries()
        if wave is not None and self.standing == "fresh":
            return join(self.plan.changes_in(wave), entries, self._due)
        return join(placed(self.plan.changes()), entries, self._due)

    def _due(self, change: Change, entry: Entry | None) -> Change:
        if self.standing == "fresh":
            return change
        return still_due(change, entry, self.terms.frame)

    def _survey(self) -> _Survey:
        """Look through the plan once, before anything is sent."""
        tally, waves, releases = Tally(), set[int](), False
        if self.standing == "fresh":
            for own in self.plan.waves():
                waves.update(own)
                if own:
                    tally.expect()
                else:
                    releases = True
            return _Survey(tally, frozenset(waves), releases)
        for dossier in self.dossiers():
            waves.update(wave for wave, _ in records_of(dossier.change))
            if dossier.place is not None:
                tally.expect(is_done=not dossier.change.operations)
            releases = releases or _only_releases(dossier)
        return _Survey(tally, frozenset(waves), releases)

    def _releases(self) -> Iterator[Change]:
        if self.standing == "fresh":
            return self.plan.releases()
        return (d.change for d in self.dossiers() if _only_releases(d))

    def _head(self, new_id: Callable[[], str], started: float) -> Head:
        header = self.present.header
        return Head(
            lineage=new_id() if header is None else header.lineage,
            serial=0 if header is None else header.serial,
            account=self.plan.head.account,
            run=self.run,
            plan=self.plan.checksum,
            digest=self.plan.foot.digest,
            started=started,
            tool_version=__version__,
        )

    def _logbook(self, writer: JournalWriter) -> JournalLogbook:
        return JournalLogbook(
            writer, self.run, self.terms.timeout_seconds, self.around.clock
        )

    def _dispatch(self, transport: Transport, logbook: Logbook) -> Dispatch:
        return Dispatch(transport, logbook, self.halt, self.terms, self.around)

    def _send(self, dispatch: Dispatch, survey: _Survey) -> CtsyncError | None:
        execution = Execution(
            self.dossiers,
            survey.waves,
            dispatch,
            survey.tally,
            self.halt,
            self.terms,
            self.around.observer,
        )
        try:
            execution.run()
        except CtsyncError as error:
            if not dispatch.calls:
                raise
            for dossier, record, verdict in dispatch.undecided():
                survey.tally.note(dossier, record, verdict)
            return error
        finally:
            dispatch.close()
        return None

    def _end(
        self, logbook: JournalLogbook, dispatch: Dispatch, survey: _Survey
    ) -> CtsyncError | None:
        """Release, wait until no late write can pass the next plan, and say the end."""
        try:
            tally = survey.tally
            stopped = self._stopped(tally)
            if stopped is None and survey.releases:
                logbook.release(self._releases())
            self._wait_for_late_writes(dispatch)
            is_whole = tally.acknowledged == tally.total and stopped is None
            logbook.end(is_open=not is_whole)
        except CtsyncError as error:
            if not dispatch.calls:
                raise
            return error
        return None

    def _wait_for_late_writes(self, dispatch: Dispatch) -> None:
        if dispatch.counters_over_at is None:
            return
        rest = dispatch.counters_over_at - self.around.clock()
        if rest > 0:
            why = "a call with counters had no answer, and may still be written"
            self.around.observer.waits(rest, why)
            self.around.sleep(rest)

    def _fold(self, dispatch: Dispatch) -> CtsyncError | None:
        snapshot = Snapshot(self.present.header, self.present.entries)
        try:
            journal = self.store.journal()
            if journal is not None:
                folding = fold_journal(snapshot, journal, self._settled())
                if folding is not None:
                    self.store.replace(folding.header, folding.entries())
            self.store.discard_journal()
        except CtsyncError as error:
            if not dispatch.calls:
                raise
            return error
        return None

    def _settled(self) -> Iterator[tuple[Key, Settled]]:
        """Yield what is as desired: the plan found it so, or an earlier run made it."""
        reached = (
            (dossier.change.key, dossier.change.settled)
            for dossier in self.dossiers()
            if dossier.place is not None and not dossier.change.operations
        )
        if self.standing == "fresh":
            return self.plan.settled()
        return chain(self.plan.settled(), reached)

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
            seconds=self.around.clock() - started,
            dry_run=self.terms.dry_run,
            called=dispatch.reached or (error is not None and dispatch.calls > 0),
            stopped=reason,
            signal_number=stop.signal_number,
            allow_rejected=self.terms.allow_rejected,
            error=error or halting_error(self.halt, self.plan.head.account),
        )


class _NoTransport:
    """Stands where nothing is to be sent."""

    def upload(self, body: bytes, *, dry_run: bool) -> Answer:
        raise AssertionError(f"{len(body)} bytes in a plan without calls ({dry_run=})")

    def close(self) -> None:
        pass


def _only_releases(dossier: Dossier) -> bool:
    return not dossier.change.operations and bool(dossier.change.released)
