"""What stands between a saved plan and its first call."""

from __future__ import annotations

from typing import Literal

from ctsync.apply.recover import CurrentSnapshot
from ctsync.errors import PlanRefused, PolicyBlocked
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.state.lineage_checks import check_account

Standing = Literal["fresh", "continued"]


def check_plan(
    plan: SavedPlan, present: CurrentSnapshot, *, account: Account | None = None
) -> Standing:
    """Return whether a plan begins or goes on; `account` is the project's, if any.

    Raises:
        StateError: the state belongs to another account.
        PlanRefused: the plan is of another account, was applied, or is stale.
        PolicyBlocked: the plan says itself that it is blocked.
    """
    header = present.header
    check_account(header, account or plan.head.account)
    if account is not None and account != plan.head.account:
        raise _other_account(plan.head.account, account)
    # In the order in which exit codes rank: another account (1), stale (4), blocked
    # (6).
    standing = _standing(plan, present)
    if plan.foot.blocked:
        raise PolicyBlocked(
            f"the plan is blocked by {len(plan.foot.blocked)} rules of the policy",
            hint='"ctsync show" names them; plan again with --accept to lift one',
        )
    return standing


def is_continued(plan: SavedPlan, present: CurrentSnapshot) -> bool:
    """Return whether the last apply was of this plan and left something open."""
    last = None if present.header is None else present.header.last_plan
    return last is not None and last.checksum == plan.checksum and last.open


def check_counts(plan: SavedPlan, present: CurrentSnapshot) -> None:
    """See that a plan says of the state it was made from what the state says.

    Raises:
        PlanRefused: it does not; limits would be held against other numbers.
    """
    entries = 0 if present.header is None else present.header.entries
    said = plan.foot.profiles["entries"]
    if said != entries:
        # Profiles that a read found gone count as none.
        entries = sum(not entry.gone for entry in present.entries())
    if said != entries or plan.head.first_run != (present.header is None):
        raise PlanRefused(
            f"{plan.name} says that the state has {said:,} profiles, "
            f"it has {entries:,}",
            hint='the file was edited; run "ctsync plan --out FILE" again',
            code="plan_tampered",
        )


def _standing(plan: SavedPlan, present: CurrentSnapshot) -> Standing:
    last = None if present.header is None else present.header.last_plan
    if last is not None and last.checksum == plan.checksum:
        if is_continued(plan, present) and plan.head.refreshed:
            # What is due would be worked out from a state that knows nothing of it.
            raise PlanRefused(
                "the plan was made with --refresh, and cannot be gone on with",
                hint='run "ctsync plan --refresh" again: it sees what was applied',
                code="plan_stale",
            )
        if is_continued(plan, present):
            return "continued"
        raise PlanRefused(
            "the plan was applied already, and left nothing open",
            hint='run "ctsync plan" to see what has changed since',
            code="plan_applied",
        )
    # Serial and digest, both: a state that was restored has an old serial again, and
    # one that was edited by hand has its own.
    if present.base != plan.head.base:
        raise _stale(plan.head.base, present.base)
    return "fresh"


def _other_account(planned: Account, named: Account) -> PlanRefused:
    return PlanRefused(
        f"the plan is for account {_named(planned)}, the project names {_named(named)}",
        hint="choose the environment that the plan was made for, or plan again",
        code="plan_other_account",
    )


def _named(account: Account) -> str:
    account = account.shown
    endpoint = f" at {account.endpoint}" if account.endpoint else ""
    return f"{account.id} in {account.region}{endpoint}"


def _stale(planned: Base, present: Base) -> PlanRefused:
    if planned.lineage != present.lineage and None not in (
        planned.lineage,
        present.lineage,
    ):
        moved = "made from another state than this one"
    elif planned.serial == present.serial:
        moved = f"the entries of serial {present.serial} are not those it was made from"
    else:
        moved = f"made from serial {planned.serial}, state is at {present.serial}"
    return PlanRefused(
        f"plan is stale: {moved}", hint='Run "ctsync plan" again.', code="plan_stale"
    )
