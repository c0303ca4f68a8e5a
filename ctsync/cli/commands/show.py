"""`ctsync show`: a saved plan, as it was reviewed."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.options import Settings, global_options
from ctsync.cli.selecting import target_option, view_options


@click.command("show")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@target_option
@view_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: Settings,
    file: Path,
    *,
    target: tuple[str, ...],
    summary: bool,
    show_all: bool,
) -> int:
    """Show a saved plan as it was reviewed.

    Reads nothing but FILE: no project, no state, no network.
    """
    from ctsync.cli.output import require_format
    from ctsync.cli.session import check_reveal
    from ctsync.cli.showing import show_plan
    from ctsync.plan.document import open_plan
    from ctsync.render import RENDERERS

    require_format(settings, *RENDERERS)
    check_reveal(settings)
    with open_plan(settings.directory / file) as plan:
        show_plan(
            settings,
            plan,
            exit_code=0,
            summary_only=summary,
            everything=show_all,
            targets=target,
        )
    return 0
