"""`ctsync drift`: what the platform shows that the state does not know."""

from __future__ import annotations

import click

from ctsync.cli.completion.offered_names import offer_keys
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import detailed_option, sample_option


@click.command("drift")
@click.argument("keys", metavar="[KEY]...", nargs=-1, shell_complete=offer_keys)
@sample_option
@detailed_option
@click.option(
    "--all", "show_all", is_flag=True, help="Show every profile, not the first 50."
)
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: GlobalOptions,
    keys: tuple[str, ...],
    *,
    sample: int | None,
    detailed_exitcode: bool,
    show_all: bool,
) -> int:
    """Compare the platform with the state; nothing is changed.

    Reads the known profiles, or those of KEY, one by one. KEY is an identity, or
    objectId=VALUE. What a read never shows (MSG-* and subscriptions) is named and left
    out.
    """
    from ctsync.cli.drift_command import DriftWish, show_drift

    return show_drift(settings, DriftWish(keys, sample, detailed_exitcode, show_all))
