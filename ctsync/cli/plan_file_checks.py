"""Whether a plan may be applied here and now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsync.cli.apply_options import ApplyOptions
from ctsync.cli.approval import refuse_blocked
from ctsync.cli.plan_options import PlanOptions, plan_now
from ctsync.cli.plan_output import mask_of
from ctsync.cli.project_session import ProjectSession
from ctsync.errors import CtsyncError, PlanRefused, PolicyBlocked

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.plan.plan_file import SavedPlan


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
    if is_saved and orders.expect_digest is not None:
        _check_contents(plan)
    try:
        plan_checks.check_plan(plan, present, account=session.account)
    except PlanRefused as error:
        if is_saved and error.code == "plan_stale":
            raise _with_moves(session, present, plan, error) from error
        raise
    except PolicyBlocked:
        pass  # said below, rule by rule
    refuse_blocked(session, plan)


def _check_contents(plan: SavedPlan) -> None:
    # A digest approves changes; a file is trusted with no more than they are.
    if not plan.is_consistent():
        raise PlanRefused(
            f"the changes in {plan.name} are not those that its digest stands for, or "
            "another version of ctsync wrote it",
            hint="plan again, or apply it with the version that made it",
            code="plan_tampered",
        )


def _check_environment(session: ProjectSession, plan: SavedPlan) -> None:
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
    session: ProjectSession,
    present: CurrentSnapshot,
    plan: SavedPlan,
    error: PlanRefused,
) -> PlanRefused:
    from ctsync.observe.stale_plan_diff import moved_since_review

    wish = PlanOptions(plan.head.targets, plan.head.excludes)
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
