"""Showing a plan document."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.terminal.next_command import next_command, retyped
from ctsync.cli.terminal.output import has_colour, print_document, print_message
from ctsync.cli.terminal.terminal_width import width_of
from ctsync.model.masking import Mask

if TYPE_CHECKING:
    from pathlib import Path

    from ctsync.cli.project_session import ProjectSession
    from ctsync.model.plan import BlockedRule, PlanEnds, PlanHead
    from ctsync.plan.document.plan_file import SavedPlan
from ctsync.render.plan_view import PlanView


def show_plan(
    settings: GlobalOptions,
    plan: SavedPlan | PlanEnds,
    *,
    exit_code: int,
    summary_only: bool = False,
    everything: bool = False,
    targets: tuple[str, ...] = (),
) -> None:
    """Print a plan, or the chosen part of it, in the format that was asked for.

    Raises:
        UsageError: a selector matches nothing.
    """
    print_document(
        rendered(
            settings,
            plan,
            exit_code=exit_code,
            summary_only=summary_only,
            everything=everything,
            targets=targets,
        ),
        as_commands=settings.format == "github",
    )


def rendered(
    settings: GlobalOptions,
    plan: SavedPlan | PlanEnds,
    *,
    exit_code: int,
    summary_only: bool = False,
    everything: bool = False,
    targets: tuple[str, ...] = (),
) -> Iterator[str]:
    """Return a plan as text, piece by piece."""
    from ctsync.cli.show_selection import select_changes
    from ctsync.render.plan_view import Style
    from ctsync.render.renderers import renderer_for

    style = Style(
        colour=has_colour(settings),
        width=width_of(sys.stdout),
        everything=everything,
        summary_only=summary_only,
        exit_code=exit_code,
        verbose=settings.verbose > 0,
    )
    return renderer_for(settings.format).render(
        select_changes(view_of(settings, plan), targets), style
    )


def view_of(settings: GlobalOptions, plan: SavedPlan | PlanEnds) -> PlanView:
    """Return what a rendering sees of a plan."""
    from ctsync.plan.document.plan_file import SavedPlan
    from ctsync.render.plan_view import PlanView

    whole = plan if isinstance(plan, SavedPlan) else None
    return PlanView(
        plan.head,
        plan.foot,
        _unread if whole is None else whole.changes,
        mask_of(settings, plan),
        _unread if whole is None else whole.lines,
        verified="ends" if whole is None else "whole",
    )


def _unread() -> NoReturn:
    msg = "only the ends of this plan were read"
    raise AssertionError(msg)


def mask_of(settings: GlobalOptions, plan: SavedPlan | PlanEnds) -> Mask:
    """Return what an output of this plan hides."""
    return Mask(
        plan.head.base.lineage,
        reveal=settings.reveal,
        all_identities=plan.head.hides_identities,
        timezone=plan.head.timezone,
    )


def planned_options(settings: GlobalOptions, plan: SavedPlan) -> tuple[str, ...]:
    """Return the options that say what a plan is of, to make it again.

    They are left out where one of them names somebody who must not be shown.
    """
    view, words = view_of(settings, plan), []
    if view.head.revert is not None:
        words += ["--revert", view.head.revert]
    if view.head.refreshed:
        words.append("--refresh")
    for option, selectors in (
        ("--target", view.head.targets),
        ("--exclude", view.head.excludes),
    ):
        if view.shown_selectors(selectors) != selectors:
            return ()
        words += [word for each in selectors for word in (option, each)]
    return tuple(words)


def accepting(head: PlanHead, blocked: Sequence[BlockedRule]) -> list[str]:
    """Return the options that let a plan pass, beside those it had; none if none do."""
    options = [rule.accept for rule in blocked if rule.accept is not None]
    if len(options) < len(blocked):
        return []  # what is locked blocks it all the same
    lifted = {option.split("=")[0] for option in options}
    had = (f"--accept {name}={n}" for name, n in sorted(head.accepted.items()))
    kept = [option for option in had if option.split("=")[0] not in lifted]
    return shlex.split(" ".join([*kept, *options]))


def tell_where_saved(session: ProjectSession, out: Path, plan: SavedPlan) -> None:
    """Say where a plan was saved, and what to do with it."""
    saved = f"Saved as {shlex.quote(str(out))}"
    if plan.foot.blocked:
        print_message(f"{saved}; it is blocked, and cannot be applied")
        words = accepting(plan.head, plan.foot.blocked)
        if words:
            again = retyped(session.settings, shlex.join(["ctsync", "plan", *words]))
            print_message(f"If the numbers are meant: {again}")
    elif plan.foot.changes:
        following = next_command(session.settings, "ctsync", *_following(plan, out))
        print_message(f"{saved}. Next: {following}")
    else:
        print_message(f"{saved}; there is nothing to apply")


def _following(plan: SavedPlan, out: Path) -> tuple[str | Path, ...]:
    """Return the words of the command that does what the plan says."""
    if plan.foot.by_file and not plan.foot.summary["calls"]:
        return ("export", out, "--channel", "sftp", "--out", "DIR")
    return ("apply", out)
