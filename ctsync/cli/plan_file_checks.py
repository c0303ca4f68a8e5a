"""Whether a plan may be applied here and now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from ctsync.cli.apply_options import ApplyOptions
from ctsync.cli.approval import refuse_blocked
from ctsync.cli.plan_options import PlanOptions, plan_now
from ctsync.cli.plan_output import mask_of
from ctsync.cli.plan_refresh import read_before_planning
from ctsync.cli.project_session import ProjectSession
from ctsync.errors import CtsyncError, PlanRefused, PolicyBlocked

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.apply.witness import Witness
    from ctsync.model.snapshot import Account
    from ctsync.plan.document.plan_file import SavedPlan


def check_plan(
    session: ProjectSession,
    present: CurrentSnapshot,
    plan: SavedPlan,
    orders: ApplyOptions,
    *,
    is_saved: bool,
) -> None:
    """Refuse a plan that is not the one approved, not for here, stale or blocked.

    Raises:
        PlanRefused: says what moved where a saved plan is stale.
        PolicyBlocked: names every rule.
    """
    from ctsync.apply import plan_checks

    if orders.expect_digest not in (None, plan.foot.digest):
        raise PlanRefused(
            f"the plan has digest {plan.foot.digest}, not {orders.expect_digest}",
            hint='review it with "ctsync plan", then approve its digest',
            code="plan_digest",
        )
    _check_environment(session, plan)
    try:
        plan_checks.check_plan(plan, present, account=session.account)
    except PlanRefused as error:
        if is_saved and error.code == "plan_stale":
            raise _with_moves(session, present, plan, error) from error
        raise
    except PolicyBlocked:
        pass  # said below, rule by rule
    _check_target(session, plan)
    refuse_blocked(session, plan, orders)


def _named(account: Account) -> str:
    shown = account.shown
    return f"{shown.id} in {shown.region} at {shown.endpoint or 'its own endpoint'}"


def plan_of_today(
    session: ProjectSession, plan: SavedPlan, orders: ApplyOptions
) -> SavedPlan | None:
    """Return the plan that is made now as one from a file was, if one can be made.

    Counts and digest of a plan that is the same are those of its changes. None too
    where the platform would have to be read again.
    """
    from ctsync.apply.recover import folded_view

    if plan.head.refreshed:
        return None
    with suppress(CtsyncError):
        present = folded_view(session.store())
        return plan_now(session, present, _wish_of(plan, orders))
    return None


def _wish_of(plan: SavedPlan, orders: ApplyOptions) -> PlanOptions:
    head = plan.head
    accepts = tuple(f"{name}={number}" for name, number in head.accepted.items())
    engine = orders.wish.engine
    return PlanOptions(head.targets, head.excludes, accepts, engine, head.revert)


@contextmanager
def witness_of(
    session: ProjectSession,
    present: CurrentSnapshot,
    plan: SavedPlan,
    orders: ApplyOptions,
    today: SavedPlan | None,
) -> Iterator[Witness]:
    """What a plan from a file is held against, with today's plan if there is one.

    `today` is the one of a moment ago, of use while the state is what it was. The files
    of the project may be gone or wrong by now: then less of the plan is believed. What
    a plan with --refresh was made from is read again.
    """
    from ctsync.apply.witness import Witness

    wish = _wish_of(plan, orders)
    with ExitStack() as stack:
        refresh = None
        if plan.head.refreshed:
            targets = plan.head.targets
            refresh = read_before_planning(session, present, targets, stack)
        if today is None or today.head.base != present.base:
            today = None
            with suppress(CtsyncError):
                today = stack.enter_context(plan_now(session, present, wish, refresh))
        rule_for = session.project.rule_for
        if refresh is None:
            yield Witness(rule_for, today)
        else:
            yield Witness(rule_for, today, refresh.view)


def _check_target(session: ProjectSession, plan: SavedPlan) -> None:
    """Refuse a plan that would read another secret or tell another host.

    Raises:
        PlanRefused: says which.
    """
    for word, planned, now in (
        ("account", _named(plan.head.account), _named(session.account)),
        ("passcode variable", plan.head.passcode_variable, session.passcode_variable),
        ("notify host", plan.head.notify_host, session.notify_host),
    ):
        if planned != now:
            raise PlanRefused(
                f"the plan has {word} {planned or 'none'}, the project {now or 'none'}",
                hint="plan again, where the project is set up as it is here",
                code="plan_other_account",
            )
    if plan.head.import_door != session.import_door:
        # What a variable gave is not shown, so neither is what differs.
        raise PlanRefused(
            "the plan and the project differ in SFTP server, user, folder or host key",
            hint="plan again, where the project is set up as it is here",
            code="plan_other_account",
        )


def _check_environment(session: ProjectSession, plan: SavedPlan) -> None:
    planned, chosen = plan.head.environment, session.project.environment
    if planned != chosen:
        hint = f"give --env {planned}" if planned else _without_environment(session)
        names = [
            f"environment {each}" if each else "no environment"
            for each in (planned, chosen)
        ]
        raise PlanRefused(
            f"the plan is for {names[0]}, this run has {names[1]}",
            hint=f"{hint}, or plan again",
            code="plan_other_environment",
        )


def _without_environment(session: ProjectSession) -> str:
    return "leave --env out" if session.settings.env else "unset CTSYNC_ENV"


def _with_moves(
    session: ProjectSession,
    present: CurrentSnapshot,
    plan: SavedPlan,
    error: PlanRefused,
) -> PlanRefused:
    from ctsync.observe.stale_plan_diff import moved_since_review

    head = plan.head
    wish = PlanOptions(head.targets, head.excludes, revert=head.revert)
    try:
        today = plan_now(session, present, wish)
    except CtsyncError:
        return error  # today's files make no plan: stale it is all the same
    with today:
        said = moved_since_review(
            plan.changes(), today.changes(), mask_of(session.settings, plan)
        )
    words = "\n".join((f"{error.message}. Since the review:", *said))
    return PlanRefused(words, hint=error.hint, code=error.code)
