"""`ctsync init`: a project to start from."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.completion.offered_names import offer_regions
from ctsync.cli.global_options import GlobalOptions, global_options


@click.command("init")
@click.argument(
    "folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False
)
@click.option("--account-id", metavar="ID", help="The account, as the dashboard shows.")
@click.option(
    "--region",
    metavar="REGION",
    shell_complete=offer_regions,
    help="The account's region, as in in1.",
)
@click.option(
    "--name", metavar="NAME", help="The project's name. Default: that of the folder."
)
@click.option(
    "--ci",
    type=click.Choice(("github", "gitlab", "none")),
    help="Write a pipeline for this host, at the top of the git repository. "
    "Default: github in a new project.",
)
@click.option(
    "--action",
    metavar="OWNER/REPO@COMMIT",
    help="Let the GitHub workflow use the action published there, instead of a copy of "
    "it in the repository.",
)
@click.option(
    "--state",
    type=click.Choice(("postgresql", "s3", "gs", "az", "file")),
    help="Where the state lives: in a database or a bucket, whose address is the "
    "variable STATE_URL, for hosted runners, or in a file, on a runner of your own. "
    "Default: file.",
)
@click.option(
    "--from",
    "export",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Look at this export, and write a table that reads it: types and doubtful "
    "columns are guessed from its first rows.",
)
@click.option(
    "--demo",
    is_flag=True,
    help="Play the first five minutes in the sandbox instead: a small project, its "
    "plan, apply, a change, drift. DIR has to be empty.",
)
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802, PLR0913 - found by this name; one parameter an option
    settings: GlobalOptions,
    folder: Path | None,
    *,
    account_id: str | None,
    region: str | None,
    name: str | None,
    ci: str | None,
    action: str | None,
    state: str | None,
    export: Path | None,
    demo: bool,
) -> int:
    """Write a starter project; overwrites nothing.

    Writes ctsync.yaml, an example spec, schemas for editors, lines of .gitignore and a
    pipeline, and lists what it left alone. Asks on a terminal for what no option says.
    DIR is the project's folder; default: the current one.
    """
    from ctsync.cli.init.demo_command import demonstrate
    from ctsync.cli.init.init_command import init_project
    from ctsync.cli.init.init_options import InitOptions

    wishes = InitOptions(account_id, region, name, ci, action, state, export)
    start = demonstrate if demo else init_project
    return start(settings, folder or Path(), wishes)
