"""What has to be true, and who has to agree, before anything is sent."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ctsync.cli.due_imports import waits_of
from ctsync.cli.plan_output import accepting, rendered, show_plan, view_of
from ctsync.cli.project_session import ProjectSession
from ctsync.cli.terminal.confirm import ask_for_yes
from ctsync.cli.terminal.output import OutputFailed, print_error
from ctsync.cli.terminal.terminal_width import has_talk_colour, width_of
from ctsync.errors import PolicyBlocked

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.cli.apply_options import ApplyOptions
    from ctsync.model.plan import BlockedRule
    from ctsync.plan.document.plan_file import SavedPlan


def refuse_blocked(
    session: ProjectSession, plan: SavedPlan, orders: ApplyOptions
) -> None:
    """Judge a plan again, by the limits as they are now.

    Raises:
        PolicyBlocked: a limit or guard forbids it; the message names each.
    """
    from ctsync.render.summary_text import blocked_sentence

    blocked = plan.foot.blocked or _judged_now(session, plan)
    if blocked:
        _show(session, plan, orders)
        view = view_of(session.settings, plan)
        words = "\n  ".join(blocked_sentence(rule, view) for rule in blocked)
        raise PolicyBlocked(
            f"the plan is blocked by policy:\n  {words}",
            hint=_way_out(session, plan, blocked),
        )


def _way_out(
    session: ProjectSession, plan: SavedPlan, blocked: Sequence[BlockedRule]
) -> str:
    """Say what to do: no option lifts what the catalog locks."""
    if any(rule.accept is None for rule in blocked):
        return "declare the values that are known, or change write: in the catalog"
    verb = "apply" if session.settings.saved is None else "plan"
    again = shlex.join(["ctsync", verb, *accepting(plan.head, blocked)])
    return (
        f'if the numbers are meant, run "{again}", or let them be reviewed as '
        "policy.accept"
    )


def approve(
    session: ProjectSession,
    present: CurrentSnapshot,
    plan: SavedPlan,
    orders: ApplyOptions,
) -> None:
    """Show the plan and have it approved, unless there is nothing to do.

    Raises:
        PolicyBlocked: a first run that nobody approved.
        NotApproved: the person at the prompt did not say yes.
    """
    if session.settings.format == "text":
        _show_first(session, plan, orders)
    if not plan.foot.changes or orders.dry_run:
        return
    if plan.foot.summary["calls"]:
        session.passcode()  # better missed now than after the answer
    is_first = present.header is None and not session.settings.sandbox
    if orders.asks:
        if session.settings.format != "text":
            _show(session, plan, orders)
        ask_for_yes(_question(session, present, plan, is_first=is_first))
    elif is_first and not orders.first_run:
        raise PolicyBlocked(
            "this is the first run: there is no snapshot, so every attribute is "
            "assigned and nothing is compared",
            hint="give --first-run if that is meant, or fill the state with "
            '"ctsync import spec" first',
            code="first_run",
        )


def _show_first(session: ProjectSession, plan: SavedPlan, orders: ApplyOptions) -> None:
    """Show the plan; where nobody is asked, it need not have been seen."""
    try:
        show_plan(
            session.settings,
            plan,
            exit_code=0,
            summary_only=orders.summary_only,
            everything=orders.everything,
        )
    except OutputFailed as error:
        if orders.asks:
            raise
        print_error(error)


def _judged_now(session: ProjectSession, plan: SavedPlan) -> tuple[BlockedRule, ...]:
    from ctsync.plan.document.plan_header import counts_of
    from ctsync.plan.policy import check_limits

    foot = plan.foot
    counts = counts_of(
        foot,
        entries=foot.profiles["entries"],
        skips=foot.skips,
        vanished=foot.vanished,
        first_run=plan.head.first_run,
    )
    return check_limits(counts, session.project.policy, plan.head.accepted)


def _show(session: ProjectSession, plan: SavedPlan, orders: ApplyOptions) -> None:
    from msgspec.structs import replace

    settings = replace(session.settings, format="text", no_colour=True)
    sys.stderr.writelines(
        rendered(
            settings,
            plan,
            exit_code=0,
            summary_only=orders.summary_only,
            everything=orders.everything,
        )
    )


def _question(
    session: ProjectSession,
    present: CurrentSnapshot,
    plan: SavedPlan,
    *,
    is_first: bool,
) -> str:
    """Return all that whoever approves has to know, line by line."""
    from ctsync.apply.plan_checks import is_continued
    from ctsync.apply.remainder import done_so_far
    from ctsync.render.prompt_text import prompt_lines

    view = view_of(session.settings, plan)
    done = None
    if is_continued(plan, present):
        files = waits_of(present.header).names
        done = done_so_far(plan, present, session.project.frame, files)
    lines = prompt_lines(
        view,
        host=session.host,
        environment=session.project.environment,
        done=done,
        width=width_of(sys.stderr),
        colour=has_talk_colour(session.settings),
        is_first=is_first,
    )
    return "\n" + "\n".join(lines)
