"""`ctsync explain`: all about one profile."""

from __future__ import annotations

import click

from ctsync.cli.options import Settings, global_options


@click.command("explain")
@click.argument("key")
@global_options
@click.pass_obj
def COMMAND(settings: Settings, key: str) -> int:  # noqa: N802 - found by this name
    """Show where a profile's values come from and what would be sent for it.

    KEY is an identity, or FBID=, GPID=, objectId= and a value.
    """
    from ctsync.cli.explaining import explain

    return explain(settings, key)
