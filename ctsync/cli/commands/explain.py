"""`ctsync explain`: all about one profile, or a diagnostic code."""

from __future__ import annotations

import click

from ctsync.cli.completion.offered_names import offer_keys_and_codes
from ctsync.cli.global_options import GlobalOptions, global_options


@click.command("explain")
@click.argument("key", metavar="KEY|CODE", shell_complete=offer_keys_and_codes)
@global_options
@click.pass_obj
def COMMAND(settings: GlobalOptions, key: str) -> int:  # noqa: N802 - found by this name
    """Show why one profile changes, and how; or what a code means.

    Its places in the spec, what is desired, what the state knows, the operations, and
    the records. KEY is an identity, or objectId=VALUE (FBID=, GPID=). Of a CODE, as
    CT514, it says what a finding with it means.
    """
    from ctsync.cli.explain_code import code_in, explain_code
    from ctsync.cli.explain_command import explain

    code = code_in(key)
    return explain(settings, key) if code is None else explain_code(settings, code)
