"""What `ctsync apply` does: open, lock, plan, check, ask, send, report."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync.cli.apply_options import ApplyOptions, check_apply_options
from ctsync.cli.apply_report import check_webhook, open_report, report_apply
from ctsync.cli.approval import approve
from ctsync.cli.clock import machine_clock
from ctsync.cli.file_terms import file_terms
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.high_water import check_high_water, keep_high_water
from ctsync.cli.plan_file_checks import check_plan, plan_of_today, witness_of
from ctsync.cli.plan_options import plan_now
from ctsync.cli.plan_output import planned_options
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.run_identity import run_identity
from ctsync.cli.send_plan import RunMeans, send_plan
from ctsync.cli.signing import is_authentic, require_signature
from ctsync.cli.terminal.output import require_format
from ctsync.cli.terminal.signals import stop_on_signals
from ctsync.cli.validate_command import refuse_faults
from ctsync.errors import SpecError, StateError, StateLocked, UsageError

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.plan.document.plan_file import SavedPlan
    from ctsync.state import Store


def apply_command(settings: GlobalOptions, orders: ApplyOptions) -> int:
    """Apply, print the result, give the exit code."""
    require_format(settings, "text", "json", "html")
    if orders.is_saved_plan(settings):
        settings.saved = orders.what
    else:
        settings.project = orders.what
    check_apply_options(settings, orders)
    with ExitStack() as stack:
        session, saved, today = _open(settings, orders, stack)
        store = session.store()
        if not orders.dry_run:
            _lock(session, store, orders, stack)
        return _apply(session, store, orders, saved, today)


def _lock(
    session: ProjectSession, store: Store, orders: ApplyOptions, stack: ExitStack
) -> None:
    seconds = orders.lock_timeout_seconds
    try:
        stack.enter_context(store.lock(run_identity(), timeout_seconds=seconds))
    except StateLocked:
        if not orders.is_saved_plan(session.settings):
            # Waiting for the other run would only lead to these.
            refuse_faults(session)
        raise


def _open(
    settings: GlobalOptions, orders: ApplyOptions, stack: ExitStack
) -> tuple[ProjectSession, SavedPlan | None, SavedPlan | None]:
    """Return the project, the saved plan, and that plan as it would be made today."""
    file = None
    if orders.is_saved_plan(settings):
        file = settings.directory / str(orders.what)
    try:
        session = open_session(settings, None if file else orders.what)
        _check_first_run(session.store(), orders)
    except (SpecError, StateError):
        if file is not None:
            # A plan that cannot be read is refused before these.
            with _unproven(file, orders) as plan:
                plan.check()
        raise
    if file is None:
        return session, None, None
    saved = stack.enter_context(_unproven(file, orders))
    today = plan_of_today(session, saved, orders)
    if today is not None:
        stack.enter_context(today)
    # What is the same as a plan that was just made need not be read through.
    if today is None or not saved.is_same(today):
        saved.check()
    return session, saved, today


def _unproven(file: Path, orders: ApplyOptions) -> SavedPlan:
    from ctsync.plan.document.plan_file import open_unproven

    plan = open_unproven(file)
    if orders.require_signature:
        require_signature(plan)
    return plan


def _apply(
    session: ProjectSession,
    store: Store,
    orders: ApplyOptions,
    saved: SavedPlan | None,
    today: SavedPlan | None,
) -> int:
    clock = machine_clock()  # under the lock
    present = _present(session, store, orders)
    check_high_water(session, present.header)
    with ExitStack() as stack:
        plan = saved or stack.enter_context(plan_now(session, present, orders.wish))
        session.settings.planned = planned_options(session.settings, plan)
        check_plan(session, present, plan, orders, is_saved=saved is not None)
        approve(session, present, plan, orders)
        check_webhook(session, orders)
        files = None if orders.dry_run else file_terms(session, plan, present.header)
        report = open_report(session, orders, stack)
        witness = None
        if saved is not None and not is_authentic(saved):
            witness = stack.enter_context(
                witness_of(session, present, saved, orders, today)
            )
        # To the end: what has been sent is told, whatever comes in between.
        stop = stack.enter_context(stop_on_signals())
        means = RunMeans(clock, stop, witness, files)
        result = send_plan(session, store, plan, orders, means)
        if not orders.dry_run:
            keep_high_water(session, store.read().header)
        return report_apply(session, plan, result, report)


def _present(
    session: ProjectSession, store: Store, orders: ApplyOptions
) -> CurrentSnapshot:
    from ctsync.apply.recover import folded_view, recover

    if orders.dry_run:
        return folded_view(store)
    return recover(store, history_runs=session.project.history_runs)


def _check_first_run(store: Store, orders: ApplyOptions) -> None:
    from ctsync.apply.recover import folded_view

    if orders.first_run and folded_view(store).header is not None:
        raise UsageError(
            f"--first-run, but there is a snapshot: {store.location}",
            hint="leave the option out",
        )
