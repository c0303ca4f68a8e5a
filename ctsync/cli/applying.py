"""What `ctsync apply` does: approve, lock, check, ask, send, report."""

from __future__ import annotations

import random
import re
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ctsync.cli.approval import approve, refuse_blocked
from ctsync.cli.asking import require_someone
from ctsync.cli.holding import holder
from ctsync.cli.options import Settings
from ctsync.cli.output import complain, has_colour, require_format, say, write
from ctsync.cli.planning import Wish, is_plan_file, plan_now
from ctsync.cli.session import Session, open_session
from ctsync.cli.showing import mask_of
from ctsync.errors import (
    CtsyncError,
    PlanRefused,
    PolicyBlocked,
    SpecError,
    StateError,
    UsageError,
)
from ctsync.model.policy import Limit

if TYPE_CHECKING:
    from ctsync.apply.recover import Present
    from ctsync.apply.result import ApplyResult
    from ctsync.plan.document import SavedPlan
    from ctsync.state import Store
    from ctsync.transport.answer import Transport

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Orders:
    """What the command line says of an apply."""

    what: Path | None
    wish: Wish
    auto_approve: bool = False
    expect_digest: str | None = None
    first_run: bool = False
    dry_run: bool = False
    report: Path | None = None
    canary: Limit | None = None
    allow_rejected: Limit | None = None
    lock_timeout_seconds: float = 0.0

    @property
    def asks(self) -> bool:
        """Whether a person has to say yes."""
        return not (self.auto_approve or self.expect_digest or self.dry_run)


def apply_command(settings: Settings, orders: Orders) -> int:
    """Apply, print the result, give the exit code."""
    require_format(settings, "text", "json")
    _check_orders(settings, orders)
    session, saved = _open(settings, orders)
    store = session.store()
    with ExitStack() as stack:
        if saved is not None:
            stack.enter_context(saved)
        if not orders.dry_run:
            seconds = orders.lock_timeout_seconds
            stack.enter_context(store.lock(holder(), timeout_seconds=seconds))
        return _apply(session, store, orders, saved)


def _open(settings: Settings, orders: Orders) -> tuple[Session, SavedPlan | None]:
    from ctsync.plan.document import open_plan

    file = None
    if is_plan_file(orders.what, settings.directory):
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


def _check_orders(settings: Settings, orders: Orders) -> None:
    if orders.expect_digest is not None:
        if orders.auto_approve:
            raise UsageError("--auto-approve and --expect-digest exclude each other")
        if not _DIGEST.fullmatch(orders.expect_digest):
            raise UsageError(
                f'not a digest: "{orders.expect_digest}"',
                hint="a digest is sha256: and 64 hex digits, as ctsync plan prints it",
            )
    wish = orders.wish
    if is_plan_file(orders.what, settings.directory) and (wish.targets or wish.accepts):
        raise UsageError(
            "--target and --accept go with planning, not with a saved plan",
            hint="give them to ctsync plan --out FILE",
        )
    if orders.asks:
        require_someone("--auto-approve", "--expect-digest DIGEST")


def _apply(
    session: Session, store: Store, orders: Orders, saved: SavedPlan | None
) -> int:
    present = _present(store, orders)
    with ExitStack() as stack:
        plan = saved or stack.enter_context(plan_now(session, present, orders.wish))
        _check_plan(session, present, plan, orders, is_saved=saved is not None)
        approve(session, present, plan, orders)
        report = _open_report(session, orders, stack)
        result = _run(session, store, plan, orders)
        return _finish(session, plan, result, report)


def _present(store: Store, orders: Orders) -> Present:
    from ctsync.apply.recover import folded_view, recover

    if orders.dry_run:
        return folded_view(store)
    return recover(store, clock=time.time, sleep=time.sleep)


def _check_first_run(store: Store, orders: Orders) -> None:
    from ctsync.apply.recover import folded_view

    if orders.first_run and folded_view(store).header is not None:
        raise UsageError(
            f"--first-run, but there is a snapshot: {store.location}",
            hint="leave the option out",
        )


def _check_plan(
    session: Session,
    present: Present,
    plan: SavedPlan,
    orders: Orders,
    *,
    is_saved: bool,
) -> None:
    from ctsync.apply.guard import check_plan

    if orders.expect_digest not in (None, plan.foot.digest):
        raise PlanRefused(
            f"the plan has digest {plan.foot.digest}, not {orders.expect_digest}",
            hint='review it with "ctsync plan", then approve its digest',
            code="plan_digest",
        )
    _check_environment(session, plan)
    try:
        check_plan(plan, present, account=session.account)
    except PlanRefused as error:
        if is_saved and error.code == "plan_stale":
            raise _with_moves(session, present, plan, error) from error
        raise
    except PolicyBlocked:
        pass  # said below, rule by rule
    refuse_blocked(session, plan)


def _check_environment(session: Session, plan: SavedPlan) -> None:
    planned, chosen = plan.head.environment, session.project.environment
    if planned != chosen:
        hint = f"give --env {planned}" if planned else "leave --env out"
        names = [
            f"environment {each}" if each else "no environment"
            for each in (planned, chosen)
        ]
        raise PlanRefused(
            f"the plan is for {names[0]}, this run has {names[1]}",
            hint=f"{hint}, or plan again",
            code="plan_other_environment",
        )


def _with_moves(
    session: Session, present: Present, plan: SavedPlan, error: PlanRefused
) -> PlanRefused:
    from ctsync.observe.moved import moves

    wish = Wish(plan.head.targets, plan.head.excludes)
    try:
        today = plan_now(session, present, wish)
    except CtsyncError:
        return error  # today's files make no plan: stale it is all the same
    with today:
        said = moves(plan.changes(), today.changes(), mask_of(session.settings, plan))
    words = "\n".join((f"{error.message}. Since the review:", *said))
    return PlanRefused(words, hint=error.hint, code=error.code)


def _open_report(session: Session, orders: Orders, stack: ExitStack) -> BinaryIO | None:
    from ctsync.apply.result import create_report

    if orders.report is None:
        return None
    return stack.enter_context(
        create_report(session.settings.directory / orders.report)
    )


def _run(
    session: Session, store: Store, plan: SavedPlan, orders: Orders
) -> ApplyResult:
    from ctsync.apply.run import apply_plan
    from ctsync.apply.terms import Terms
    from ctsync.cli.progress import Progress
    from ctsync.cli.signals import stop_on_signals

    project = session.project
    terms = Terms(
        records_per_call=project.upload.records_per_call,
        timeout_seconds=project.upload.timeout_seconds,
        concurrency=project.upload.concurrency,
        dry_run=orders.dry_run,
        reject_limit=project.policy.limits["reject"],
        canary=orders.canary,
        allow_rejected=orders.allow_rejected,
        frame=project.frame,
        mask=mask_of(session.settings, plan),
    )
    with ExitStack() as stack, stop_on_signals() as stop:
        return apply_plan(
            plan,
            store,
            lambda: _connect(session, stack),
            terms=terms,
            clock=time.time,
            sleep=time.sleep,
            rng=random.Random(),  # noqa: S311 - jitter, no secret
            new_id=lambda: str(uuid.uuid4()),
            observer=Progress(),
            stop=stop,
        )


def _connect(session: Session, stack: ExitStack) -> Transport:
    from ctsync.transport.http import connect

    account = session.account
    if session.settings.sandbox:
        from ctsync.sandbox import Sandbox

        data = session.sandbox_folder / "platform.db"
        platform = stack.enter_context(Sandbox(data=data, account_id=account.id))
        account = replace(account, endpoint=platform.url)
    upload = session.project.upload
    return connect(
        account,
        session.passcode(),
        timeout_seconds=upload.timeout_seconds,
        connections=upload.concurrency,
    )


def _finish(
    session: Session, plan: SavedPlan, result: ApplyResult, report: BinaryIO | None
) -> int:
    from ctsync.apply.result import write_report
    from ctsync.render.applied import applied_json, applied_text

    if report is not None:
        write_report(report, result, plan.changes())
    document = result.as_json(mask_of(session.settings, plan))
    _notify(session, document)
    if session.settings.format == "json":
        write([applied_json(document)])
    else:
        write(["\n"])
        write(applied_text(document, colour=has_colour(session.settings)))
        if result.error is not None:
            complain(result.error)
    if result.exit_code == 0 and result.counts["rejected"]:
        say(f"warning: {result.counts['rejected']} profiles rejected, as allowed")
    return result.exit_code


def _notify(session: Session, document: dict[str, Any]) -> None:
    if session.settings.sandbox or document["dry_run"]:
        return
    url = session.project.notify(session.variables)
    if url is not None:
        from ctsync.transport.notify import notify

        trouble = notify(url, document)
        if trouble is not None:
            say(f"warning: {trouble}; the apply itself is done")
