"""`ctsync doctor`: what would keep an apply from working, and what to do."""

from __future__ import annotations

import click

from ctsync.cli.global_options import GlobalOptions, global_options


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Send no call to the platform.")
@global_options
@click.pass_obj
def COMMAND(settings: GlobalOptions, *, offline: bool) -> int:  # noqa: N802 - found by this name
    """Check what an apply relies on, and say what to do.

    Looks at project, region, credentials (a call with dryRun=1, of which nothing is
    stored), state, lock, clock and versions. Exit 1 if anything would fail.
    """
    from ctsync.cli.doctor.doctor_command import examine

    return examine(settings, offline=offline)
