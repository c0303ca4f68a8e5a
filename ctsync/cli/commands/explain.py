"""`ctsync explain`: all about one profile."""

from __future__ import annotations

import click

from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.offered_names import offer_keys_and_codes


@click.command("explain")
@click.argument("key", metavar="KEY", shell_complete=offer_keys_and_codes)
@global_options
@click.pass_obj
def COMMAND(settings: GlobalOptions, key: str) -> int:  # noqa: N802 - found by this name
    """Show why one profile changes, and the exact records for it.

    Its places in the spec, what is desired, what the state knows, the operations, and
    the records. KEY is an identity, or objectId=VALUE (FBID=, GPID=).
    """
    from ctsync.cli.explain_command import explain

    return explain(settings, key)
