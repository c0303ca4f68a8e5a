"""`ctsync show`: a saved plan, as it was reviewed."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.completion.offered_files import offer_plans
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import target_option, view_options


@click.command("show")
@click.argument(
    "file", metavar="FILE", type=click.Path(path_type=Path), shell_complete=offer_plans
)
@target_option
@view_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: GlobalOptions,
    file: Path,
    *,
    target: tuple[str, ...],
    summary: bool,
    show_all: bool,
) -> int:
    """Show a saved plan as it was reviewed.

    Reads nothing but FILE: no project, no state, no network. With --summary it reads
    the counts alone, which are sealed, so that a plan of any size is shown at once.
    """
    from ctsync.cli.plan_output import show_plan
    from ctsync.cli.project_session import check_reveal
    from ctsync.cli.terminal.output import require_format
    from ctsync.plan.document.plan_file import open_plan
    from ctsync.plan.document.plan_header import open_ends
    from ctsync.render.renderers import renderer_names

    require_format(settings, *renderer_names())
    check_reveal(settings)
    settings.saved = file
    path = settings.directory / file
    if summary and not target:
        show_plan(settings, open_ends(path), exit_code=0, summary_only=True)
        return 0
    with open_plan(path) as plan:
        show_plan(
            settings,
            plan,
            exit_code=0,
            summary_only=summary,
            everything=show_all,
            targets=target,
        )
    return 0
