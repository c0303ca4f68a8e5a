"""`ctsync verify`: whether what was acknowledged is really there."""

from __future__ import annotations

import click

from ctsync.cli.completion.offered_names import offer_runs
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import detailed_option, sample_option


@click.command("verify")
@click.option(
    "--run",
    metavar="RUN",
    shell_complete=offer_runs,
    help="Look for what one run sent: its id in the history, its beginning, or last.",
)
@sample_option
@detailed_option
@click.option(
    "--all", "show_all", is_flag=True, help="Show every attribute, not the first 40."
)
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: GlobalOptions,
    *,
    run: str | None,
    sample: int | None,
    detailed_exitcode: bool,
    show_all: bool,
) -> int:
    """Look whether what was acknowledged is really there.

    The platform accepts more than it stores. By attribute this says how many of the
    values that ctsync sent are there, and which attributes the account drops; with
    --sample, between which shares of all they lie.
    """
    from ctsync.cli.verify_command import VerifyWish, verify_state

    wish = VerifyWish(run, sample, detailed_exitcode, show_all)
    return verify_state(settings, wish)
