"""One apply, from the checks before the first call to the fold after the last."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from random import Random

from ctsync.apply.apply_result import ApplyResult
from ctsync.apply.apply_run import ApplyRun, Connect
from ctsync.apply.apply_settings import ApplySettings, Observer, Runtime, StopRequest
from ctsync.apply.calls.stop_reason import StopReason
from ctsync.apply.clock import Clock, now_by
from ctsync.apply.file_wave import FileTerms, check_files
from ctsync.apply.gc_tuning import collected_seldom
from ctsync.apply.plan_checks import check_counts, check_plan
from ctsync.apply.recover import CurrentSnapshot, folded_view, recover
from ctsync.apply.remainder import Due, remainder
from ctsync.apply.witness import Witness
from ctsync.model.due_import import Waits, waits_at
from ctsync.model.workers import Workers
from ctsync.plan.document.plan_file import SavedPlan, room_for_plan
from ctsync.state.base import Store


def apply_plan(  # noqa: PLR0913 - the seams of a run, each injected
    plan: SavedPlan,
    store: Store,
    connect: Connect,
    *,
    terms: ApplySettings,
    clock: Clock,
    sleep: Callable[[float], None],
    rng: Random,
    new_id: Callable[[], str],
    observer: Observer,
    stop: StopRequest,
    witness: Witness | None = None,
    files: FileTerms | None = None,
    workers: Workers | None = None,
) -> ApplyResult:
    """Send what a plan says, and write down what was acknowledged.

    A plan that was not made in this process comes with a witness, unless it is known
    to be as it was made. Without `files` what travels in files is not sent. With
    `workers`, these help to send to many profiles, and to fold what became of them.

    Call it under the lock of the store. `connect` is asked only if there is anything
    to send, before the journal is begun. A run that comes to an end, however badly,
    gives a result; one that is cut off leaves a journal, which `recover` takes up.

    Raises:
        PlanRefused, PolicyBlocked: the plan may not be applied to this state.
        StateError: the state cannot be used; nothing was sent.
        TransportError: the passcode or the address cannot be used; nothing was sent.
        CtsyncError: no file can say what is to travel in one; nothing was sent.
    """
    # A trial writes nothing, so what a run left that was cut off is folded in memory.
    present = (
        folded_view(store)
        if terms.dry_run
        else recover(store, history_runs=terms.history_runs)
    )
    is_fresh = check_plan(plan, present) == "fresh"
    imports = () if present.header is None else present.header.imports
    waits = waits_at(imports, lambda: now_by(clock))
    with collected_seldom(), ExitStack() as stack:
        due = _due(plan, present, terms, waits, witness, is_fresh=is_fresh)
        if due.plan is not plan:
            stack.enter_context(due.plan)
        if files is not None and due.plan.foot.by_file:
            check_files(due.plan, files)
        run = ApplyRun(
            plan,
            due,
            store,
            terms,
            Runtime(clock, sleep, rng, observer),
            StopReason(stop),
            present,
            new_id(),
            clock.steady(),
            None if terms.dry_run else files,
            # Of these a run was cut off before it knew that they are in effect.
            tuple(each for each in waits.imports if each.standing != "put"),
            workers,
        )
        return run.go(connect, new_id, stop)


def _due(
    plan: SavedPlan,
    present: CurrentSnapshot,
    terms: ApplySettings,
    waits: Waits,
    witness: Witness | None,
    *,
    is_fresh: bool,
) -> Due:
    """Return what of a plan is due: all of it, or what an earlier run left.

    Of a plan of which nobody knows that it is as it was made, what the state does not
    bear out is not believed.

    Raises:
        PlanRefused, PolicyBlocked: the state does not bear it out.
    """
    known = present if witness is None else witness.view(present)
    if witness is not None and is_fresh:
        check_counts(plan, known)
    is_doubted = witness is not None and not witness.made(plan)
    if is_fresh and not is_doubted:
        return Due(plan)
    with room_for_plan():
        return remainder(
            plan,
            known,
            terms.frame,
            files=waits.names,
            is_fresh=is_fresh,
            witness=witness,
        )
