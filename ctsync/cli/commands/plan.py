"""`ctsync plan`: what would be sent, offline."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from ctsync.cli.completion.offered_files import offer_projects
from ctsync.cli.completion.offered_names import offer_runs
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import (
    accept_option,
    engine_option,
    selection_options,
    view_options,
)


@click.command("plan")
@click.argument(
    "project",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=offer_projects,
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Save the plan to FILE, for show and apply; it holds values in clear.",
)
@click.option(
    "--sign",
    is_flag=True,
    help="Sign the saved plan with the key in CTSYNC_PLAN_KEY (64 hex digits).",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 2 instead of 0 if there are changes.",
)
@click.option(
    "--revert",
    metavar="RUN",
    shell_complete=offer_runs,
    help="Plan the inverse of a run that the history has: its id, or last.",
)
@click.option(
    "--refresh",
    is_flag=True,
    help="Read the known profiles from the platform first; the state stays as it is.",
)
@selection_options
@accept_option
@engine_option
@view_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802, PLR0913 - found by this name; one parameter an option
    settings: GlobalOptions,
    project: Path | None,
    *,
    out: Path | None,
    sign: bool,
    detailed_exitcode: bool,
    revert: str | None,
    refresh: bool,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    accept: tuple[str, ...],
    engine: str | None,
    summary: bool,
    show_all: bool,
) -> int:
    """Show what apply would send, compared with the state.

    Works offline: contacts nothing but the state's store, takes no lock, needs no
    passcode; only --refresh reads the platform. PROJECT is a folder or a *.yaml file;
    default: the current folder.
    """
    from ctsync.apply.recover import folded_view
    from ctsync.cli.place_for_plan import require_place_for_plan
    from ctsync.cli.plan_options import PlanOptions, plan_now
    from ctsync.cli.plan_output import planned_options, show_plan, tell_where_saved
    from ctsync.cli.plan_refresh import read_before_planning
    from ctsync.cli.project_session import open_session
    from ctsync.cli.signing import key_for
    from ctsync.cli.terminal.output import require_format
    from ctsync.errors import UsageError
    from ctsync.render.renderers import renderer_names

    require_format(settings, *renderer_names())
    settings.project, settings.saved = project, out
    if refresh and revert is not None:
        raise UsageError(
            "--revert and --refresh exclude each other: a revert is made from the "
            "history and the state",
            hint='run "ctsync refresh" first, then plan the revert',
        )
    if out is not None:
        require_place_for_plan(settings.directory / out, out)
    key = key_for(out) if sign else None
    wish = PlanOptions(target, exclude, accept, engine, revert)
    session = open_session(settings, project)
    present = folded_view(session.store())
    with ExitStack() as stack:
        before = None
        if refresh:
            before = read_before_planning(session, present, target, stack)
        plan = stack.enter_context(plan_now(session, present, wish, before))
        settings.planned = planned_options(settings, plan)
        if out is not None:
            plan.copy_to(settings.directory / out, key)
        code = 2 if detailed_exitcode and plan.foot.changes else 0
        code = 6 if plan.foot.blocked else code
        show_plan(
            settings, plan, exit_code=code, summary_only=summary, everything=show_all
        )
        if out is not None:
            tell_where_saved(session, out, plan)
    return code
