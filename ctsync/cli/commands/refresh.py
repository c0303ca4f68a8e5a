"""`ctsync refresh`: let the state know what the platform shows."""

from __future__ import annotations

import click

from ctsync.cli.completion.offered_names import offer_keys
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import anew_option, sample_option, write_options


@click.command("refresh")
@click.argument("keys", metavar="[KEY]...", nargs=-1, shell_complete=offer_keys)
@sample_option
@anew_option
@write_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: GlobalOptions,
    keys: tuple[str, ...],
    *,
    sample: int | None,
    anew: bool,
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Write what the platform shows into the state; nothing is sent.

    The next plan then corrects what drifted. Uncertain values become certain, and a
    profile that is not there any more counts as none. Only attributes that the state
    knows already are touched. What an interrupted refresh has read is kept, and the
    same command goes on from there.
    """
    from ctsync.cli.refresh_command import RefreshWish, refresh_state
    from ctsync.cli.state_writes import WriteOptions

    wish = RefreshWish(keys, sample, anew)
    return refresh_state(settings, wish, WriteOptions(auto_approve, dry_run))
