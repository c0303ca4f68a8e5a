"""What `ctsync apply` does: open, lock, plan, check, ask, send, report."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from ctsync.cli.approval import approve
from ctsync.cli.checking import refuse_faults
from ctsync.cli.checking_plans import check_plan
from ctsync.cli.clock import machine_clock
from ctsync.cli.finishing import check_webhook, finish, open_report
from ctsync.cli.holding import holder
from ctsync.cli.options import Settings
from ctsync.cli.orders import Orders, check_orders
from ctsync.cli.output import require_format
from ctsync.cli.planning import plan_now
from ctsync.cli.sending import send_plan
from ctsync.cli.session import Session, open_session
from ctsync.errors import SpecError, StateError, StateLocked, UsageError

if TYPE_CHECKING:
    from ctsync.apply.recover import Present
    from ctsync.plan.document import SavedPlan
    from ctsync.state import Store


def apply_command(settings: Settings, orders: Orders) -> int:
    """Apply, print the result, give the exit code."""
    require_format(settings, "text", "json")
    check_orders(settings, orders)
    session, saved = _open(settings, orders)
    store = session.store()
    with ExitStack() as stack:
        if saved is not None:
            stack.enter_context(saved)
        if not orders.dry_run:
            _lock(session, store, orders, stack)
        return _apply(session, store, orders, saved)


def _lock(session: Session, store: Store, orders: Orders, stack: ExitStack) -> None:
    seconds = orders.lock_timeout_seconds
    try:
        stack.enter_context(store.lock(holder(), timeout_seconds=seconds))
    except StateLocked:
        if not orders.is_saved_plan(session.settings):
            # Waiting for the other run would only lead to these.
            refuse_faults(session)
        raise


def _open(settings: Settings, orders: Orders) -> tuple[Session, SavedPlan | None]:
    from ctsync.plan.document import open_plan

    file = None
    if orders.is_saved_plan(settings):
        file = settings.directory / str(orders.what)
    try:
        session = open_session(settings, None if file else orders.what)
        _check_first_run(session.store(), orders)
    except (SpecError, StateError):
        if file is not None:
            # A plan that cannot be read is refused before these.
            open_plan(file).close()
        raise
    return session, None if file is None else open_plan(file)


def _apply(
    session: Session, store: Store, orders: Orders, saved: SavedPlan | None
) -> int:
    clock = machine_clock()  # under the lock
    present = _present(store, orders)
    with ExitStack() as stack:
        plan = saved or stack.enter_context(plan_now(session, present, orders.wish))
        check_plan(session, present, plan, orders, is_saved=saved is not None)
        approve(session, present, plan, orders)
        check_webhook(session, orders)
        report = open_report(session, orders, stack)
        result = send_plan(session, store, plan, orders, clock)
        return finish(session, plan, orders, result, report)


def _present(store: Store, orders: Orders) -> Present:
    from ctsync.apply.recover import folded_view, recover

    if orders.dry_run:
        return folded_view(store)
    return recover(store)


def _check_first_run(store: Store, orders: Orders) -> None:
    from ctsync.apply.recover import folded_view

    if orders.first_run and folded_view(store).header is not None:
        raise UsageError(
            f"--first-run, but there is a snapshot: {store.location}",
            hint="leave the option out",
        )
